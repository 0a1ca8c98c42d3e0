"""The twins of FLUX.1 and FLUX.2."""

from functools import partial
from pathlib import Path
from typing import Any

from engines.twins import parts
from engines.twins.tokenizers import (
    PIXTRAL_MARKS,
    byte_letters,
    clip_tokenizer,
    pixtral_tokenizer,
    qwen_tokenizer,
    t5_tokenizer,
)

_WIDTH = 32
"""Of what the text encoders of FLUX.1 give."""
_QWEN_WIDTH = 16
_MISTRAL_LAYERS, _QWEN_LAYERS = 30, 27
"""As deep as FLUX.2 dev and klein look into their text encoders."""
_LAYERS_READ = 3
"""Of how many layers of its text encoder FLUX.2 reads the output."""
_LATENT_1, _LATENT_2 = 16, 32
"""Latent channels, as many as the real ones have: so that their previews are drawn by the same factors."""
_MISTRAL_CHAT = """{%- for message in messages -%}
{%- if message.content is string -%}{{ message.content }}{%- else -%}
{%- for part in message.content -%}{{ '[IMG]' if part.type == 'image' else part.text }}{%- endfor -%}
{%- endif -%}
{%- endfor -%}"""


def save_schnell(folder: Path) -> None:
    """FLUX.1 schnell, which knows no guidance."""
    parts.save(partial(_flux1, "FluxPipeline", guided=False, shifts=False), folder)


def save_dev(folder: Path) -> None:
    """FLUX.1 dev; Kontext has the same build."""
    parts.save(partial(_flux1, "FluxPipeline"), folder)


def save_fill(folder: Path) -> None:
    """FLUX.1 Fill, which also looks at a mask (of 8 x 8 px a latent) and at the picture without what it covers."""
    parts.save(partial(_flux1, "FluxFillPipeline", sees=4 * (_LATENT_1 + 8 * 8)), folder)


def save_flux2_dev(folder: Path) -> None:
    """FLUX.2 dev, which reads by a Mistral 3 that sees."""
    parts.save(_flux2_dev, folder)


def save_klein(folder: Path) -> None:
    """FLUX.2 klein, distilled, which reads by a Qwen3."""
    parts.save(_klein, folder)


def _flux1(name: str, *, sees: int = 0, guided: bool = True, shifts: bool = True) -> Any:
    import diffusers

    transformer = diffusers.FluxTransformer2DModel(
        patch_size=1,
        in_channels=4 * _LATENT_1 + sees,
        out_channels=4 * _LATENT_1,
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
        vae=parts.tiny_kl(_LATENT_1, 0.3611, 0.1159, quant=False),
        text_encoder=parts.clip_text(_WIDTH),
        tokenizer=clip_tokenizer(),
        text_encoder_2=parts.t5_encoder(_WIDTH),
        tokenizer_2=t5_tokenizer(),
        transformer=transformer,
    )


def _flux2_parts(width: int, *, guided: bool) -> dict[str, Any]:
    """What the twins of FLUX.2 share; ``width`` is that of a layer of the text encoder."""
    import diffusers

    transformer = diffusers.Flux2Transformer2DModel(
        in_channels=4 * _LATENT_2,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=_LAYERS_READ * width,
        timestep_guidance_channels=32,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=guided,
    )
    for weight in transformer.parameters():  # as they come, words and pictures hardly matter in so small a model
        weight.data.mul_(3)
    return {
        "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        "vae": diffusers.AutoencoderKLFlux2(
            block_out_channels=(4,) * 4,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=1,
            latent_channels=_LATENT_2,
            norm_num_groups=1,
            sample_size=64,
        ),
        "transformer": transformer,
    }


def _flux2_dev() -> Any:
    from diffusers import Flux2Pipeline
    from transformers import (
        Mistral3Config,
        Mistral3ForConditionalGeneration,
        PixtralImageProcessor,
        PixtralProcessor,
    )

    text = {
        "model_type": "mistral",
        "vocab_size": 4 + len(PIXTRAL_MARKS) + len(byte_letters()),
        "hidden_size": _QWEN_WIDTH,
        "intermediate_size": 32,
        "num_hidden_layers": _MISTRAL_LAYERS,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 4096,
    }
    vision = {
        "model_type": "pixtral",
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 28,
        "patch_size": 14,
    }
    config = Mistral3Config(text_config=text, vision_config=vision, image_token_index=4)
    reader = PixtralProcessor(
        image_processor=PixtralImageProcessor(size={"longest_edge": 28}, patch_size={"height": 14, "width": 14}),
        tokenizer=pixtral_tokenizer(),
        patch_size=14,
        chat_template=_MISTRAL_CHAT,
    )
    return Flux2Pipeline(
        text_encoder=Mistral3ForConditionalGeneration(config),
        tokenizer=reader,
        **_flux2_parts(_QWEN_WIDTH, guided=True),
    )


def _klein() -> Any:
    from diffusers import Flux2KleinPipeline

    return Flux2KleinPipeline(
        text_encoder=parts.qwen3_encoder(_QWEN_WIDTH, _QWEN_LAYERS),
        tokenizer=qwen_tokenizer(),
        is_distilled=True,
        **_flux2_parts(_QWEN_WIDTH, guided=False),
    )
