"""The twins of HiDream-I1 and HiDream-E1.1: the same architecture, each with its repository's scheduler."""

from pathlib import Path
from typing import Any

import torch

from engines.twins.parts import clip_text, scale_weights, t5_encoder, tiny_kl
from engines.twins.tokenizers import clip_tokenizer, llama_tokenizer, t5_tokenizer
from engines.twins.twin import SMALLEST, Twin

_CLIP = 32
_T5 = 32
_LLAMA = 16
_SIDE = 16
"""Side of the square of latents whose area it always generates."""
_LENGTH = 128
"""Prompt length in tokens; its CLIP encoders accept more than the usual 77."""


def save(folder: Path) -> None:
    """Save HiDream-E1.1."""
    from diffusers import FlowMatchEulerDiscreteScheduler

    _save(folder, FlowMatchEulerDiscreteScheduler(shift=3.0))


def save_full(folder: Path) -> None:
    """Save HiDream-I1 Full."""
    from diffusers import UniPCMultistepScheduler

    flow = UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0)
    _save(folder, flow)


def save_dev(folder: Path) -> None:
    """Save HiDream-I1 Dev and Fast, which add fresh noise at each step."""
    from diffusers import FlowMatchLCMScheduler

    _save(folder, FlowMatchLCMScheduler(shift=6.0))


def _save(folder: Path, scheduler: Any) -> None:
    """Build and save it, with the same weights each time. Llama is saved in the top folder, as in its own
    repository."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(17)
        models = {
            "text_encoder": clip_text(_CLIP, length=_LENGTH, projection=True),
            "text_encoder_2": clip_text(_CLIP, length=_LENGTH, projection=True),
            "text_encoder_3": t5_encoder(_T5),
            "": _llama(),
            "vae": tiny_kl(16, 0.3611, 0.1159, quant=False),
            "transformer": scale_weights(_transformer(), 2),
        }
    for name, model in models.items():
        model.to(torch.bfloat16).save_pretrained(folder / name)
    for name in ("tokenizer", "tokenizer_2"):
        clip_tokenizer().save_pretrained(folder / name)
    t5_tokenizer().save_pretrained(folder / "tokenizer_3")
    llama_tokenizer().save_pretrained(folder)
    scheduler.save_pretrained(folder / "scheduler")


def _transformer() -> Any:
    from diffusers import HiDreamImageTransformer2DModel

    return HiDreamImageTransformer2DModel(
        patch_size=2,
        in_channels=16,
        out_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_channels=[_T5, _LLAMA],
        text_emb_dim=2 * _CLIP,
        num_routed_experts=4,
        num_activated_experts=2,
        axes_dims_rope=(4, 2, 2),
        max_resolution=(_SIDE, _SIDE),
        llama_layers=(0, 1),
    )


def _llama() -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=400,
            hidden_size=_LLAMA,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
        )
    )


_CHANGES = {**SMALLEST, "pixels": 128 * 128, "options": {"sample_size": _SIDE}}
TWINS = {
    "hidream": Twin(save, _CHANGES),
    "hidream-full": Twin(save_full, _CHANGES),
    "hidream-dev": Twin(save_dev, _CHANGES),
}
"""The twins by the names that entries use."""
