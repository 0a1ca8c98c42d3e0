"""The twin of SkyReels V2."""

from pathlib import Path
from typing import Any

from engines.families.wan.twin import TEXT_WIDTH, plain_autoencoder
from engines.twins import parts
from engines.twins.parts import scale_weights, t5_encoder
from engines.twins.tokenizers import t5_tokenizer
from engines.twins.twin import SHORT, Twin


def save(folder: Path) -> None:
    """Save the classes for diffusion forcing."""
    parts.save(_pipeline, folder)


def _pipeline() -> Any:
    from diffusers import (
        SkyReelsV2DiffusionForcingPipeline,
        SkyReelsV2Transformer3DModel,
        UniPCMultistepScheduler,
    )

    transformer = SkyReelsV2Transformer3DModel(
        num_attention_heads=2,
        attention_head_dim=12,
        text_dim=TEXT_WIDTH,
        freq_dim=32,
        ffn_dim=32,
        num_layers=2,
        rope_max_seq_len=64,
        inject_sample_info=True,
    )
    return SkyReelsV2DiffusionForcingPipeline(
        tokenizer=t5_tokenizer(),
        text_encoder=t5_encoder(TEXT_WIDTH, umt5=True),
        vae=plain_autoencoder(),
        scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=8.0),
        transformer=scale_weights(transformer),
    )


_CALL = {"overlap_history": 5, "addnoise_condition": 20, "base_num_frames": 9}
"""Short windows, so that half a second has two."""
TWINS = {"skyreels-v2": Twin(save, {**SHORT, "options": {"call": _CALL}})}
"""The twin by the name that entries use."""
