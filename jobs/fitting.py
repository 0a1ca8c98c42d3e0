"""Whether a request fits the machine, and what would: the sentence a person reads, and the buttons beside it."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from engines import planning, wire
from engines.catalog import Catalog, Entry
from engines.catalog.fitting import had, needed, size_of
from engines.loras import families
from engines.requests import AssetFacts, CreateClip, CreateImage, Drawing, Request, parse
from engines.tasks import TASKS
from errors import Problem, StudioError
from jobs.costs import Costs
from jobs.live import LiveStore
from jobs.record import Expected
from jobs.views import Offer

Facts = Mapping[str, AssetFacts]

_SMALLER = (0.75, 0.5, 0.375, 0.25)
"""Sides of a smaller picture, as parts of what was asked."""
_GRID = 64
"""What they are a multiple of, in px: legal for every model."""
_SETTINGS = ("steps", "guidance")
"""What another model wants as it is used to; its size too, where that which was asked is not legal for it."""


class Fitted(NamedTuple):
    """The bytes a request needs on its device, how many times as long it takes for want of them, how it is kept in a
    person's words, what to say where it does not fit at all, and what would work instead."""

    bytes: int
    slowdown: float = 1.0
    words: str = ""
    problem: Problem | None = None
    offers: tuple[Offer, ...] = ()


class Fitting:
    """Looks at requests as the engine will plan them, on a machine that nobody else uses."""

    def __init__(self, catalog: Catalog, costs: Costs, live: LiveStore) -> None:
        self._catalog = catalog
        self._costs = costs
        self._live = live

    def look(self, request: Request, entry: Entry, expected: Expected, facts: Facts) -> Fitted:
        """How a request stands to the machine; one whose model is not here is offered to be got first."""
        found = self._planned(request, entry, facts) or self._plain(request, entry, expected, facts)
        if self._catalog.installed(entry) or found.problem:
            return found
        size = f" ({size_of(entry.download_bytes)})" if entry.download_bytes else ""
        get = Offer(
            label=f"Get it{size}, then make", seconds=expected.load + expected.run * found.slowdown, get=entry.id
        )
        absent = Problem(code="missing_model", what=f"{entry.name} is not on this machine.", next=f"{get.label}.")
        return found._replace(problem=absent, offers=(get, *found.offers))

    def _plain(self, request: Request, entry: Entry, expected: Expected, facts: Facts) -> Fitted:
        """For everything but painting: the smallest format and what the work took."""
        count = _least(entry, expected)
        room = self._live.capacity(entry.lane)
        if room is None or count <= room:
            return Fitted(count, offers=tuple(islice(self._quicker(request, entry, facts), 1)))
        smaller = (
            one.name
            for one in self._catalog.for_task(request.task)
            if self._catalog.installed(one) and one.sketch <= entry.sketch and _least(one, expected) <= room
        )
        other = next(smaller, None)
        return Fitted(
            count,
            problem=_does_not_fit(
                entry,
                size_of(count),
                size_of(room),
                f"{other} would fit." if other else "Take a smaller model.",
            ),
        )

    def _quicker(self, request: Request, entry: Entry, facts: Facts) -> Iterator[Offer]:
        """Models made for this machine's graphics card, to be got, where one without is about to work."""
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
                    label=f"on the graphics card, get it first ({size})",
                    seconds=expected.load + expected.run,
                    changes={"model": other.id},
                    get=other.id,
                )

    # -- pictures

    def _planned(self, request: Request, entry: Entry, facts: Facts) -> Fitted | None:
        state = self._live.devices().get(entry.lane)
        plan = self._plan(request, entry, state)
        if plan is None or state is None:
            return None
        if plan.plain or (plan.fits and plan.painting.offload == "none"):
            return Fitted(plan.device_bytes, plan.slowdown, plan.words)
        offers = tuple(self._offers(request, entry, plan, state, facts))
        if plan.fits:
            return Fitted(plan.device_bytes, plan.slowdown, plan.words, offers=offers)
        room = planning.Room.of(state)
        next = f"This would do: {', '.join(offer.label for offer in offers)}." if offers else "Take a smaller model."
        problem = _does_not_fit(entry, needed(plan, room), had(plan, room, state), next)
        return Fitted(plan.device_bytes, problem=problem, offers=offers)

    def _plan(self, request: Request, entry: Entry, state: wire.DeviceState | None) -> planning.Plan | None:
        """How a request would be kept; None for what does not paint, or where a file is damaged."""
        if state is None or not isinstance(request, Drawing) or not planning.plannable(entry):
            return None
        try:
            working = planning.working(request, entry, self._catalog)
            return planning.settled(entry, self._catalog, working, planning.Room.of(state))
        except StudioError:
            return None

    def _offers(
        self, request: Request, entry: Entry, plan: planning.Plan, state: wire.DeviceState, facts: Facts
    ) -> Iterator[Offer]:
        """What would work, most useful first: what was asked, by another model, smaller."""
        if plan.fits:
            yield Offer(label="streamed", seconds=self._seconds(request, entry, plan, facts))
        yield from islice(self._versions(request, entry, state, facts), 1)
        for changed, other in self._by_others(request, entry, facts):
            found = self._plan(changed, other, state)
            if found and found.fits and found.painting.offload == "none":
                near = families.akin(other.lora_family, entry.lora_family)
                label = f"smaller version: {other.name}" if near else other.name
                yield self._offer(label, request, changed, other, found, facts)
                break
        for changed in self._smaller(request, entry, facts):
            found = self._plan(changed, entry, state)
            if found and found.fits and (not plan.fits or found.painting.offload == "none"):
                yield self._offer(f"smaller {request.noun}", request, changed, entry, found, facts)
                break

    def _versions(self, request: Request, entry: Entry, state: wire.DeviceState, facts: Facts) -> Iterator[Offer]:
        """The entry's smaller versions that need no streaming, those that are here before those that can be got."""
        for version in self._catalog.smaller(entry):
            changed = self._legal(request, {"model": version.id}, facts, coming=version.id)
            found = self._plan(changed, version, state) if changed else None
            if changed and found and found.fits and found.painting.offload == "none":
                here = self._catalog.installed(version)
                size = size_of(self._catalog.missing_bytes(version))
                label = f"smaller version: {version.name}" + ("" if here else f", get it first ({size})")
                offer = self._offer(label, request, changed, version, found, facts)
                yield offer.model_copy(update={"get": None if here else version.id})

    def _by_others(self, request: Request, entry: Entry, facts: Facts) -> Iterator[tuple[Request, Entry]]:
        """The request as other installed models would do it, those of the same family first; a sketch is no offer."""
        every = self._catalog.for_task(request.task)
        others = [one for one in every if one.id != entry.id and one.sketch <= entry.sketch]
        for other in sorted(others, key=lambda one: not families.akin(one.lora_family, entry.lora_family)):
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
        """The request with changes, where its model takes them; one whose id is ``coming`` need not be here."""
        try:
            changed = parse({**request.model_dump(), **changes})
            return self._catalog.prepare(changed, facts, lambda one: one.id == coming)
        except StudioError:
            return None

    def _offer(
        self, label: str, request: Request, changed: Request, entry: Entry, plan: planning.Plan, facts: Facts
    ) -> Offer:
        before, after = request.model_dump(mode="json"), changed.model_dump(mode="json")
        changes = {name: value for name, value in after.items() if value != before[name]}
        return Offer(label=label, seconds=self._seconds(changed, entry, plan, facts), changes=changes)

    def _seconds(self, request: Request, entry: Entry, plan: planning.Plan, facts: Facts) -> float:
        expected = self._costs.expect(request.task, entry.id, TASKS[request.task].units(request, facts))
        return expected.load + expected.run * (1 if expected.learned else plan.slowdown)


def _does_not_fit(entry: Entry, needs: str, has: str, next: str) -> Problem:
    return Problem(code="does_not_fit", what=f"{entry.name} needs {needs}, you have {has}.", next=next)


def _least(entry: Entry, expected: Expected) -> int:
    return min(entry.memory.values(), default=0) + expected.working_bytes
