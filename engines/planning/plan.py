"""Which way of keeping a model's parts fits: the first that does, best pictures first."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from engines import wire
from engines.catalog import Catalog, Entry
from engines.planning.weights import Stages, Weights, Working, half, stages
from engines.swapper import sizes
from engines.swapper.device import card_headroom, processor_dtype
from engines.swapper.keeping import Keeping, held
from engines.video import families

_BESIDE = 0.72
"""How much of a machine's main memory streamed weights may take: what the swapper allows of what is usually free."""


class Room(BaseModel):
    """Bytes that one job's models and work may take, of the device and of main memory beside it; ``total`` is what the
    device has. ``beside`` 0 says that the device is the main memory: a processor, to which nothing need be streamed."""

    model_config = ConfigDict(frozen=True)

    device: int
    beside: int
    total: int

    def alone(self, limit: int | None) -> "Room":
        """What there would be if no other program used the device; ``limit`` is the most that models may take."""
        device = min(self.total - card_headroom(self.total), limit or self.total)
        return self.model_copy(update={"device": max(self.device, device)})

    @classmethod
    def of(cls, state: wire.DeviceState) -> "Room":
        """What a device has when nobody else uses it."""
        keep_free = card_headroom(state.total_bytes) if state.beside_bytes else state.total_bytes // 10
        return cls(
            device=state.total_bytes - keep_free,
            beside=int(state.beside_bytes * _BESIDE),
            total=state.total_bytes,
        )


class _Way(NamedTuple):
    """A way to keep the parts that do most of the work, and by what it takes longer.

    The factors are priors, not measured here. What is streamed crosses the bus once a step: 24 GB take about a second
    at the 22 GB/s of PCIe 4, as long as a card of that size computes at one megapixel, and the two overlap in part.
    In eight bits half of that crosses. Making them larger for each layer's work costs a tenth.
    """

    eight: bool = False
    streamed: bool = False
    slowdown: float = 1.0


_PAINTING = (_Way(), _Way(eight=True, slowdown=1.1), _Way(streamed=True, slowdown=2.0), _Way(True, True, 1.6))
"""Eight bits go before streaming: they take little more than half its time, and no eye tells the pictures apart. What
must be streamed all the same would gain a fifth by them: not worth giving up the very picture of the whole model."""
_READING = (_Way(), _Way(streamed=True))  # words are read once: a second or two, whatever follows


_UNPACKING = 1.6
"""By what a GGUF file takes longer: 45 s where the whole of FLUX.1 took 27, say those who measured it on an A40."""
_SMALL = ("gguf", "int8", "fp8")
_FREE = wire.Pinned()


class Stage(BaseModel):
    """How the parts of one lease are kept, and what that takes in bytes. ``device_bytes`` holds the work too."""

    model_config = ConfigDict(frozen=True)

    parts: dict[str, Keeping]
    device_bytes: int
    beside_bytes: int
    slowdown: float
    fits: bool

    @property
    def precision(self) -> str:
        """How the numbers of its largest parts rest: ``gguf``, ``int8``, ``fp8``, or torch's name of what they are."""
        known = {way.precision for way in self.parts.values()}
        small = next((name for name in _SMALL if name in known), None)
        return small or next((way.dtype for way in self.parts.values() if way.dtype), "float32")

    @property
    def offload(self) -> str:
        """``streamed``, or ``none``."""
        return "streamed" if any(way.streamed for way in self.parts.values()) else "none"


class Plan(BaseModel):
    """How a request's model is kept while it reads the words, and while it paints.

    ``version`` is the id of the smaller version that is taken in its place, if one is.
    """

    model_config = ConfigDict(frozen=True)

    reading: Stage
    painting: Stage
    version: str = ""

    @property
    def fits(self) -> bool:
        return self.reading.fits and self.painting.fits

    @property
    def device_bytes(self) -> int:
        """What is needed of the device: the two are there one after the other."""
        return max(self.reading.device_bytes, self.painting.device_bytes)

    @property
    def beside_bytes(self) -> int:
        """What is needed of main memory beside the device."""
        return max(self.reading.beside_bytes, self.painting.beside_bytes)

    @property
    def plain(self) -> bool:
        """Whether everything is kept whole on the device."""
        ways = [*self.reading.parts.values(), *self.painting.parts.values()]
        return not (self.version or any(way.mark for way in ways))

    def lacks_beside(self, room: Room) -> bool:
        """Whether it is main memory that is too small, not the device."""
        return self.device_bytes <= room.device and self.beside_bytes > room.beside

    @property
    def slowdown(self) -> float:
        """How many times as long it takes as with everything on the device; a prior."""
        return self.painting.slowdown

    @property
    def words(self) -> str:
        """“Fits.”, or what it costs to fit."""
        precision = f" in {self.painting.precision}" if self.painting.precision in _SMALL else ""
        offload = " with offload" if "streamed" in (self.painting.offload, self.reading.offload) else ""
        slower = f", about {self.slowdown:g}x slower" if self.slowdown > 1 else ""
        return f"Fits{precision}{offload}{slower}."

    @property
    def record(self) -> dict[str, Any]:
        """For the provenance of what was made."""
        both = {"reading": self.reading, "painting": self.painting}
        kept = {name: {"precision": stage.precision, "offload": stage.offload} for name, stage in both.items()}
        return kept | ({"version": self.version} if self.version else {})


def settled(entry: Entry, catalog: Catalog, working: Working, room: Room, pinned: wire.Pinned = _FREE) -> Plan:
    """The plan for an entry; where none fits, that for its largest smaller version which is installed and does fit.
    What is ``pinned`` goes before what is better, where it fits.

    Raises StudioError where a file is damaged.
    """
    for one in [one for one in catalog.smaller(entry) if one.id == pinned.version and catalog.installed(one)]:
        same = plan(one, stages(one, catalog), working, room, pinned)
        if same.fits:
            return same.model_copy(update={"version": one.id})
    own = plan(entry, stages(entry, catalog), working, room, pinned)
    versions = [] if own.fits else [one for one in catalog.smaller(entry) if catalog.installed(one)]
    for one in versions:
        found = plan(one, stages(one, catalog), working, room)
        if found.fits:
            return found.model_copy(update={"version": one.id})
    return own


def plan(entry: Entry, stages: Stages, working: Working, room: Room, pinned: wire.Pinned = _FREE) -> Plan:
    """The best plan that fits, else the one that lacks least (then ``fits`` is False); in the ``pinned`` precisions if
    one in these fits."""
    reading, painting = stages
    return Plan(
        reading=_stage(entry, reading, _READING, working.reading, room, pinned.reading),
        painting=_stage(entry, painting, _PAINTING, working.painting, room, pinned.painting),
    )


def _stage(
    entry: Entry, parts: Mapping[str, Weights], ways: tuple[_Way, ...], working: int, room: Room, precision: str
) -> Stage:
    possible = [_kept(entry, parts, way, working, room) for way in ways if room.beside or not way.streamed]
    fitting = [stage for stage in possible if stage.fits]
    same = [stage for stage in fitting if stage.precision == precision]
    return next(iter(same or fitting), None) or min(possible, key=lambda one: _missing(one, room))


def _missing(stage: Stage, room: Room) -> int:
    """Bytes that a stage lacks, where it lacks most."""
    return max(stage.device_bytes - room.device, stage.beside_bytes - room.beside)


def _kept(entry: Entry, parts: Mapping[str, Weights], way: _Way, working: int, room: Room) -> Stage:
    keep = dict(_keepings(entry, parts, way, room))
    taken = [
        held(one.numbers, one.layer, sizes.element_bytes(keep[name].dtype or one.dtype), keep[name])
        for name, one in parts.items()
    ]
    device, beside = working + sum(device for device, _ in taken), sum(beside for _, beside in taken)
    fits = device <= room.device and beside <= room.beside
    slowdown = max(way.slowdown, _UNPACKING) if any(one.packed for one in parts.values()) else way.slowdown
    return Stage(parts=keep, device_bytes=device, beside_bytes=beside, slowdown=slowdown, fits=fits)


def _keepings(entry: Entry, parts: Mapping[str, Weights], way: _Way, room: Room) -> Iterator[tuple[str, Keeping]]:
    """Each part's keeping. The decoder is small, and works outside of what streaming and casting reach.

    Most pipelines hand the denoiser's numbers to the decoder as they are, so that it computes in the denoiser's
    precision however it is stored, unless the family says otherwise.
    """
    shared = None if room.beside else processor_dtype(sum(one.bytes for one in parts.values()), room.total)
    card = half(entry) if room.beside else None
    own = {
        name: shared or (card if _denoises(name) or one.dtype == "float32" else None) or one.dtype
        for name, one in parts.items()
    }
    denoiser = next((dtype for name, dtype in own.items() if _denoises(name)), None)
    for name, one in parts.items():
        if name.startswith("vae"):
            yield name, Keeping(dtype=families.of(entry).vae_dtype or denoiser or own[name])
            continue
        # Linear layers are all that int8 reaches, and all that transformers are made of.
        small = "" if one.packed or not way.eight else "int8" if name.startswith("transformer") else "fp8"
        yield (
            name,
            Keeping(
                dtype=own[name], int8=small == "int8", fp8=small == "fp8", streamed=way.streamed, packed=one.packed
            ),
        )


def _denoises(name: str) -> bool:
    return name.startswith(("transformer", "unet"))
