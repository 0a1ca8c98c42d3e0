"""Tiny parts that several families' twins share: real classes, random weights."""

from pathlib import Path
from typing import Any

import torch

_HEADS = 4


def tiny_kl(latent: int = 4, scaling: float = 0.18215, shift: float | None = None, *, quant: bool = True) -> Any:
    """Return an AutoencoderKL with four levels and ``latent`` channels; like the real one, it upscales latents by 8.

    ``quant`` says whether it has the quant and post-quant convolutions.
    """
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(4,) * 4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=latent,
        norm_num_groups=1,
        sample_size=64,
        scaling_factor=scaling,
        shift_factor=shift,
        use_quant_conv=quant,
        use_post_quant_conv=quant,
    )


def tiny_unet(context_width: int, **more: Any) -> Any:
    """Return a UNet with two levels and cross-attention of width ``context_width``; ``more`` sets other config
    values."""
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(8, 16),
        norm_num_groups=4,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=context_width,
        attention_head_dim=4,
        **more,
    )


def clip_text(width: int = 32, *, length: int = 77, projection: bool = False, layers: int = 2) -> Any:
    """Return a CLIP text encoder for ``tokenizers.clip_tokenizer``, optionally with ``projection``."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=514,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=_HEADS,
        max_position_embeddings=length,
        projection_dim=width,
        bos_token_id=512,
        eos_token_id=513,
        pad_token_id=513,
    )
    return (CLIPTextModelWithProjection if projection else CLIPTextModel)(config)


def t5_encoder(width: int = 32, *, umt5: bool = False) -> Any:
    """Return a T5 or UMT5 encoder for ``tokenizers.t5_tokenizer``."""
    from transformers import T5Config, T5EncoderModel, UMT5Config, UMT5EncoderModel

    config, kind = (UMT5Config, UMT5EncoderModel) if umt5 else (T5Config, T5EncoderModel)
    return kind(
        config(
            vocab_size=300,
            d_model=width,
            d_ff=2 * width,
            d_kv=width // _HEADS,
            num_layers=2,
            num_heads=_HEADS,
            feed_forward_proj="gated-gelu",
        )
    )


def qwen3_encoder(width: int = 16, layers: int = 4) -> Any:
    """Return a Qwen3 language model whose hidden states are used, for ``tokenizers.qwen_tokenizer``."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=264,
            hidden_size=width,
            intermediate_size=2 * width,
            num_hidden_layers=layers,
            num_attention_heads=2,
            num_key_value_heads=2,
            head_dim=width // 2,
            max_position_embeddings=4096,
        )
    )


def scale_weights(model: Any, times: float = 2.5) -> Any:
    """Scale up a model's weights: otherwise, inputs hardly affect the outputs of some models."""
    with torch.no_grad():
        for weights in (one for one in model.parameters() if one.ndim > 1):
            weights *= times
    return model


def with_gradients(control: Any, much: float) -> Any:
    """Give a ControlNet's zero weights random values: an untrained one only outputs zeros."""
    with torch.no_grad():
        for weights in control.parameters():
            if not weights.any():
                weights.normal_(std=much)
    return control


def save(build: Any, folder: Path, seed: int = 1) -> None:
    """Build a pipeline deterministically and save it like the real ones: bfloat16, safetensors."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        pipeline = build()
    pipeline.to(torch.bfloat16).save_pretrained(folder, safe_serialization=True)


def save_models(folder: Path, **models: Any) -> None:
    """Save models like the real ones, each in a folder with its name: bfloat16, with scaled-up weights."""
    for name, model in models.items():
        scale_weights(model).to(torch.bfloat16).save_pretrained(folder / name)
