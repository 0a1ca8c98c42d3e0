"""The memory plan of a job: how each stage's model parts are placed. The first strategy that fits wins, best quality
first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from engines import protocol
from engines.catalog.acceleration import Acceleration
from engines.memory.device import card_headroom, processor_dtype
from engines.memory.placement import Placement, bytes_needed
from engines.weights import sizes
from engines.weights.part_weights import PartWeights

_HOST_SHARE = 0.72
"""The part of main memory that streamed weights may take: what the swapper allows of what is usually free."""


class MemoryBudget(BaseModel):
    """Bytes that one job's models and work may take on the device and in main memory; ``total`` is the device's size.
    ``host`` is 0 if the device uses main memory: a CPU, where nothing needs to be streamed."""

    model_config = ConfigDict(frozen=True)

    device: int
    host: int
    total: int

    def from_limit(self, limit: int | None) -> "MemoryBudget":
        """Return the budget if no other program used the device; ``limit`` is the most that models may take."""
        device = min(self.total - card_headroom(self.total), limit or self.total)
        return self.model_copy(update={"device": max(self.device, device)})

    @classmethod
    def of(cls, state: protocol.DeviceState) -> "MemoryBudget":
        """Return the budget of a device that no other program uses."""
        keep_free = card_headroom(state.total_bytes) if state.host_bytes else state.total_bytes // 10
        return cls(
            device=state.total_bytes - keep_free,
            host=int(state.host_bytes * _HOST_SHARE),
            total=state.total_bytes,
        )


class _Strategy(NamedTuple):
    """A way to place the parts that do most of the work, and its slowdown.

    The factors are priors, not measured here. Streamed weights cross the bus once per step: 24 GB take about a second
    at the 22 GB/s of PCIe 4, as long as a GPU of that size computes at one megapixel, and the two partly overlap. In
    eight bits, half as much crosses. Converting each layer for its computation costs a tenth.
    """

    eight: bool = False
    streamed: bool = False
    slowdown: float = 1.0
    tiled: bool = False


_DENOISE = (
    _Strategy(),
    _Strategy(eight=True, slowdown=1.1),
    _Strategy(streamed=True, slowdown=2.0),
    _Strategy(True, True, 1.6),
)
"""Eight bits come before streaming: they take little more than half its time, and the difference in the pictures is
invisible. If weights must be streamed anyway, eight bits would only save a fifth: not worth a different picture."""
_DECODE = (_Strategy(), _Strategy(tiled=True))
_ENCODE = (_Strategy(), _Strategy(streamed=True))  # a prompt is encoded once, which takes a second or two


_UNPACKING = 1.6
"""The slowdown of a GGUF file: others measured 45 s instead of 27 s for FLUX.1 on an A40."""
_SMALL = ("gguf", "int8", "fp8")
_FREE = protocol.Pinned()
_NONE = Acceleration()
_MAIN = "denoise"
"""The stage that takes most of the time; its placement is shown to people."""


class Precisions(NamedTuple):
    """A model's compute precisions, torch's names: ``half`` on a GPU, if its entry has one; ``vae`` is required by its
    autoencoder, empty if it uses the denoiser's; ``vocoder`` by its vocoder, empty if it uses its own."""

    half: str | None
    vae: str
    vocoder: str = ""


class StageNeeds(NamedTuple):
    """What a stage leases: its parts, and the bytes its work needs on the device in addition. ``whole_bytes`` is the
    size of parts of other models, which are placed whole on the device. ``tiled_bytes`` is what the work needs in
    tiles, 0 if it cannot be tiled."""

    name: str
    parts: Mapping[str, PartWeights]
    working_bytes: int
    whole_bytes: int = 0
    tiled_bytes: int = 0


class StagePlan(BaseModel):
    """The placement of one stage's parts, and its size in bytes. ``device_bytes`` includes the work."""

    model_config = ConfigDict(frozen=True)

    parts: dict[str, Placement]
    device_bytes: int
    host_bytes: int
    slowdown: float
    fits: bool
    tiled: bool = False
    acceleration: Acceleration = Acceleration()

    @property
    def precision(self) -> str:
        """The storage precision of its largest parts: ``gguf``, ``int8``, ``fp8``, or torch's name."""
        known = {way.precision for way in self.parts.values()}
        small = next((name for name in _SMALL if name in known), None)
        return small or next((way.dtype for way in self.parts.values() if way.dtype), "float32")

    @property
    def offload(self) -> str:
        """``streamed``, or ``none``."""
        return "streamed" if any(way.streamed for way in self.parts.values()) else "none"


class Plan(BaseModel):
    """The placement of a request's model, stage by stage, in the order in which the stages are leased.

    ``version`` is the id of the quantization used instead of the model, if any.
    """

    model_config = ConfigDict(frozen=True)

    stages: dict[str, StagePlan]
    version: str = ""

    @property
    def denoise(self) -> StagePlan:
        """The stage that takes most of the time."""
        return self.stages[_MAIN]

    @property
    def fits(self) -> bool:
        return all(stage.fits for stage in self.stages.values())

    @property
    def device_bytes(self) -> int:
        """The bytes needed on the device: those of the largest stage, since stages follow each other."""
        return max(stage.device_bytes for stage in self.stages.values())

    @property
    def host_bytes(self) -> int:
        """The bytes needed in main memory."""
        return max(stage.host_bytes for stage in self.stages.values())

    @property
    def plain(self) -> bool:
        """Whether everything is placed whole on the device."""
        ways = [way for stage in self.stages.values() for way in stage.parts.values()]
        return not (self.version or any(way.mark for way in ways))

    def lacks_main_memory(self, budget: MemoryBudget) -> bool:
        """Whether main memory is too small, not the device."""
        return self.device_bytes <= budget.device and self.host_bytes > budget.host

    @property
    def slowdown(self) -> float:
        """How many times longer it takes than with everything on the device; a prior."""
        return max(stage.slowdown for name, stage in self.stages.items() if name.startswith(_MAIN))

    @property
    def words(self) -> str:
        """“Fits.”, or what it costs to fit."""
        precision = f" in {self.denoise.precision}" if self.denoise.precision in _SMALL else ""
        streamed = any(stage.offload == "streamed" for stage in self.stages.values())
        offload = " with streaming" if streamed else ""
        slower = f", about {self.slowdown:g}× slower" if self.slowdown > 1 else ""
        return f"Fits{precision}{offload}{slower}."

    @property
    def record(self) -> dict[str, Any]:
        """The plan as recorded in the provenance of results."""
        stages = {name: {"precision": one.precision, "offload": one.offload} for name, one in self.stages.items()}
        return stages | ({"version": self.version} if self.version else {})


def plan(
    needs: Sequence[StageNeeds],
    precisions: Precisions,
    budget: MemoryBudget,
    pinned: protocol.Pinned = _FREE,
    acceleration: Acceleration = _NONE,
) -> Plan:
    """Return the best plan that fits, else the one that lacks the least memory (with ``fits`` False). A fitting plan in
    the ``pinned`` precisions is preferred. Of ``acceleration``, the plan keeps what the device and the placement of the
    weights allow."""
    dtypes = dict(_dtypes(needs, precisions, budget))
    stages = {one.name: _stage(one, dtypes, budget, pinned) for one in needs}
    return Plan(stages={name: _with_acceleration(name, stage, acceleration, budget) for name, stage in stages.items()})


def _with_acceleration(name: str, stage: StagePlan, wanted: Acceleration, budget: MemoryBudget) -> StagePlan:
    if not name.startswith(_MAIN) or wanted == _NONE:
        return stage
    on_card = budget.host > 0
    plain = not any(placement.mark for placement in stage.parts.values())
    allowed = {"attention": wanted.attention if on_card else "", "compile": wanted.compile and on_card and plain}
    return stage.model_copy(update={"acceleration": wanted.model_copy(update=allowed)})


def _stage(needs: StageNeeds, dtypes: Mapping[str, str], budget: MemoryBudget, pinned: protocol.Pinned) -> StagePlan:
    strategies = _DENOISE if needs.name.startswith(_MAIN) else _ENCODE
    if needs.tiled_bytes:
        strategies = _DECODE
    possible = [_fit_parts(needs, dtypes, one, budget) for one in strategies if budget.host or not one.streamed]
    fitting = [stage for stage in possible if stage.fits]
    precision = pinned.stages.get(needs.name)
    same = [stage for stage in fitting if stage.precision == precision or (stage.tiled and pinned.tiled)]
    return next(iter(same or fitting), None) or min(possible, key=lambda one: _missing(one, budget))


def _missing(stage: StagePlan, budget: MemoryBudget) -> int:
    """Return the bytes that a stage lacks on the device or in main memory, whichever is more."""
    return max(stage.device_bytes - budget.device, stage.host_bytes - budget.host)


def _fit_parts(needs: StageNeeds, dtypes: Mapping[str, str], strategy: _Strategy, budget: MemoryBudget) -> StagePlan:
    placements = {name: _placement(name, one, dtypes[name], strategy) for name, one in needs.parts.items()}
    budgets = [
        bytes_needed(one.numbers, one.layer, sizes.element_bytes(dtypes[name]), placements[name])
        for name, one in needs.parts.items()
    ]
    working = needs.tiled_bytes if strategy.tiled else needs.working_bytes
    device = working + needs.whole_bytes + sum(device for device, _ in budgets)
    host = sum(host for _, host in budgets)
    packed = any(one.packed for one in needs.parts.values())
    return StagePlan(
        parts=placements,
        device_bytes=device,
        host_bytes=host,
        slowdown=max(strategy.slowdown, _UNPACKING) if packed else strategy.slowdown,
        fits=device <= budget.device and host <= budget.host,
        tiled=strategy.tiled,
    )


def _placement(name: str, weights: PartWeights, dtype: str, strategy: _Strategy) -> Placement:
    """Return a part's placement. Decoders are small, and streaming and casting do not cover them."""
    if name.startswith(("vae", "audio_vae")):
        return Placement(dtype=dtype)
    # int8 only covers linear layers, which is all that transformers consist of.
    eight = "" if weights.packed or not strategy.eight else "int8" if name.startswith("transformer") else "fp8"
    return Placement(
        dtype=dtype, int8=eight == "int8", fp8=eight == "fp8", streamed=strategy.streamed, packed=weights.packed
    )


def _dtypes(needs: Sequence[StageNeeds], precisions: Precisions, budget: MemoryBudget) -> Iterator[tuple[str, str]]:
    """Yield each part's compute precision.

    Most pipelines pass the denoiser's latents to the decoder unchanged, so that the decoder computes in the denoiser's
    precision regardless of how it is stored, unless the family says otherwise.
    """
    own: dict[str, str] = {}
    for stage in needs:
        # On a CPU, all parts of a stage are in memory at the same time.
        shared = None if budget.host else processor_dtype(sum(one.bytes for one in stage.parts.values()), budget.total)
        card = precisions.half if budget.host else None
        for name, one in stage.parts.items():
            own.setdefault(name, shared or (card if _denoises(name) or one.dtype == "float32" else None) or one.dtype)
    denoiser = next((dtype for name, dtype in own.items() if _denoises(name)), None)
    for name, dtype in own.items():
        required = precisions.vocoder if name == "vocoder" else ""
        yield name, (precisions.vae or denoiser or dtype) if name.startswith("vae") else (required or dtype)


def _denoises(name: str) -> bool:
    return name.startswith(("transformer", "unet"))
