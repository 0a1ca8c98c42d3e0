"""The twins of CogVideoX 1.5: one for prompts, one for pictures."""

from functools import partial
from pathlib import Path
from typing import Any

from engines.twins import parts
from engines.twins.parts import scale_weights, t5_encoder
from engines.twins.tokenizers import t5_tokenizer
from engines.twins.twin import SHORT, Twin

_LATENT = 4
"""Latent channels."""


def save(folder: Path) -> None:
    """Save the model for prompts."""
    parts.save(partial(_pipeline, "CogVideoXPipeline"), folder)


def save_i2v(folder: Path) -> None:
    """Save the model for pictures, whose denoiser also takes the latents of the picture."""
    parts.save(partial(_pipeline, "CogVideoXImageToVideoPipeline", sees=_LATENT, ofs_embed_dim=4), folder)


def _pipeline(name: str, *, sees: int = 0, **more: Any) -> Any:
    import diffusers

    transformer = diffusers.CogVideoXTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=16,
        in_channels=_LATENT + sees,
        out_channels=_LATENT,
        time_embed_dim=4,
        text_embed_dim=32,
        num_layers=2,
        sample_width=300,
        sample_height=300,
        sample_frames=81,
        patch_size=2,
        patch_size_t=2,
        max_text_seq_length=224,
        use_rotary_positional_embeddings=True,
        patch_bias=False,
        **more,
    )
    vae = diffusers.AutoencoderKLCogVideoX(
        latent_channels=_LATENT,
        down_block_types=("CogVideoXDownBlock3D",) * 4,
        up_block_types=("CogVideoXUpBlock3D",) * 4,
        block_out_channels=(2,) * 4,
        layers_per_block=0,  # of the encoder; the decoder has one more
        sample_height=1920,  # twice the side of a tile: a few large ones are quicker
        sample_width=1920,
        norm_num_groups=2,
        scaling_factor=0.7,
    )
    scheduler = diffusers.CogVideoXDDIMScheduler(
        snr_shift_scale=1.0,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
    )
    return getattr(diffusers, name)(
        tokenizer=t5_tokenizer(),
        text_encoder=t5_encoder(),
        vae=vae,
        transformer=scale_weights(transformer),
        scheduler=scheduler,
    )


TWINS = {"cogvideox-1.5": Twin(save, SHORT), "cogvideox-1.5-i2v": Twin(save_i2v, SHORT)}
"""The twins by the names that entries use."""
