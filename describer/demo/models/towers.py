"""The two learned models: their sizes, their tokenizer, and how they share what they see.

    pair = Pair.new(seed=5)
    pair.save(folder)                           # folder/demo-image-text, folder/demo-captioner

The image-text encoder is transformers' CLIPModel, the captioner its GitForCausalLM, whose eye is
built as CLIP's: both learn with one eye in one run, and each is saved whole. Words are the
tokens: the world has three hundred.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from describer.demo.models import wording
from describer.demo.shipped import CAPTIONER, IMAGE_TEXT
from describer.demo.world.canvas import SIZE

SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
PAD, START, END, UNKNOWN = range(4)
LONGEST = 40
MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
CARD = """---
license: mit
---

# {name}

{about} Made from seeds by `python app.py demo build`: it knows the demo's drawn world and nothing
else. docs/DEMO.md says how well.
"""
ABOUT = {
    IMAGE_TEXT: "An image-text encoder (CLIP's loss) of the demo world.",
    CAPTIONER: "A captioner (GIT) of pictures of the demo world.",
}

_EYE = {
    "hidden_size": 128,
    "intermediate_size": 320,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "image_size": SIZE,
    "patch_size": 8,
    "hidden_act": "gelu",
}
_READER = {
    "hidden_size": 96,
    "intermediate_size": 192,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": LONGEST,
    "hidden_act": "gelu",
}
_WRITER = {
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": LONGEST,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}


class Given(nn.Module):
    """Stands where the captioner's eye would be while both learn with one."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Tensor | None = None

    def forward(self, _pixels: Tensor, **_options: Any) -> Any:
        """What was seen already: (n, tokens, width)."""
        from transformers.modeling_outputs import BaseModelOutput

        return BaseModelOutput(last_hidden_state=self.seen)


@dataclass(frozen=True)
class Pair:
    """Both models while they learn; the captioner's eye is the other's."""

    clip: Any
    git: Any
    tokenizer: Any

    @classmethod
    def new(cls, *, seed: int) -> "Pair":
        """Models with first weights of a seed."""
        import transformers as hf

        torch.manual_seed(seed)
        tokens = {"bos_token_id": START, "eos_token_id": END, "pad_token_id": PAD}
        words = tokenizer()
        text = {**_READER, **tokens, "vocab_size": len(words)}
        clip = hf.CLIPModel(
            hf.CLIPConfig(text_config=text, vision_config=dict(_EYE), projection_dim=96)
        )
        git = hf.GitForCausalLM(_git_config(len(words)))
        git.git.image_encoder = Given()
        return cls(clip, git, words)

    def look(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (n, 65, width) as the captioner reads them, and vectors (n, size) of length 1."""
        seen = self.clip.vision_model(pixel_values=pixels)
        vectors = self.clip.visual_projection(seen.pooler_output)
        tokens = self.clip.vision_model.post_layernorm(seen.last_hidden_state)
        return tokens, nn.functional.normalize(vectors, dim=1)

    def read(self, texts: Sequence[str]) -> Tensor:
        """Vectors (n, size) of texts, of length 1."""
        ids, mask = self.encode(texts)
        pooled = self.clip.text_model(input_ids=ids, attention_mask=mask).pooler_output
        return nn.functional.normalize(self.clip.text_projection(pooled), dim=1)

    def write(self, tokens: Tensor, texts: Sequence[str]) -> Tensor:
        """The captioner's mean loss (nats a word) on texts about what was seen."""
        ids, mask = self.encode(texts)
        self.git.git.image_encoder.seen = tokens
        blank = tokens.new_zeros(len(tokens), 1, 1, 1)
        logits = self.git(input_ids=ids, attention_mask=mask, pixel_values=blank).logits
        said = logits[:, -ids.shape[1] : -1]
        wanted = ids[:, 1:].masked_fill(mask[:, 1:] == 0, -100)
        return nn.functional.cross_entropy(said.transpose(1, 2), wanted, ignore_index=-100)

    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Word numbers and mask of texts, int64 (n, longest)."""
        found = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
        )
        return found["input_ids"], found["attention_mask"]

    def parameters(self) -> list[nn.Parameter]:
        """All that learns."""
        return [*self.clip.parameters(), *self.git.parameters()]

    def state(self) -> dict[str, dict[str, Tensor]]:
        """The weights of both, to go on from."""
        return {"clip": self.clip.state_dict(), "git": self.git.state_dict()}

    def load(self, state: dict[str, dict[str, Tensor]]) -> None:
        """Take up weights that `state` gave."""
        self.clip.load_state_dict(state["clip"])
        self.git.load_state_dict(state["git"])

    def save(self, folder: Path) -> None:
        """Write both as folders that transformers loads, in half precision."""
        import transformers as hf

        git = hf.GitForCausalLM(self.git.config)
        eye = {
            f"git.image_encoder.vision_model.{name}": value
            for name, value in self.clip.vision_model.state_dict().items()
        }
        git.load_state_dict({**self.git.state_dict(), **eye})
        for name, model in ((IMAGE_TEXT, self.clip), (CAPTIONER, git)):
            self._save(folder / name, model, ABOUT[name])

    def _save(self, folder: Path, model: Any, about: str) -> None:
        import copy

        import transformers as hf

        folder.mkdir(parents=True, exist_ok=True)
        copy.deepcopy(model).half().save_pretrained(folder, safe_serialization=True)
        images = hf.CLIPImageProcessor(
            size={"shortest_edge": SIZE},
            crop_size={"height": SIZE, "width": SIZE},
            image_mean=MEAN,
            image_std=STD,
        )
        kind = hf.GitProcessor if folder.name == CAPTIONER else hf.CLIPProcessor
        kind(images, self.tokenizer).save_pretrained(folder)
        # Half precision is for the file; on a processor it would only be slow.
        path = folder / "config.json"
        config = json.loads(path.read_text("utf-8"))
        config["dtype"] = "float32"
        path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
        (folder / "README.md").write_text(CARD.format(name=folder.name, about=about), "utf-8")


def tokenizer() -> Any:
    """A word, a token; what the world has no word for is one token of its own."""
    import transformers as hf
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    known = {word: place for place, word in enumerate((*SPECIAL, *wording.vocabulary(), ","))}
    words = Tokenizer(models.WordLevel(known, unk_token="<unk>"))
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()]
    )
    words.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", START), ("</s>", END)]
    )
    return hf.PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=LONGEST,
    )


def _git_config(words: int) -> Any:
    import transformers as hf

    return hf.GitConfig(
        **_WRITER,
        vision_config=dict(_EYE),
        vocab_size=words,
        bos_token_id=START,
        eos_token_id=END,
        pad_token_id=PAD,
    )
