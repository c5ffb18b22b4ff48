"""A causal language model of transformers on this machine that answers short questions.

    writer = LocalWriter.open("Qwen2.5-1.5B-Instruct", workspace.models, device="cpu")
    writer.write([Prompt("Name a colour.")], Manner(seed=3), watch)

Questions of one call go through the model together, and chance is seeded by the call. Models
without a template for conversations read a plain text with the examples.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.jobs import Watch
from describer.methods.models import folder
from describer.methods.models.prompt import Manner, Prompt

BATCH = 16
ROLES = {"system": "", "user": "", "assistant": "Answer: "}


@dataclass(frozen=True)
class LocalWriter:
    """A loaded model with its tokenizer."""

    identity: dict[str, Any]
    model: Any
    tokenizer: Any
    device: str

    @classmethod
    def open(cls, name: str, models: Path | None, *, device: str) -> "LocalWriter":
        """Load a model.

        Raises:
            BadInput: there is none of that name, it is of another kind, or cannot be read.
        """
        from describer.methods.models import loading

        folder.need("transformers", "a language model")
        path = folder.locate(name, models)
        folder.check_kind(path, "writer")
        tokenizer = loading.tokenizer(path)
        tokenizer.padding_side = "left"
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        model = loading.model("AutoModelForCausalLM", path, device)
        return cls(folder.identity(path, name), model, tokenizer, device)

    def write(self, prompts: Sequence[Prompt], manner: Manner, watch: Watch) -> list[str]:
        """Answer questions, in their order."""
        import torch

        found: list[str] = []
        gpus = [int(self.device.partition(":")[2] or 0)] if self.device.startswith("cuda") else []
        with torch.random.fork_rng(devices=gpus):
            torch.manual_seed(manner.seed)
            for first in range(0, len(prompts), BATCH):
                watch.check("while a language model wrote")
                found += self._answers(prompts[first : first + BATCH], manner)
        return found

    def _answers(self, prompts: Sequence[Prompt], manner: Manner) -> list[str]:
        import torch

        from describer.methods.models import loading

        texts = [self._text(prompt) for prompt in prompts]
        # A template has its own marks of beginning.
        inputs = self.tokenizer(
            texts,
            return_tensors="pt",
            padding=True,
            return_token_type_ids=False,
            add_special_tokens=not self.tokenizer.chat_template,
        )
        with torch.inference_mode():
            generated = self.model.generate(
                **inputs.to(self.device),
                **loading.sampling(manner.temperature),
                max_new_tokens=manner.tokens,
                pad_token_id=self.tokenizer.pad_token_id,
            )
        written = generated[:, inputs["input_ids"].shape[1] :]
        texts = self.tokenizer.batch_decode(written, skip_special_tokens=True)
        return list(texts)

    def _text(self, prompt: Prompt) -> str:
        turns = prompt.turns()
        if self.tokenizer.chat_template:
            text: str = self.tokenizer.apply_chat_template(
                [{"role": role, "content": said} for role, said in turns],
                tokenize=False,
                add_generation_prompt=True,
            )
            return text
        lines = [f"{ROLES[role]}{said}" for role, said in turns]
        return "\n\n".join(lines) + "\n\nAnswer:"
