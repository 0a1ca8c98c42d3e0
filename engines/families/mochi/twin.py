"""The twin of Mochi 1."""

from pathlib import Path
from typing import Any

from engines.twins import parts
from engines.twins.parts import scale_weights, t5_encoder
from engines.twins.tokenizers import t5_tokenizer
from engines.twins.twin import SHORT, Twin


def save(folder: Path) -> None:
    """Save it with 12 latent channels: the pipeline knows no other number."""
    parts.save(_pipeline, folder)


def _pipeline() -> Any:
    import torch
    from diffusers import AutoencoderKLMochi, FlowMatchEulerDiscreteScheduler, MochiPipeline, MochiTransformer3DModel

    transformer = MochiTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=8,
        num_layers=2,
        pooled_projection_dim=16,
        in_channels=12,
        text_embed_dim=32,
        time_embed_dim=4,
        max_sequence_length=256,
    )
    torch.nn.init.normal_(transformer.pos_frequencies)  # torch.empty in a new model
    vae = AutoencoderKLMochi(
        encoder_block_out_channels=(32,) * 4,  # the size of its group norms
        decoder_block_out_channels=(32,) * 4,
        layers_per_block=(1,) * 5,
        latents_mean=[0.0] * 12,
        latents_std=[1.0] * 12,
    )
    return MochiPipeline(
        tokenizer=t5_tokenizer(),
        text_encoder=t5_encoder(),
        vae=vae,
        transformer=scale_weights(transformer),
        scheduler=FlowMatchEulerDiscreteScheduler(invert_sigmas=True),
    )


TWINS = {"mochi": Twin(save, SHORT)}
"""The twin by the name that entries use."""
