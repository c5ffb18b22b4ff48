"""Pictures of a text, by a pipeline of diffusers on this machine, or by the demo's renderer.

    maker = open_maker("stable-diffusion-v1-5", workspace.models, device="cuda")
    maker.make("a red door", seeds=[1, 2, 3])           # three images, uint8 (3, H, W)

A picture follows from its text and its seed alone, drawn on the processor so that it begins the
same on every device. diffusers is imported when a pipeline is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput
from describer.methods.models import folder

if TYPE_CHECKING:
    from describer.demo.world.renderer import Renderer

BATCH = 5
INDEX = "model_index.json"


def open_maker(name: str, models: Path | None, *, device: str, steps: int = 50) -> Maker | Renderer:
    """Open what makes pictures: the demo's renderer where a folder stands for it, or a pipeline.

    Raises:
        BadInput: there is none of that name, it makes no pictures of texts, or cannot be read.
    """
    path = folder.locate(name, models)
    if not folder.draws(path):
        return Maker.open(name, models, device=device, steps=steps)
    from describer.demo.world.renderer import Renderer

    return Renderer.open(path, folder.identity(path, name))


@dataclass(frozen=True)
class Maker:
    """A loaded pipeline, and how many steps it takes to a picture."""

    identity: dict[str, Any]
    pipeline: Any
    steps: int

    @classmethod
    def open(cls, name: str, models: Path | None, *, device: str, steps: int = 50) -> Maker:
        """Load a pipeline.

        Raises:
            BadInput: there is none of that name, it makes no pictures of texts, or cannot be read.
        """
        from describer.methods.models import loading

        for package in ("diffusers", "transformers"):
            folder.need(package, "making pictures")
        path = folder.locate(name, models)
        folder.check_kind(path, "maker")
        code = [file.name for file in sorted(path.rglob("*.py"))]
        if code or not isinstance(folder.read_json(path / INDEX).get("_class_name"), str):
            raise BadInput(
                f"expected a pipeline of diffusers' own classes in {path}, got one with code of "
                f"its own ({', '.join(code) or INDEX})"
            )
        import torch

        with loading.readable(path):
            import diffusers

            diffusers.utils.logging.disable_progress_bar()
            pipeline = diffusers.DiffusionPipeline.from_pretrained(
                path,
                use_safetensors=True,
                torch_dtype=torch.float16 if device.startswith("cuda") else torch.float32,
                **loading.OURS_ALONE,
            ).to(device)
        pipeline.set_progress_bar_config(disable=True)
        if getattr(pipeline, "safety_checker", None) is not None:
            # It blackens pictures, which a network would then be judged by.
            pipeline.safety_checker = None
        return cls(folder.identity(path, name), pipeline, steps)

    def make(self, text: str, seeds: Sequence[int]) -> list[NDArray[np.uint8]]:
        """Pictures of a text, uint8 (3, H, W), one a seed.

        Raises:
            BadInput: the pipeline makes none of a text.
        """
        import torch

        found: list[NDArray[np.uint8]] = []
        for first in range(0, len(seeds), BATCH):
            chunk = seeds[first : first + BATCH]
            generators = [torch.Generator("cpu").manual_seed(seed) for seed in chunk]
            try:
                made = self.pipeline(
                    prompt=[text] * len(chunk),
                    generator=generators,
                    num_inference_steps=self.steps,
                    output_type="np",
                ).images
            except TypeError as error:
                raise BadInput(
                    f"expected a pipeline that makes pictures of a text, got "
                    f"{type(self.pipeline).__name__}: {error}"
                ) from error
            bytes_ = np.clip(np.nan_to_num(made) * 255, 0, 255).round().astype(np.uint8)
            found += list(bytes_.transpose(0, 3, 1, 2))
        return found
