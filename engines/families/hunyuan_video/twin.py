"""The twin of HunyuanVideo."""

from pathlib import Path
from typing import Any

from engines.twins import parts
from engines.twins.parts import clip_text, scale_weights
from engines.twins.tokenizers import clip_tokenizer, llama_tokenizer
from engines.twins.twin import SHORT, Twin

_CLIP, _LLAMA = 32, 16
"""Widths of the text encoders' output."""
_LATENT = 4
"""Latent channels."""


def save(folder: Path) -> None:
    """Save the model for prompts."""
    parts.save(_pipeline, folder)


def _pipeline() -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler, HunyuanVideoPipeline
    from transformers import LlamaConfig, LlamaModel

    tokenizer = llama_tokenizer()
    tokenizer.pad_token = "</s>"
    llama = LlamaConfig(
        vocab_size=400,
        hidden_size=_LLAMA,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=2,
        pad_token_id=2,
    )
    return HunyuanVideoPipeline(
        tokenizer=tokenizer,
        text_encoder=LlamaModel(llama),
        tokenizer_2=clip_tokenizer(),
        text_encoder_2=clip_text(_CLIP),
        vae=_autoencoder(),
        transformer=scale_weights(_transformer()),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
    )


def _autoencoder() -> Any:
    from diffusers import AutoencoderKLHunyuanVideo

    return AutoencoderKLHunyuanVideo(
        latent_channels=_LATENT,
        down_block_types=("HunyuanVideoDownBlock3D",) * 4,
        up_block_types=("HunyuanVideoUpBlock3D",) * 4,
        block_out_channels=(4,) * 4,
        layers_per_block=1,
        norm_num_groups=2,
    )


def _transformer() -> Any:
    from diffusers import HunyuanVideoTransformer3DModel

    return HunyuanVideoTransformer3DModel(
        in_channels=_LATENT,
        out_channels=_LATENT,
        num_attention_heads=2,
        attention_head_dim=10,
        num_layers=1,
        num_single_layers=1,
        num_refiner_layers=1,
        guidance_embeds=True,
        text_embed_dim=_LLAMA,
        pooled_projection_dim=_CLIP,
        rope_axes_dim=(2, 4, 4),
    )


TWINS = {"hunyuan-video": Twin(save, SHORT)}
"""The twin by the name that entries use."""
