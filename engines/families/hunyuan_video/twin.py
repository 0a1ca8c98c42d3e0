"""The twins of HunyuanVideo: one for prompts, one for pictures."""

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
_SIDE = 48
"""The side of a picture for the vision encoder, in px: 24 × 24 patches, like the real one's."""
_INSTRUCTIONS = (
    "The main content and theme of the video.",
    "The color, shape, size, texture, quantity, text, and spatial relationships of the objects.",
    "Actions, events, behaviors temporal relationships, physical movement changes of the objects.",
    "background environment, light, style and atmosphere.",
    "camera angles, movements, and transitions used in the video:",
)
TRANSFORMER: dict[str, Any] = {
    "in_channels": _LATENT,
    "out_channels": _LATENT,
    "num_attention_heads": 2,
    "attention_head_dim": 10,
    "num_layers": 1,
    "num_single_layers": 1,
    "num_refiner_layers": 1,
    "guidance_embeds": True,
    "text_embed_dim": _LLAMA,
    "pooled_projection_dim": _CLIP,
    "rope_axes_dim": (2, 4, 4),
}
"""The size of the denoiser."""


def save(folder: Path) -> None:
    """Save the model for prompts."""
    parts.save(_pipeline, folder)


def save_i2v(folder: Path) -> None:
    """Save the model for pictures, whose text encoder sees the first frame."""
    parts.save(_pipeline_i2v, folder)


def _pipeline() -> Any:
    from diffusers import HunyuanVideoPipeline, HunyuanVideoTransformer3DModel

    return HunyuanVideoPipeline(**base(), transformer=scale_weights(HunyuanVideoTransformer3DModel(**TRANSFORMER)))


def _pipeline_i2v() -> Any:
    from diffusers import HunyuanVideoImageToVideoPipeline, HunyuanVideoTransformer3DModel
    from transformers import CLIPImageProcessor

    tokenizer = _tokenizer_i2v()
    transformer = HunyuanVideoTransformer3DModel(**TRANSFORMER, image_condition_type="token_replace")
    return HunyuanVideoImageToVideoPipeline(
        **base() | {"tokenizer": tokenizer, "text_encoder": _llava(tokenizer.convert_tokens_to_ids("<image>"))},
        transformer=scale_weights(transformer),
        image_processor=CLIPImageProcessor(size={"shortest_edge": _SIDE}, crop_size={"height": _SIDE, "width": _SIDE}),
    )


def base() -> dict[str, Any]:
    """Return what HunyuanVideo's pipelines have in common: encoders of text, autoencoder, scheduler."""
    from diffusers import FlowMatchEulerDiscreteScheduler
    from transformers import LlamaModel

    return {
        "tokenizer": tokenizer(),
        "text_encoder": LlamaModel(_llama_config()),
        "tokenizer_2": clip_tokenizer(),
        "text_encoder_2": clip_text(_CLIP),
        "vae": _autoencoder(),
        "scheduler": FlowMatchEulerDiscreteScheduler(shift=7.0),
    }


def tokenizer() -> Any:
    """Return a tokenizer with padding."""
    made = llama_tokenizer()
    made.pad_token = "</s>"
    return made


def _tokenizer_i2v() -> Any:
    """Return a tokenizer with the marks that the pipeline looks for. Its instructions are one token a line, so that
    they leave room for the prompt."""
    made = tokenizer()
    marks = ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<image>"]
    made.add_special_tokens({"additional_special_tokens": marks})
    made.add_tokens(list(_INSTRUCTIONS))
    return made


def _llama_config() -> Any:
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=400,
        hidden_size=_LLAMA,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=2,
        pad_token_id=2,
    )


def _llava(image_token: int) -> Any:
    """Return a Llava that sees as many patches as the real one."""
    from transformers import CLIPVisionConfig, LlavaConfig, LlavaForConditionalGeneration

    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=_SIDE,
        patch_size=_SIDE // 24,
        projection_dim=16,
    )
    config = LlavaConfig(
        vision_config=vision, text_config=_llama_config(), image_token_index=image_token, pad_token_id=2
    )
    return LlavaForConditionalGeneration(config)


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


TWINS = {"hunyuan-video": Twin(save, SHORT), "hunyuan-video-i2v": Twin(save_i2v, SHORT)}
"""The twins by the names that entries use."""
