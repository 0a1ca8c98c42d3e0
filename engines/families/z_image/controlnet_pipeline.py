"""Z-Image with a ControlNet, built so that shared networks stay unchanged."""

import copy
from typing import Any

import torch
from diffusers import ZImageControlNetPipeline


class ControlledZImagePipeline(ZImageControlNetPipeline):  # type: ignore[misc]
    """Diffusers assigns modules of the transformer to the ControlNet permanently, so unloading one breaks the other.
    Here, a copy of the ControlNet for this job gets them; the copy shares its weights with the cached one.
    """

    def __init__(
        self, scheduler: Any, vae: Any, text_encoder: Any, tokenizer: Any, transformer: Any, controlnet: Any
    ) -> None:
        own = _of_its_own(controlnet)
        super().__init__(scheduler, vae, text_encoder, tokenizer, transformer, own)
        # If the transformer is streamed, these stay in main memory until it is called, which is later.
        for name in ("x_pad_token", "cap_pad_token"):
            setattr(own, name, torch.nn.Parameter(getattr(transformer, name).to(controlnet.device), False))


def _of_its_own(module: torch.nn.Module) -> torch.nn.Module:
    """Return a copy of a module with the same submodules and weights; replacing one does not change the original."""
    other = copy.copy(module)
    other._modules, other._parameters = dict(module._modules), dict(module._parameters)
    return other
