"""Tiny random models of transformers and diffusers, saved as folders that real code loads."""

import json
from pathlib import Path
from typing import Any

import torch

WORDS = (
    *("a", "the", "red", "blue", "green", "wooden", "small", "door", "boat", "bench", "dog"),
    *("sky", "field", "wall", "water", "car", "with", "on", "of", "in", "picture", "white"),
    *("black", "square", "round"),
)
SIZE = 32


def blip(folder: Path) -> Path:
    """A captioning model as Salesforce's BLIP."""
    import transformers as hf

    tokenizer = _bert(folder)
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 16,
        "encoder_hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "bos_token_id": tokenizer.cls_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    config = hf.BlipConfig(text_config=text, vision_config=_vision(8), projection_dim=8)
    torch.manual_seed(1)
    model = hf.BlipForConditionalGeneration(config)
    # Random logits are nearly alike: spread out, images get captions of their own.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(6) if parameter.ndim > 1 else None
    processor = hf.BlipProcessor(
        hf.BlipImageProcessor(size={"height": SIZE, "width": SIZE}), tokenizer
    )
    return _save(folder, model, processor)


def causal(folder: Path) -> Path:
    """A language model with a template for conversations."""
    import transformers as hf

    tokenizer = _words()
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'] }} {{ m['content'] }} {% endfor %}"
    )
    torch.manual_seed(2)
    model = hf.LlamaForCausalLM(hf.LlamaConfig(**_llama(tokenizer)))
    return _save(folder, model, tokenizer)


def looker(folder: Path) -> Path:
    """An image-text model that converses, as LLaVA."""
    import transformers as hf

    tokenizer = _words("<image>")
    tokenizer.chat_template = None
    vision = hf.CLIPVisionConfig(**_vision(8))
    config = hf.LlavaConfig(
        vision_config=vision,
        text_config=hf.LlamaConfig(**_llama(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
    )
    torch.manual_seed(3)
    template = (
        "{% for m in messages %}{{ m['role'] }} {% for part in m['content'] %}"
        "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %} "
        "{% endfor %}{% endfor %}"
    )
    processor = hf.LlavaProcessor(
        hf.CLIPImageProcessor(
            size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE}
        ),
        tokenizer,
        patch_size=8,
        vision_feature_select_strategy="default",
        chat_template=template,
        num_additional_image_tokens=1,
    )
    return _save(folder, hf.LlavaForConditionalGeneration(config), processor)


def clip(folder: Path) -> Path:
    """An image-text model as OpenAI's CLIP."""
    import transformers as hf

    tokenizer = _clip_tokenizer(folder)
    config = hf.CLIPConfig(
        text_config=_clip_text(tokenizer), vision_config=_vision(8), projection_dim=8
    )
    torch.manual_seed(4)
    processor = hf.CLIPProcessor(
        hf.CLIPImageProcessor(
            size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE}
        ),
        tokenizer,
    )
    return _save(folder, hf.CLIPModel(config), processor)


def siglip(folder: Path) -> Path:
    """An image-text model as Google's SigLIP, with a tokenizer of words."""
    import transformers as hf

    tokenizer = _words()
    tokenizer.model_max_length = 16
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 16,
        "projection_size": 16,
    }
    config = hf.SiglipConfig(text_config=text, vision_config=_vision(8))
    torch.manual_seed(5)
    processor = hf.SiglipProcessor(
        hf.SiglipImageProcessor(size={"height": SIZE, "width": SIZE}), tokenizer
    )
    return _save(folder, hf.SiglipModel(config), processor)


def pipeline(folder: Path) -> Path:
    """A text-to-image pipeline as Stable Diffusion."""
    import diffusers
    import transformers as hf

    tokenizer = _clip_tokenizer(folder / "tokenizer")
    torch.manual_seed(6)
    diffusers.StableDiffusionPipeline(
        vae=diffusers.AutoencoderKL(
            block_out_channels=[4, 8],
            in_channels=3,
            out_channels=3,
            down_block_types=["DownEncoderBlock2D"] * 2,
            up_block_types=["UpDecoderBlock2D"] * 2,
            latent_channels=4,
            norm_num_groups=2,
        ),
        text_encoder=hf.CLIPTextModel(hf.CLIPTextConfig(**_clip_text(tokenizer))),
        tokenizer=tokenizer,
        unet=diffusers.UNet2DConditionModel(
            block_out_channels=(4, 8),
            layers_per_block=1,
            sample_size=8,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=16,
            norm_num_groups=2,
            attention_head_dim=2,
        ),
        scheduler=diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def _save(folder: Path, model: Any, prepares: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder, safe_serialization=True)
    prepares.save_pretrained(folder)
    return folder


def _vision(patch: int) -> dict[str, Any]:
    return {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": SIZE,
        "patch_size": patch,
    }


def _llama(tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 2048,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def _words(*more: str) -> Any:
    import transformers as hf
    from tokenizers import Tokenizer, models, pre_tokenizers

    special = ["<unk>", "<s>", "</s>", "<pad>", *more]
    vocabulary = {word: place for place, word in enumerate([*special, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return hf.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        additional_special_tokens=list(more),
    )


def _bert(folder: Path) -> Any:
    import transformers as hf

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]) + "\n")
    return hf.BertTokenizerFast.from_pretrained(folder)


def _clip_tokenizer(folder: Path) -> Any:
    import transformers as hf

    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(code) for code in range(97, 123)]
    vocabulary = [*letters, *(f"{letter}</w>" for letter in letters)]
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(
        json.dumps({word: place for place, word in enumerate(vocabulary)})
    )
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return hf.CLIPTokenizer.from_pretrained(folder, model_max_length=24)


def _clip_text(tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 24,
        "projection_dim": 8,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
