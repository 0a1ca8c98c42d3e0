"""The twins of Stable Diffusion XL, and of the one that was distilled to a few steps."""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from engines.twins.tokenizers import clip_tokenizer

_WIDTH = 32
"""Of each text encoder's output; the UNet looks at both side by side."""
_SIZES = 8
"""Width of each of the six numbers about the picture's size that the UNet is told."""
_GUIDANCE = 16
"""Width of what the distilled UNet is told about guidance."""


def save(folder: Path) -> None:
    """Build it, the same each time, and save it as the real one is saved: half precision, safetensors."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        pipeline = StableDiffusionXLPipeline(
            vae=_vae(),
            text_encoder=CLIPTextModel(_text()),
            text_encoder_2=CLIPTextModelWithProjection(_text()),
            tokenizer=clip_tokenizer(),
            tokenizer_2=clip_tokenizer(),
            unet=unet(),
            scheduler=EulerDiscreteScheduler(
                beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
            ),
            add_watermarker=False,
        )
    pipeline.to(torch.float16).save_pretrained(folder, safe_serialization=True, variant="fp16")


def save_distilled(folder: Path) -> None:
    """The same with another UNet."""
    save(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(12)
        distilled = unet(_GUIDANCE)
    distilled.to(torch.float16).save_pretrained(folder / "unet", safe_serialization=True, variant="fp16")


def unet(guidance: int | None = None) -> UNet2DConditionModel:
    """The UNet; told its guidance in so many numbers where it is distilled."""
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(8, 16),
        norm_num_groups=4,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=2 * _WIDTH,
        attention_head_dim=4,
        transformer_layers_per_block=(1, 2),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=_SIZES,
        projection_class_embeddings_input_dim=6 * _SIZES + _WIDTH,
        time_cond_proj_dim=guidance,
    )


def _text() -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=514,
        hidden_size=_WIDTH,
        intermediate_size=64,
        projection_dim=_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=77,
        bos_token_id=512,
        eos_token_id=513,
        pad_token_id=513,
    )


def _vae() -> AutoencoderKL:
    """Four levels: like the real one it makes a picture eight times as wide as its latents."""
    return AutoencoderKL(
        block_out_channels=(4,) * 4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=1,
        sample_size=64,
        scaling_factor=0.13025,
    )
