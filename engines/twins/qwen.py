"""Twins of Qwen3, Qwen2.5-VL and Qwen3-VL, each saved in one folder as on the hub."""

from pathlib import Path
from typing import Any

import torch

from engines.twins.tokenizers import QWEN_MARKS, qwen_tokenizer
from engines.twins.twin import Twin

_VOCABULARY = 264
_WIDTH = 32
_IDS = {mark: 256 + number for number, mark in enumerate(QWEN_MARKS)}
_TEXT: dict[str, Any] = {
    "vocab_size": _VOCABULARY,
    "hidden_size": _WIDTH,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    "eos_token_id": _IDS["<|im_end|>"],
    "pad_token_id": _IDS["<|endoftext|>"],
}
_SEEN = {
    "image_token_id": _IDS["<|image_pad|>"],
    "video_token_id": _IDS["<|video_pad|>"],
    "vision_start_token_id": _IDS["<|vision_start|>"],
    "vision_end_token_id": _IDS["<|vision_end|>"],
}


def save_text(folder: Path) -> None:
    """Save a Qwen3, which reasons on request (the twin only outputs noise)."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    _save(lambda: Qwen3ForCausalLM(Qwen3Config(**_TEXT, head_dim=16)), qwen_tokenizer(), folder)


def save_vl25(folder: Path) -> None:
    """Save a Qwen2.5-VL with its processor."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    vision = {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_heads": 2,
        "out_hidden_size": _WIDTH,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "window_size": 56,
        "fullatt_block_indexes": [1],
    }
    rope = {"mrope_section": [2, 3, 3], "rope_type": "default", "rope_theta": 1e6}
    config = Qwen2_5_VLConfig(text_config={**_TEXT, "rope_parameters": rope}, vision_config=vision, **_SEEN)
    _save(lambda: Qwen2_5_VLForConditionalGeneration(config), processor("Qwen2_5_VLProcessor", 14), folder)


def save_vl3(folder: Path) -> None:
    """Save a Qwen3-VL with its processor."""
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    vision = {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_heads": 2,
        "out_hidden_size": _WIDTH,
        "patch_size": 16,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "num_position_embeddings": 16,
        "deepstack_visual_indexes": [0],
    }
    rope = {"mrope_section": [3, 3, 2], "mrope_interleaved": True, "rope_type": "default", "rope_theta": 1e6}
    text = {**_TEXT, "head_dim": 16, "rope_parameters": rope}
    config = Qwen3VLConfig(text_config=text, vision_config=vision, **_SEEN)
    _save(lambda: Qwen3VLForConditionalGeneration(config), processor("Qwen3VLProcessor", 16), folder)


def processor(name: str, patch: int) -> Any:
    """Return a twin's processor; to be quick, it uses only a few patches of a picture."""
    import transformers

    pictures = transformers.Qwen2VLImageProcessor(
        patch_size=patch,
        merge_size=2,
        temporal_patch_size=2,
        size={"shortest_edge": 28 * 28, "longest_edge": 28 * 28 * 16},
    )
    videos = getattr(transformers, "Qwen3VLVideoProcessor" if patch == 16 else "Qwen2VLVideoProcessor")()
    tokenizer = qwen_tokenizer()
    return getattr(transformers, name)(
        image_processor=pictures, tokenizer=tokenizer, video_processor=videos, chat_template=tokenizer.chat_template
    )


def _save(build: Any, reader: Any, folder: Path) -> None:
    """Build a model deterministically and save it with its tokenizer or processor."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = build()
    model.generation_config.eos_token_id = _IDS["<|im_end|>"]
    model.generation_config.pad_token_id = _IDS["<|endoftext|>"]
    model.to(torch.bfloat16).save_pretrained(folder)
    reader.save_pretrained(folder)


TWINS = {"qwen3": Twin(save_text), "qwen2.5-vl": Twin(save_vl25), "qwen3-vl": Twin(save_vl3)}
"""The twins by their names in entries."""
