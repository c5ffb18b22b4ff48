"""Captions of images, by a model of transformers on this machine.

    captioner = Captioner.open("blip-image-captioning-base", workspace.models, device="cpu")
    captioner.captions(images)                          # one clean sentence an image

BLIP and its like are given the image alone; models that converse are asked for a sentence. The most
likely words are taken, so that an image has one caption. torch and transformers are imported when a
model is opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from describer.methods.models import cleaning, folder
from describer.methods.models.prompt import Manner, Prompt

BATCH = 16
ASK = "Say in one short sentence what this picture shows."
TOKENS = 30


@dataclass(frozen=True)
class Captioner:
    """A loaded model with its processor."""

    identity: dict[str, Any]
    model: Any
    processor: Any
    device: str

    @classmethod
    def open(cls, name: str, models: Path | None, *, device: str) -> "Captioner":
        """Load a model.

        Raises:
            BadInput: there is none of that name, it is of another kind, or cannot be read.
        """
        from describer.methods.models import loading

        folder.need("transformers", "captions")
        path = folder.locate(name, models)
        folder.check_kind(path, "captioner")
        processor = loading.processor(path)
        model = loading.model("AutoModelForImageTextToText", path, device)
        return cls(folder.identity(path, name), model, processor, device)

    @property
    def converses(self) -> bool:
        """Whether the model is asked in words."""
        return bool(getattr(self.processor, "chat_template", None))

    def captions(self, images: Sequence[NDArray[np.uint8]]) -> list[str]:
        """A caption of each image, uint8 (3, H, W); "" where the model says nothing."""
        found: list[str] = []
        for first in range(0, len(images), BATCH):
            batch = images[first : first + BATCH]
            if self.converses:
                prompts = [Prompt(ASK, picture=image) for image in batch]
                texts = self.answers(prompts, Manner(temperature=0, tokens=TOKENS))
            else:
                pictures = [picture(image) for image in batch]
                texts = self._texts(
                    self.processor(images=pictures, return_tensors="pt"), TOKENS, 0.0
                )
            found += [cleaning.caption(text) for text in texts]
        return found

    def answers(self, prompts: Sequence[Prompt], manner: Manner) -> list[str]:
        """What a model that converses says to questions about pictures."""
        import torch

        tokenizer = getattr(self.processor, "tokenizer", None)
        if tokenizer is not None:
            tokenizer.padding_side = "left"
        texts = [
            self.processor.apply_chat_template(
                _conversation(prompt), add_generation_prompt=True, tokenize=False
            )
            for prompt in prompts
        ]
        pictures = [[picture(prompt.picture)] for prompt in prompts if prompt.picture is not None]
        inputs = self.processor(text=texts, images=pictures, padding=True, return_tensors="pt")
        with torch.random.fork_rng(devices=_gpus(self.device)):
            torch.manual_seed(manner.seed)
            return self._texts(inputs, manner.tokens, manner.temperature)

    def _texts(self, inputs: Any, tokens: int, temperature: float) -> list[str]:
        import torch

        from describer.methods.models import loading

        with torch.inference_mode():
            generated = self.model.generate(
                **inputs.to(self.device, self.model.dtype),
                **loading.sampling(temperature),
                max_new_tokens=tokens,
            )
        if "input_ids" in inputs and not self.model.config.is_encoder_decoder:
            generated = generated[:, inputs["input_ids"].shape[1] :]
        texts: list[str] = self.processor.batch_decode(generated, skip_special_tokens=True)
        return texts


def picture(image: NDArray[np.uint8]) -> Image.Image:
    """An image, uint8 (3, H, W), as processors of transformers take it."""
    return Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0)))


def _conversation(prompt: Prompt) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = [
        {"role": role, "content": [{"type": "text", "text": text}]} for role, text in prompt.turns()
    ]
    if prompt.picture is not None:
        turns[-1]["content"].insert(0, {"type": "image"})
    return turns


def _gpus(device: str) -> list[int]:
    return [int(device.partition(":")[2] or 0)] if device.startswith("cuda") else []
