"""The components of Storybook-motion: small instances of Wan 2.2's classes for text and image to video."""

from typing import Any

from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanTransformer3DModel

from tools.storybook.models import PIXELS, TEXT_WIDTH

LATENT_CHANNELS = 8
FPS = 8
SHIFT = 6.0
"""The timestep shift of training and sampling toward the noisier end, where motion is determined."""

TOKENS = 48
"""The maximum number of tokens in a prompt."""


def autoencoder(width: int = 32) -> AutoencoderKLWan:
    """An autoencoder with 8 × 8 pixels per latent and no compression over time, so that it can be trained on single
    pictures. Two pixels are packed into one before the first layer, where a CPU would spend most of its time."""
    return AutoencoderKLWan(
        base_dim=width,
        dim_mult=[1, 2, 2],
        num_res_blocks=1,
        z_dim=LATENT_CHANNELS,
        temperal_downsample=[False, False],
        latents_mean=[0.0] * LATENT_CHANNELS,
        latents_std=[1.0] * LATENT_CHANNELS,
        in_channels=12,
        out_channels=12,
        patch_size=2,
        scale_factor_temporal=1,
        scale_factor_spatial=PIXELS,
    )


def transformer(width: int = 256, layers: int = 8) -> WanTransformer3DModel:
    """The transformer; a token is 2 × 2 latents of one frame."""
    return WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=width // 64,
        attention_head_dim=64,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        text_dim=TEXT_WIDTH,
        freq_dim=128,
        ffn_dim=3 * width,
        num_layers=layers,
        cross_attn_norm=True,
        rope_max_seq_len=64,
    )


def scheduler() -> Any:
    """Wan's scheduler for flow matching."""
    return UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=SHIFT, num_train_timesteps=1000
    )
