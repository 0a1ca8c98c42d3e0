"""What a job takes beside the weights of its model: the work, its LoRAs, the files that its helpers add."""

from engines import planning
from engines.context import Context
from engines.image import adapters, parts
from engines.image.family import Family, Work


def working(family: Family, work: Work, context: Context, loras: adapters.Loras) -> planning.Working:
    """The bytes of one picture or clip, whose sources are opened and of their final size."""
    files = parts.files(context, work.helpers, besides=family.painters).values()
    added = sum(path.stat().st_size for path in (*files, *map(context.input, loras)))
    read = sum(context.input(lora).stat().st_size for lora in adapters.of_readers(context, loras))
    return planning.Working(
        reading=planning.reading_bytes(work.entry, context.catalog, work.pictures) + read,
        painting=family.painting_bytes(work) + added,
    )
