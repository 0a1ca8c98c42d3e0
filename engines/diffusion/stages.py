"""The stages of a job: the parts of a model that each leases, and the memory it needs in addition to their weights.

A job encodes its prompt, denoises and decodes, one after the other, so the parts of two stages are never in memory
together.
"""

from dataclasses import dataclass
from typing import NamedTuple

from engines.catalog import Entry

TEXT_ENCODE, DENOISE, DECODE, VOCODE = "text_encode", "denoise", "decode", "vocode"


def expert_stage(number: int) -> str:
    """Return the stage name of a call's ``number``th denoiser, counted from 0."""
    return DENOISE if number == 0 else f"{DENOISE}_{number + 1}"


class Stage(NamedTuple):
    """A stage of a job, which leases ``parts`` of the model together; parts that an entry does not have are skipped.

    ``working_bytes`` is the memory that the work needs on the device in addition to the weights, ``working_share`` a
    further amount as a share of the weights, ``tiled_bytes`` what it needs in tiles, 0 if it cannot be tiled.
    """

    name: str
    parts: tuple[str, ...]
    working_bytes: int = 0
    working_share: float = 0.0
    tiled_bytes: int = 0


@dataclass(frozen=True)
class Workload:
    """What determines a request's memory; known before its files are opened.

    ``width`` and ``height`` are the denoised size in px; ``pictures`` counts the reference pictures and the picture to
    edit, ``source_frames`` those of a clip to change. ``auxiliary_models`` help the model; ``encoder_bytes`` is the
    size of the LoRAs that change text encoders, ``denoiser_bytes`` that of the LoRAs and adapters that are added to the
    denoiser.
    """

    entry: Entry
    width: int
    height: int
    frames: int = 1
    pictures: int = 0
    source_frames: int = 0
    auxiliary_models: tuple[Entry, ...] = ()
    encoder_bytes: int = 0
    denoiser_bytes: int = 0

    @property
    def pixels(self) -> int:
        """The area of one frame, in px."""
        return self.width * self.height
