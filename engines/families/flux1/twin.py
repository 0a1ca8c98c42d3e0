"""The twins of FLUX.1 and of its ControlNet."""

from functools import partial
from pathlib import Path
from typing import Any

from engines.twins import parts
from engines.twins.adapters import save_controlnet_of
from engines.twins.tokenizers import clip_tokenizer, t5_tokenizer
from engines.twins.twin import SMALL, Twin

_WIDTH = 32
"""Width of the text encoders' output."""
_LATENT = 16
"""Latent channels, as many as in the real model, so that the same preview factors apply."""


def save_schnell(folder: Path) -> None:
    """Save FLUX.1 schnell, which takes no guidance."""
    parts.save(partial(_pipeline, "FluxPipeline", guided=False, shifts=False), folder)


def save_dev(folder: Path) -> None:
    """Save FLUX.1 dev; Kontext has the same architecture."""
    parts.save(partial(_pipeline, "FluxPipeline"), folder)


def save_fill(folder: Path) -> None:
    """Save FLUX.1 Fill, which also takes a mask (8 × 8 px per latent) and the picture without the masked area."""
    parts.save(partial(_pipeline, "FluxFillPipeline", sees=4 * (_LATENT + 8 * 8)), folder)


def save_controlnet(folder: Path) -> None:
    """Save a ControlNet for several kinds of control maps."""
    from diffusers import FluxControlNetModel

    save_controlnet_of(
        FluxControlNetModel,
        folder,
        in_channels=64,
        num_layers=1,
        num_single_layers=0,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=_WIDTH,
        pooled_projection_dim=_WIDTH,
        axes_dims_rope=(4, 4, 8),
        guidance_embeds=True,
    )


def _pipeline(name: str, *, sees: int = 0, guided: bool = True, shifts: bool = True) -> Any:
    import diffusers

    transformer = diffusers.FluxTransformer2DModel(
        patch_size=1,
        in_channels=4 * _LATENT + sees,
        out_channels=4 * _LATENT,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=_WIDTH,
        pooled_projection_dim=_WIDTH,
        axes_dims_rope=(4, 4, 8),
        guidance_embeds=guided,
    )
    return getattr(diffusers, name)(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=shifts),
        vae=parts.tiny_kl(_LATENT, 0.3611, 0.1159, quant=False),
        text_encoder=parts.clip_text(_WIDTH),
        tokenizer=clip_tokenizer(),
        text_encoder_2=parts.t5_encoder(_WIDTH),
        tokenizer_2=t5_tokenizer(),
        transformer=transformer,
    )


TWINS = {
    "flux.1-schnell": Twin(save_schnell, SMALL),
    "flux.1-dev": Twin(save_dev, SMALL),
    "flux.1-fill": Twin(save_fill, SMALL),
    "controlnet-flux1": Twin(save_controlnet),
}
"""The twins by the names that entries use."""
