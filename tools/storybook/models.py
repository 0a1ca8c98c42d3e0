"""The components of Storybook-image: small instances of standard diffusers and transformers classes."""

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from transformers import CLIPTextConfig, CLIPTextModel

LATENT_CHANNELS = 4
"""As in Stable Diffusion 1.5, whose inpainting pipelines only accept this number."""

PIXELS = 8
"""Pixels per latent, in each direction."""

TOKENS = 32
"""The maximum number of tokens in a prompt."""

TEXT_WIDTH = 192


def autoencoder(width: int = 40) -> AutoencoderTiny:
    """Four levels, so that a latent covers 8 × 8 pixels. There are no blocks at full size, where a CPU would spend most
    of its time."""
    model = AutoencoderTiny(
        encoder_block_out_channels=(width,) * 4,
        decoder_block_out_channels=(width,) * 4,
        num_encoder_blocks=(0, 1, 1, 2),
        num_decoder_blocks=(2, 2, 1, 0),
        latent_channels=LATENT_CHANNELS,
        scaling_factor=1.0,
        force_upcast=False,
    )
    return model.to(memory_format=torch.channels_last)


def text_encoder(vocabulary: dict[str, int], length: int = TOKENS) -> CLIPTextModel:
    end = vocabulary["<|endoftext|>"]
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(vocabulary),
            hidden_size=TEXT_WIDTH,
            intermediate_size=512,
            num_hidden_layers=3,
            num_attention_heads=6,
            max_position_embeddings=length,
            projection_dim=TEXT_WIDTH,
            bos_token_id=vocabulary["<|startoftext|>"],
            eos_token_id=end,
            pad_token_id=end,
        )
    )


def unet(side: int, widths: Sequence[int] = (96, 128, 160)) -> UNet2DConditionModel:
    """The UNet for latents of ``side`` × ``side``. It only has attention below full size: a quarter of the positions,
    a tenth of the time.

    The pooled caption also scales and shifts every block, like the timestep: ground, light and style are then learned
    from a fraction of the samples, and also affect the full size, which has no attention.
    """
    model = UNet2DConditionModel(
        sample_size=side,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=tuple(widths),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=8,
        norm_num_groups=16,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=6,
    )
    # torch's fused attention takes a quarter of a training step for backward passes of these tiny matrices.
    model.set_attn_processor(AttnProcessor())
    return model.to(memory_format=torch.channels_last)


def scheduler() -> DDIMScheduler:
    """Velocity prediction with zero terminal SNR, so that dark and bright scenes keep their brightness."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )


def as_input(drawn: torch.Tensor, device: str) -> torch.Tensor:
    """Bytes scaled to the models' input range, -1 to 1."""
    return (drawn.to(device).float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def parameters(*models: torch.nn.Module) -> list[torch.nn.Parameter]:
    return [parameter for model in models for parameter in model.parameters()]


def millions(*models: Any) -> float:
    return round(sum(parameter.numel() for parameter in parameters(*models)) / 1e6, 2)
