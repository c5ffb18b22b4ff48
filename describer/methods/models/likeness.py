"""Vectors of images and texts that can be compared, by a CLIP or SigLIP model on this machine.

likeness = Likeness.open("clip-vit-base-patch16", workspace.models, device="cpu")
likeness.of_images(images) @ likeness.of_texts(["a red door"]).T        # cosines
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from describer.methods.models import folder
from describer.methods.models.captions import picture

BATCH = 32
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Likeness:
    """A loaded model with its processor."""

    identity: dict[str, Any]
    model: Any
    processor: Any
    device: str

    @classmethod
    def open(cls, name: str, models: Path | None, *, device: str) -> "Likeness":
        """Load a model.

        Raises:
            BadInput: there is none of that name, it is of another kind, or cannot be read.
        """
        from describer.methods.models import loading

        folder.need("transformers", "vectors of images and texts")
        path = folder.locate(name, models)
        folder.check_kind(path, "likeness")
        return cls(
            folder.identity(path, name),
            loading.model("AutoModel", path, device),
            loading.processor(path),
            device,
        )

    def of_images(self, images: Sequence[NDArray[np.uint8]]) -> Vectors:
        """Unit vectors (n, size) of images, uint8 (3, H, W)."""
        parts = []
        for first in range(0, len(images), BATCH):
            pictures = [picture(image) for image in images[first : first + BATCH]]
            inputs = self.processor(images=pictures, return_tensors="pt")
            parts.append(self._vectors("get_image_features", inputs))
        return np.concatenate(parts)

    def of_texts(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (n, size) of texts; what is too long for the model is cut."""
        # SigLIP was trained on texts filled up to its longest.
        padding = "max_length" if "siglip" in self.model.config.model_type else True
        parts = []
        for first in range(0, len(texts), BATCH):
            inputs = self.processor(
                text=list(texts[first : first + BATCH]),
                padding=padding,
                truncation=True,
                return_tensors="pt",
            )
            parts.append(self._vectors("get_text_features", inputs))
        return np.concatenate(parts)

    def _vectors(self, function: str, inputs: Any) -> Vectors:
        import torch

        with torch.inference_mode():
            output = getattr(self.model, function)(**inputs.to(self.device, self.model.dtype))
        # Releases of transformers before 5 give the vectors themselves.
        vectors = output if isinstance(output, torch.Tensor) else output.pooler_output
        found: Vectors = torch.nn.functional.normalize(vectors.float(), dim=-1).cpu().numpy()
        return found
