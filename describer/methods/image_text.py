"""Models that put pictures and texts into one space: CLIP, SigLIP and SigLIP 2, by transformers.

    model = load(Path("models/clip-vit-base-patch32"), device="cpu")
    model.pictures([image, …]), model.texts(["a dog", …])       # float32 (n, size), of length 1

Models are read from a folder or from the local cache of transformers, and never fetched. Weights
are safetensors: nothing of a model's own code is run.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from db.errors import BadInput
from db.jobs import Watch
from describer.images.probing import ProbingSet

KINDS = ("clip", "siglip", "siglip2")
BATCH = 64
_BLANK = Image.new("RGB", (8, 8))

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ImageText:
    """A model that was loaded.

    Attributes:
        name: what it was asked for by.
        hash: identity of its files.
        kind: one of KINDS.
    """

    name: str
    hash: str
    kind: str
    device: str
    _network: Any
    _tokenizer: Any
    _processor: Any

    def pictures(self, images: Sequence[Image.Image]) -> Floats:
        """Vectors of pictures, prepared as the model's own files say."""
        inputs = self._processor(images=[image.convert("RGB") for image in images])
        return self._vectors(self._network.get_image_features, inputs)

    def texts(self, texts: Sequence[str]) -> Floats:
        """Vectors of texts; what is too long is cut."""
        # SigLIP was trained on texts filled up to their full length, and reads no others well.
        length = int(self._network.config.text_config.max_position_embeddings)
        whole = self.kind != "clip"
        found = []
        for first in range(0, len(texts), BATCH):
            inputs = self._tokenizer(
                list(texts[first : first + BATCH]),
                padding="max_length" if whole else True,
                truncation=True,
                max_length=length,
            )
            found.append(self._vectors(self._network.get_text_features, inputs))
        return np.concatenate(found)

    @property
    def scale(self) -> float:
        """What cosines are multiplied with in the model's own loss."""
        return float(self._network.logit_scale.detach().exp())

    @property
    def bias(self) -> float | None:
        """What is added then by models that judge each pair alone; None for CLIP, which chooses."""
        bias = getattr(self._network, "logit_bias", None)
        return None if bias is None else float(bias.detach())

    def _vectors(self, function: Any, inputs: Any) -> Floats:
        import torch

        tensors = {
            name: torch.as_tensor(np.asarray(values)).to(self.device)
            for name, values in inputs.items()
            if name in ("pixel_values", "pixel_attention_mask", "spatial_shapes", "input_ids")
            or (name == "attention_mask" and self.kind == "clip")
        }
        with torch.inference_mode():
            output = function(**tensors)
        # Newer releases give the vectors among other outputs.
        vectors = output if isinstance(output, torch.Tensor) else output.pooler_output
        found: Floats = torch.nn.functional.normalize(vectors.float(), dim=1).cpu().numpy()
        return found


def load(name: str, *, device: str = "cpu") -> ImageText:
    """Load a model.

    Args:
        name: a folder, or the name of a model in the local cache.

    Raises:
        BadInput: transformers is not installed, the model is not here, or it is of another kind.
    """
    try:
        import transformers
    except ImportError as error:
        raise BadInput(
            'expected transformers, it is not installed: pip install "milan-workbench[dnd]"'
        ) from error
    folder = _folder(name)
    try:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
        if config.model_type not in KINDS:
            raise BadInput(f"expected a model of {', '.join(KINDS)}, got {config.model_type!r}")
        options = {"local_files_only": True, "trust_remote_code": False}
        network = transformers.AutoModel.from_pretrained(folder, use_safetensors=True, **options)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
        processor = transformers.AutoImageProcessor.from_pretrained(folder, **options)
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise BadInput(f"expected an image-text model in {folder}: {reason[:200]}") from error
    return ImageText(
        name,
        _hash(folder),
        config.model_type,
        device,
        network.eval().to(device),
        tokenizer,
        processor,
    )


def of_images(
    model: ImageText, images: ProbingSet, watch: Watch, *, ids: Sequence[int] | None = None
) -> Floats:
    """A vector an image: float32 (images, size), of all in their order, or of some.

    NaN where an image cannot be read, as the pass over the network skipped it too.

    Raises:
        Cancelled: the watch said so.
    """
    found: list[Floats] = []
    wanted = range(len(images)) if ids is None else ids
    for first in range(0, len(wanted), BATCH):
        watch.check(f"before image {first} of {images.root}")
        pictures = [_picture(images, image_id) for image_id in wanted[first : first + BATCH]]
        vectors = model.pictures([picture or _BLANK for picture in pictures])
        vectors[[picture is None for picture in pictures]] = np.nan
        found.append(vectors)
        watch.progress(first + len(pictures), len(wanted), "images through the model")
    return np.concatenate(found)


def _picture(images: ProbingSet, image_id: int) -> Image.Image | None:
    """A picture, upright; None where it cannot be read."""
    try:
        with Image.open(images.file(image_id)) as file:
            return ImageOps.exif_transpose(file).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _folder(name: str) -> Path:
    """Where a model's files are: its folder, or its newest state in the cache."""
    if (path := Path(name).expanduser()).is_dir():
        return path
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, OSError) as error:
        raise BadInput(
            f"expected a folder, or a model of the local cache, got {name!r}; nothing is fetched"
        ) from error


def _hash(folder: Path) -> str:
    total = hashlib.blake2b(digest_size=20)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".json", ".safetensors", ".txt", ".model"):
            total.update(os.fsencode(path.relative_to(folder)) + b"\0")
            with path.open("rb") as file:
                total.update(hashlib.file_digest(file, hashlib.blake2b).digest())
    return total.hexdigest()
