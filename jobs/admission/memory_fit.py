"""Whether a request fits in memory, and what would: the sentence a person reads, and the buttons next to it."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from engines import protocol
from engines.catalog import Catalog, Entry
from engines.diffusion.auxiliary_models import known_auxiliary_models
from engines.diffusion.planning import choose_plan, plannable, workload
from engines.loras import families
from engines.memory.plan import MemoryBudget, Plan
from engines.memory_fit import available_bytes, needed_bytes, size_of
from engines.requests import AssetFacts, CreateClip, CreateImage, PromptRequest, Request, parse
from engines.tasks import TASKS
from errors import Problem, StudioError
from jobs.queue.costs import Costs
from jobs.queue.live_job import Expected
from jobs.queue.live_store import LiveStore
from jobs.views import Offer

Facts = Mapping[str, AssetFacts]

_SMALLER = (0.75, 0.5, 0.375, 0.25)
"""Sides of a smaller picture, as fractions of the requested ones."""
_GRID = 64
"""The sides are multiples of this many px, which every model accepts."""
_SETTINGS = ("steps", "guidance")
"""Settings that take another model's defaults; so does the size, if it does not accept the requested one."""


class MemoryFit(NamedTuple):
    """The bytes a request needs on its device, how many times slower offloading makes it, a sentence about its
    placement, the problem if it does not fit at all, and what would work instead."""

    bytes: int
    slowdown: float = 1.0
    words: str = ""
    problem: Problem | None = None
    offers: tuple[Offer, ...] = ()


class MemoryFitter:
    """Plans requests the way the engine will, assuming that nothing else uses the device."""

    def __init__(self, catalog: Catalog, costs: Costs, live: LiveStore) -> None:
        self._catalog = catalog
        self._costs = costs
        self._live = live

    def look(self, request: Request, entry: Entry, expected: Expected, facts: Facts) -> MemoryFit:
        """Whether a request fits; if its model is not installed, the first offer is to download it."""
        fit = self._planned(request, entry, facts) or self._plain(request, entry, expected, facts)
        if self._catalog.installed(entry) or fit.problem:
            return fit
        size = f" ({size_of(entry.download_bytes)})" if entry.download_bytes else ""
        get = Offer(
            label=f"Download{size}, then make", seconds=expected.load + expected.run * fit.slowdown, get=entry.id
        )
        absent = Problem(code="missing_model", what=f"{entry.name} is not installed.", next=f"{get.label}.")
        return fit._replace(problem=absent, offers=(get, *fit.offers))

    def _plain(self, request: Request, entry: Entry, expected: Expected, facts: Facts) -> MemoryFit:
        """For everything but diffusion: the smallest format plus the memory that past work took."""
        count = _least(entry, expected)
        room = self._live.capacity(entry.lane)
        if room is None or count <= room:
            return MemoryFit(count, offers=tuple(islice(self._quicker(request, entry, facts), 1)))
        smaller = (
            one.name
            for one in self._catalog.for_task(request.task)
            if self._catalog.installed(one) and one.sketch <= entry.sketch and _least(one, expected) <= room
        )
        other = next(smaller, None)
        return MemoryFit(
            count,
            problem=_does_not_fit(
                entry,
                size_of(count),
                size_of(room),
                f"{other} would fit." if other else "Choose a smaller model.",
            ),
        )

    def _quicker(self, request: Request, entry: Entry, facts: Facts) -> Iterator[Offer]:
        """Models for this computer's GPU to download, if the request would run on the CPU."""
        if not self._catalog.on_card or entry.lane == "device":
            return
        for other in self._catalog.for_task(request.task):
            if request.task not in other.best_on_card or self._catalog.installed(other):
                continue
            changed = self._legal(request, {"model": other.id}, facts, coming=other.id)
            if changed:
                units = TASKS[request.task].units(changed, facts)
                expected = self._costs.expect(request.task, other.id, units)
                size = size_of(other.download_bytes)
                yield Offer(
                    label=f"on the GPU, download first ({size})",
                    seconds=expected.load + expected.run,
                    changes={"model": other.id},
                    get=other.id,
                )

    # -- pictures

    def _planned(self, request: Request, entry: Entry, facts: Facts) -> MemoryFit | None:
        state = self._live.devices().get(entry.lane)
        plan = self._plan(request, entry, state, facts)
        if plan is None or state is None:
            return None
        if plan.fits and plan.denoise.offload == "none":
            return MemoryFit(plan.device_bytes, plan.slowdown, plan.words)
        offers = tuple(self._offers(request, entry, plan, state, facts))
        if plan.fits:
            return MemoryFit(plan.device_bytes, plan.slowdown, plan.words, offers=offers)
        room = MemoryBudget.of(state)
        next = f"Options: {', '.join(offer.label for offer in offers)}." if offers else "Choose a smaller model."
        problem = _does_not_fit(entry, needed_bytes(plan, room), available_bytes(plan, room, state), next)
        return MemoryFit(plan.device_bytes, problem=problem, offers=offers)

    def _plan(self, request: Request, entry: Entry, state: protocol.DeviceState | None, facts: Facts) -> Plan | None:
        """The memory plan of a request; None if it does not use diffusion, or if a file is damaged."""
        if state is None or not isinstance(request, PromptRequest) or not plannable(entry):
            return None
        try:
            helpers = known_auxiliary_models(request, entry, self._catalog)
            load = workload(request, entry, self._catalog, facts, helpers)
            return choose_plan(load, self._catalog, MemoryBudget.of(state))
        except StudioError:
            return None

    def _offers(
        self, request: Request, entry: Entry, plan: Plan, state: protocol.DeviceState, facts: Facts
    ) -> Iterator[Offer]:
        """What would work, most useful first: the request as it is, with another model, smaller."""
        if plan.fits:
            yield Offer(label="with streaming", seconds=self._seconds(request, entry, plan, facts))
        yield from islice(self._versions(request, entry, state, facts), 1)
        for changed, other in self._by_others(request, entry, facts):
            other_plan = self._plan(changed, other, state, facts)
            if other_plan and other_plan.fits and other_plan.denoise.offload == "none":
                near = families.is_compatible(other.lora_family, entry.lora_family)
                label = f"smaller version: {other.name}" if near else other.name
                yield self._offer(label, request, changed, other, other_plan, facts)
                break
        for changed in self._smaller(request, entry, facts):
            other_plan = self._plan(changed, entry, state, facts)
            if other_plan and other_plan.fits and (not plan.fits or other_plan.denoise.offload == "none"):
                yield self._offer(f"smaller {request.noun}", request, changed, entry, other_plan, facts)
                break

    def _versions(self, request: Request, entry: Entry, state: protocol.DeviceState, facts: Facts) -> Iterator[Offer]:
        """The entry's smaller versions that need no streaming, installed ones before those to download."""
        for version in self._catalog.quantizations(entry):
            changed = self._legal(request, {"model": version.id}, facts, coming=version.id)
            other_plan = self._plan(changed, version, state, facts) if changed else None
            if changed and other_plan and other_plan.fits and other_plan.denoise.offload == "none":
                here = self._catalog.installed(version)
                size = size_of(self._catalog.missing_bytes(version))
                label = f"smaller version: {version.name}" + ("" if here else f", download first ({size})")
                offer = self._offer(label, request, changed, version, other_plan, facts)
                yield offer.model_copy(update={"get": None if here else version.id})

    def _by_others(self, request: Request, entry: Entry, facts: Facts) -> Iterator[tuple[Request, Entry]]:
        """The request for other installed models, those of the same family first; sketch models are never offered."""
        every = self._catalog.for_task(request.task)
        others = [one for one in every if one.id != entry.id and one.sketch <= entry.sketch]
        for other in sorted(others, key=lambda one: not families.is_compatible(one.lora_family, entry.lora_family)):
            own = {**other.defaults, **other.task_defaults.get(request.task, {})}
            if self._catalog.installed(other):
                for fields in (_SETTINGS, (*_SETTINGS, "width", "height")):
                    changes: dict[str, Any] = {name: own[name] for name in fields if name in own}
                    changed = self._legal(request, {"model": other.id, **changes}, facts)
                    if changed:
                        yield changed, other
                        break

    def _smaller(self, request: Request, entry: Entry, facts: Facts) -> Iterator[Request]:
        if not isinstance(request, CreateImage | CreateClip):
            return
        for part in _SMALLER:
            sides = {name: round(getattr(request, name) * part / _GRID) * _GRID for name in ("width", "height")}
            changed = self._legal(request, sides, facts)
            if changed:
                yield changed

    def _legal(self, request: Request, changes: dict[str, Any], facts: Facts, coming: str = "") -> Request | None:
        """The request with changes, if its model accepts them; the model with id ``coming`` need not be installed."""
        try:
            changed = parse({**request.model_dump(), **changes})
            return self._catalog.prepare(changed, facts, lambda one: one.id == coming)
        except StudioError:
            return None

    def _offer(self, label: str, request: Request, changed: Request, entry: Entry, plan: Plan, facts: Facts) -> Offer:
        before, after = request.model_dump(mode="json"), changed.model_dump(mode="json")
        changes = {name: value for name, value in after.items() if value != before[name]}
        return Offer(label=label, seconds=self._seconds(changed, entry, plan, facts), changes=changes)

    def _seconds(self, request: Request, entry: Entry, plan: Plan, facts: Facts) -> float:
        expected = self._costs.expect(request.task, entry.id, TASKS[request.task].units(request, facts))
        return expected.load + expected.run * (1 if expected.learned else plan.slowdown)


def _does_not_fit(entry: Entry, needs: str, has: str, next: str) -> Problem:
    return Problem(code="does_not_fit", what=f"{entry.name} needs {needs}; you have {has}.", next=next)


def _least(entry: Entry, expected: Expected) -> int:
    return min(entry.memory.values(), default=0) + expected.working_bytes
