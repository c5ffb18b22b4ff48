"""Loading with transformers: from a folder, without network, code of the model, or pickles."""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from db.errors import BadInput

OURS_ALONE = {"local_files_only": True, "trust_remote_code": False}


def model(loader: str, path: Path, device: str) -> Any:
    """A model in evaluation mode, in half precision on a GPU.

    Args:
        loader: the class of transformers that knows its kind.

    Raises:
        BadInput: the folder's files are not what that class reads.
    """
    import torch
    import transformers

    dtype = torch.float16 if device.startswith("cuda") else torch.float32
    with readable(path):
        loaded = getattr(transformers, loader).from_pretrained(
            path, use_safetensors=True, dtype=dtype, **OURS_ALONE
        )
        return loaded.eval().to(device)


def processor(path: Path) -> Any:
    """What prepares images and texts for a model."""
    import transformers

    with readable(path):
        return transformers.AutoProcessor.from_pretrained(path, **OURS_ALONE)


def tokenizer(path: Path) -> Any:
    """What prepares texts for a language model."""
    import transformers

    with readable(path):
        return transformers.AutoTokenizer.from_pretrained(path, **OURS_ALONE)


def sampling(temperature: float) -> dict[str, Any]:
    """How words are chosen: the most likely, or by chance."""
    if temperature <= 0:
        return {"do_sample": False}
    return {"do_sample": True, "temperature": temperature, "top_p": 1.0}


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say which folder it was that could not be loaded; readers announce, we report."""
    import transformers
    from safetensors import SafetensorError

    transformers.utils.logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    # What is no model makes the readers stumble in all of these ways.
    except (
        SafetensorError,
        OSError,
        ValueError,
        RuntimeError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise BadInput(f"expected a model that can be loaded in {path}: {reason}") from error
    except ImportError as error:
        raise BadInput(
            f"expected what the model in {path} needs to be installed: "
            f"{(str(error).strip().splitlines() or ['a package'])[0][:300]}"
        ) from error
