"""The twins of Z-Image (Turbo and base have the same architecture) and of its ControlNet."""

from pathlib import Path
from typing import Any

from engines.twins import parts
from engines.twins.adapters import save_controlnet_of
from engines.twins.tokenizers import qwen_tokenizer
from engines.twins.twin import SMALL, Twin

_WIDTH = 16
"""Width of the text encoder's output."""


def save(folder: Path) -> None:
    """Build it with the same weights each time, and save it."""
    parts.save(_pipeline, folder)


def save_controlnet(folder: Path) -> None:
    """Save a ControlNet as a single file, with a config, because the real model's does not fit."""
    from diffusers import ZImageControlNetModel

    save_controlnet_of(
        ZImageControlNetModel,
        folder,
        control_layers_places=[0],
        control_refiner_layers_places=[0],
        control_in_dim=33,
        add_control_noise_refiner="control_noise_refiner",
        dim=32,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
    )
    (folder / "diffusion_pytorch_model.safetensors").rename(
        folder / "Z-Image-Turbo-Fun-Controlnet-Union-2.1-2602-8steps.safetensors"
    )


def _pipeline() -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel

    transformer = ZImageTransformer2DModel(
        in_channels=16,
        dim=32,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=_WIDTH,
        axes_dims=[8, 4, 4],
        axes_lens=[1024, 256, 256],
    )
    # They are not initialized and may contain anything, even NaN.
    transformer.x_pad_token.data.fill_(0.1)
    transformer.cap_pad_token.data.fill_(0.1)
    return ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=parts.tiny_kl(16, 0.3611, 0.1159, quant=False),
        text_encoder=parts.qwen3_encoder(_WIDTH),
        tokenizer=qwen_tokenizer(),
        transformer=transformer,
    )


TWINS = {"z-image": Twin(save, SMALL), "controlnet-z-image": Twin(save_controlnet)}
"""The twins by the names that entries use."""
