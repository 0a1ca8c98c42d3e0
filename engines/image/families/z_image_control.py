"""Z-Image that keeps a structure, put together so that nothing stays in the network that others use too."""

import copy
from typing import Any

import torch
from diffusers import ZImageControlNetPipeline


class ControlledZImagePipeline(ZImageControlNetPipeline):  # type: ignore[misc]
    """The library gives the ControlNet parts of the transformer, for good: who then lets go of one of the two takes
    them from the other. Here a ControlNet of this job alone gets them; it shares its weights with the one that is kept.
    """

    def __init__(
        self, scheduler: Any, vae: Any, text_encoder: Any, tokenizer: Any, transformer: Any, controlnet: Any
    ) -> None:
        own = _of_its_own(controlnet)
        super().__init__(scheduler, vae, text_encoder, tokenizer, transformer, own)
        # Of a transformer that is streamed these lie in main memory until it is asked itself, which is later.
        for name in ("x_pad_token", "cap_pad_token"):
            setattr(own, name, torch.nn.Parameter(getattr(transformer, name).to(controlnet.device), False))


def _of_its_own(module: torch.nn.Module) -> torch.nn.Module:
    """A module of the same parts and weights, in which a part can be replaced without the first one changing."""
    other = copy.copy(module)
    other._modules, other._parameters = dict(module._modules), dict(module._parameters)
    return other
