"""Opening a writing model by its name: on this machine, or behind an address.

open_writer("Qwen2.5-1.5B-Instruct", models, device="cpu")      # a folder
open_writer("endpoint:writer", models, device="cpu")            # an entry of endpoints.toml
open_writer("none", models, device="cpu")                       # None
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from db.errors import BadInput
from db.jobs import Watch
from describer.methods.models import folder
from describer.methods.models.captions import Captioner
from describer.methods.models.endpoint import Endpoint
from describer.methods.models.language import LocalWriter
from describer.methods.models.prompt import Manner, Prompt, Writer

NONE = "none"
ENDPOINT = "endpoint:"


def open_writer(name: str, models: Path | None, *, device: str) -> Writer | None:
    """A model that answers questions in words, or None for "none".

    Raises:
        BadInput: there is no such folder or endpoint, or it cannot be used.
    """
    if name in ("", NONE):
        return None
    if name.startswith(ENDPOINT):
        return Endpoint.open(name.removeprefix(ENDPOINT), models)
    return LocalWriter.open(name, models, device=device)


def identity(name: str, models: Path | None) -> dict[str, Any]:
    """What a model is, for provenance, without loading it.

    Raises:
        BadInput: there is no such folder or endpoint.
    """
    if name.startswith(ENDPOINT):
        return Endpoint.open(name.removeprefix(ENDPOINT), models).identity
    return folder.identity(folder.locate(name, models), name)


def open_looker(name: str, models: Path | None, *, device: str) -> Writer:
    """A model that answers questions about a picture.

    Raises:
        BadInput: there is no such folder or endpoint, or the model only captions.
    """
    if name.startswith(ENDPOINT):
        return Endpoint.open(name.removeprefix(ENDPOINT), models)
    captioner = Captioner.open(name, models, device=device)
    if not captioner.converses:
        raise BadInput(
            f"expected a model that answers questions about pictures, got {name!r}, which has no "
            "template for conversations"
        )
    return Looker(captioner)


class Looker:
    """A conversing image-text model of this machine as a writer."""

    def __init__(self, captioner: Captioner) -> None:
        self._captioner = captioner

    @property
    def identity(self) -> dict[str, Any]:
        """Name and hash of the model."""
        return self._captioner.identity

    def write(self, prompts: Sequence[Prompt], manner: Manner, watch: Watch) -> list[str]:
        """Answer questions, one after another: a picture with many parts fills the memory."""
        found: list[str] = []
        for prompt in prompts:
            watch.check("while a model looked at pictures")
            found += self._captioner.answers([prompt], manner)
        return found
