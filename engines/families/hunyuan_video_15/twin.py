"""The twins of HunyuanVideo 1.5: one for prompts, one for pictures."""

from functools import partial
from pathlib import Path
from typing import Any

from engines.twins import parts
from engines.twins.parts import scale_weights
from engines.twins.tokenizers import qwen_tokenizer
from engines.twins.twin import SHORT, Twin

_TEXT, _GLYPHS, VISION = 16, 32, 32
"""Widths of the encoders' output."""
_LATENT = 4
"""Latent channels."""


def save(folder: Path) -> None:
    """Save the model for prompts."""
    parts.save(partial(_pipeline, "HunyuanVideo15Pipeline", "t2v"), folder)


def save_i2v(folder: Path) -> None:
    """Save the model for pictures."""
    parts.save(partial(_pipeline, "HunyuanVideo15ImageToVideoPipeline", "i2v", **siglip()), folder)


def siglip() -> dict[str, Any]:
    """Return an encoder of pictures and its processor."""
    from transformers import SiglipImageProcessor, SiglipVisionConfig, SiglipVisionModel

    config = SiglipVisionConfig(
        hidden_size=VISION,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=32,
        patch_size=4,
    )
    return {
        "image_encoder": SiglipVisionModel(config),
        "feature_extractor": SiglipImageProcessor(size={"height": 32, "width": 32}),
    }


def _pipeline(name: str, task: str, **more: Any) -> Any:
    import diffusers
    from transformers import ByT5Tokenizer

    transformer = diffusers.HunyuanVideo15Transformer3DModel(
        in_channels=2 * _LATENT + 1,
        out_channels=_LATENT,
        num_attention_heads=2,
        attention_head_dim=8,
        num_layers=1,
        num_refiner_layers=1,
        mlp_ratio=2.0,
        text_embed_dim=_TEXT,
        text_embed_2_dim=_GLYPHS,
        image_embed_dim=VISION,
        rope_axes_dim=(2, 2, 4),
        target_size=64,
        task_type=task,
    )
    vae = diffusers.AutoencoderKLHunyuanVideo15(
        latent_channels=_LATENT,
        block_out_channels=(8,) * 5,
        layers_per_block=1,
        downsample_match_channel=False,
        upsample_match_channel=False,
    )
    return getattr(diffusers, name)(
        tokenizer=qwen_tokenizer(),
        text_encoder=_text_encoder(),
        tokenizer_2=ByT5Tokenizer(),
        text_encoder_2=_glyph_encoder(),
        transformer=scale_weights(transformer),
        vae=vae,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0),
        guider=diffusers.ClassifierFreeGuidance(guidance_scale=6.0),
        **more,
    )


def _text_encoder() -> Any:
    from transformers import Qwen2_5_VLTextConfig, Qwen2_5_VLTextModel

    rope = {"mrope_section": [1, 1, 2], "rope_type": "default", "rope_theta": 1e6}
    return Qwen2_5_VLTextModel(
        Qwen2_5_VLTextConfig(
            vocab_size=300,
            hidden_size=_TEXT,
            intermediate_size=32,
            num_hidden_layers=3,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=4096,
            rope_parameters=rope,
        )
    )


def _glyph_encoder() -> Any:
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(T5Config(vocab_size=400, d_model=_GLYPHS, d_ff=64, d_kv=8, num_layers=2, num_heads=4))


TWINS = {"hunyuan-video-1.5": Twin(save, SHORT), "hunyuan-video-1.5-i2v": Twin(save_i2v, SHORT)}
"""The twins by the names that entries use."""
