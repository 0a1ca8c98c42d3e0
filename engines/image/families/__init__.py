"""One module a family of models; which one an entry belongs to is told by its pipeline's class."""

from importlib import import_module

from engines.catalog import Entry
from engines.image.family import Family
from errors import StudioError

_FAMILIES = {
    "StableDiffusionPipeline": "engines.image.families.stable_diffusion:StableDiffusion",
    "FluxPipeline": "engines.image.families.flux1:Flux1",
    "FluxKontextPipeline": "engines.image.families.flux1:Flux1Kontext",
    "FluxFillPipeline": "engines.image.families.flux1:Flux1Fill",
    "Flux2Pipeline": "engines.image.families.flux2:Flux2",
    "Flux2KleinPipeline": "engines.image.families.flux2:Flux2Klein",
    "ZImagePipeline": "engines.image.families.z_image:ZImage",
    "StableDiffusionXLPipeline": "engines.image.families.sdxl:StableDiffusionXL",
    "QwenImagePipeline": "engines.image.families.qwen_image:QwenImage",
    "QwenImageEditPipeline": "engines.image.families.qwen_image_edit:QwenImageEdit",
    "QwenImageEditPlusPipeline": "engines.image.families.qwen_image_edit:QwenImageEditPlus",
    "QwenImage21Pipeline": "engines.image.families.qwen_image_21:QwenImage21",
    "HiDreamImagePipeline": "engines.image.families.hidream:HiDream",
    "HiDreamImageEditingPipeline": "engines.image.families.hidream:HiDreamEdit",
    "WanVideoToVideoPipeline": "engines.image.families.wan_refine:WanRefine",
}
"""The class that an entry's ``pipeline`` names, and the family that speaks to it."""


def looks(entry: Entry, task: str) -> bool:
    """Whether a model that goes by pictures does so in a task."""
    known = entry.pipeline.partition(":")[2] in _FAMILIES
    return task in (of(entry) if known else Family).looks_in


def of(entry: Entry) -> Family:
    """The family of an entry. Raises StudioError ``unsupported_model`` (422) for a pipeline that is not known here."""
    name = entry.pipeline.partition(":")[2]
    if name not in _FAMILIES:
        raise StudioError(
            "unsupported_model",
            f"{entry.name} is of a kind that cannot be used here.",
            f"Its entry names the pipeline {name[:80]}.",
            "Take another model.",
            status=422,
        )
    module, kind = _FAMILIES[name].split(":")
    family: Family = getattr(import_module(module), kind)()
    return family
