"""The twins of FLUX.2 dev (its text encoder is a Mistral 3 with vision) and of klein (its text encoder is a Qwen3)."""

from pathlib import Path
from typing import Any

from engines.twins import parts
from engines.twins.tokenizers import PIXTRAL_MARKS, byte_letters, pixtral_tokenizer, qwen_tokenizer
from engines.twins.twin import SMALL, Twin

_WIDTH = 16
"""Width of a layer of the text encoders."""
_MISTRAL_LAYERS, _QWEN_LAYERS = 30, 27
"""The deepest text encoder layers that FLUX.2 dev and klein use."""
_LAYERS_READ = 3
"""The number of text encoder layers whose output FLUX.2 uses."""
_LATENT = 32
"""Latent channels, as many as in the real model, so that the same preview factors apply."""
_MISTRAL_CHAT = """{%- for message in messages -%}
{%- if message.content is string -%}{{ message.content }}{%- else -%}
{%- for part in message.content -%}{{ '[IMG]' if part.type == 'image' else part.text }}{%- endfor -%}
{%- endif -%}
{%- endfor -%}"""


def save_dev(folder: Path) -> None:
    """Save FLUX.2 dev."""
    parts.save(_dev, folder)


def save_klein(folder: Path) -> None:
    """Save FLUX.2 klein, distilled."""
    parts.save(_klein, folder)


def _parts(*, guided: bool) -> dict[str, Any]:
    """Return the parts that both share."""
    import diffusers

    transformer = diffusers.Flux2Transformer2DModel(
        in_channels=4 * _LATENT,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=_LAYERS_READ * _WIDTH,
        timestep_guidance_channels=32,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=guided,
    )
    for weight in transformer.parameters():  # otherwise prompts and pictures hardly affect so small a model
        weight.data.mul_(3)
    return {
        "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        "vae": diffusers.AutoencoderKLFlux2(
            block_out_channels=(4,) * 4,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=1,
            latent_channels=_LATENT,
            norm_num_groups=1,
            sample_size=64,
        ),
        "transformer": transformer,
    }


def _dev() -> Any:
    from diffusers import Flux2Pipeline
    from transformers import Mistral3Config, Mistral3ForConditionalGeneration, PixtralImageProcessor, PixtralProcessor

    text = {
        "model_type": "mistral",
        "vocab_size": 4 + len(PIXTRAL_MARKS) + len(byte_letters()),
        "hidden_size": _WIDTH,
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
        **_parts(guided=True),
    )


def _klein() -> Any:
    from diffusers import Flux2KleinPipeline

    return Flux2KleinPipeline(
        text_encoder=parts.qwen3_encoder(_WIDTH, _QWEN_LAYERS),
        tokenizer=qwen_tokenizer(),
        is_distilled=True,
        **_parts(guided=False),
    )


TWINS = {"flux.2-dev": Twin(save_dev, SMALL), "flux.2-klein": Twin(save_klein, SMALL)}
"""The twins by the names that entries use."""
