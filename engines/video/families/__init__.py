"""One module a family of clip models; which one an entry belongs to is told by its pipeline's class."""

from importlib import import_module

from engines.catalog import Entry
from engines.image import families as pictures
from engines.image.family import Family

_FAMILIES = {
    "WanPipeline": "engines.video.families.wan:Wan",
}
"""The class that an entry's ``pipeline`` names, and the family that speaks to it."""


def of(entry: Entry) -> Family:
    """The family of an entry, of clips or of pictures. Raises StudioError as that of pictures does."""
    path = _FAMILIES.get(entry.pipeline.partition(":")[2])
    if path is None:
        return pictures.of(entry)
    module, kind = path.split(":")
    family: Family = getattr(import_module(module), kind)()
    return family
