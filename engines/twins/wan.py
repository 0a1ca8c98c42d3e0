"""The twin of Wan 2.2, with both of its experts."""

from pathlib import Path
from typing import Any

import torch

from engines.twins.parts import livelier, t5_encoder
from engines.twins.tokenizers import t5_tokenizer

_TEXT = 32


def save(folder: Path) -> None:
    """Build it, the same each time, and save it as the real one is laid out."""
    from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanPipeline

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(22)
        pipeline = WanPipeline(
            tokenizer=t5_tokenizer(),
            text_encoder=t5_encoder(_TEXT, umt5=True),
            vae=AutoencoderKLWan(
                base_dim=4,
                z_dim=16,
                dim_mult=[1, 1, 1, 1],
                num_res_blocks=1,
                temperal_downsample=[False, True, True],
            ),
            scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
            transformer=livelier(_transformer()),
            transformer_2=livelier(_transformer()),
            boundary_ratio=0.875,
        )
    pipeline.to(torch.bfloat16).save_pretrained(folder)


def _transformer() -> Any:
    from diffusers import WanTransformer3DModel

    return WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=12,
        in_channels=16,
        out_channels=16,
        text_dim=_TEXT,
        freq_dim=32,
        ffn_dim=32,
        num_layers=2,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=64,
    )
