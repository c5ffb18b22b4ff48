"""Tiny image-text models with random weights, saved as transformers saves real ones."""

import json
from pathlib import Path
from typing import Any

# Of different families of tokenizers; which one reads the file depends on the model.
SPECIAL = ("<pad>", "<s>", "</s>", "<unk>", "<bos>", "<eos>")
WORDS = ("a", "red", "blue", "patch", "dog", "sky")


def save(folder: Path, kind: str) -> Path:
    """Write a model of kind clip, siglip or siglip2."""
    import tokenizers
    import torch
    import transformers

    torch.manual_seed(0)
    folder.mkdir(parents=True)
    sizes: dict[str, Any] = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_attention_heads": 2,
        "num_hidden_layers": 1,
    }
    text = {**sizes, "vocab_size": len(SPECIAL) + len(WORDS), "max_position_embeddings": 8}
    text |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "projection_size": 16}
    vision = {**sizes, "image_size": 32, "patch_size": 8}
    if kind == "siglip2":
        vision["num_patches"] = 16
    classes = {"clip": "CLIP", "siglip": "Siglip", "siglip2": "Siglip2"}
    config = getattr(transformers, f"{classes[kind]}Config")(text_config=text, vision_config=vision)
    model = getattr(transformers, f"{classes[kind]}Model")(config)
    model.save_pretrained(folder, safe_serialization=True)
    vocabulary = {word: number for number, word in enumerate((*SPECIAL, *WORDS))}
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    words.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)
    processor: dict[str, Any] = {"image_processor_type": f"{classes[kind]}ImageProcessor"}
    if kind == "siglip2":
        processor |= {"patch_size": 8, "max_num_patches": 16}
    else:
        side = {"shortest_edge": 32} if kind == "clip" else {"height": 32, "width": 32}
        processor |= {"size": side, "crop_size": {"height": 32, "width": 32}}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder
