"""Keeps models in memory for as long as there is room, and makes room when there is not."""

import gc
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from engines import runtime, wire
from engines.swapper import memory
from engines.swapper.component import Component, Place, beside, measured
from engines.swapper.device import Device, out_of_memory
from errors import StudioError

log = logging.getLogger(__name__)

_HOST_PART, _BESIDE_PART = 0.5, 0.8
"""How much of the free main memory models beside the device may fill; the same where the device has its own memory."""

Relief = Callable[[int, Callable[[], None]], bool]
"""Has another program give back so many bytes of device memory; whether some came free. Its second argument may raise
while it waits."""

_SHORT_PART, _SHORT_SECONDS = 0.1, 60.0
"""Where less than this part of the main memory may still be filled, models in it leave after so many idle seconds: an
engine in a process of its own does not know what others need."""

_LOOK_AGAIN = 0.1
"""Seconds after which a lease that waits looks whether its job was cancelled."""


@dataclass
class _Entry:
    """A loaded component."""

    component: Component
    model: Any
    bytes: int
    load_seconds: float
    leases: int = 0
    used: float = field(default_factory=time.monotonic)


class _Short(Exception):
    """So many bytes of device memory are missing that no drop of ours can free."""

    def __init__(self, missing: int) -> None:
        super().__init__(missing)
        self.missing = missing


class Swapper:
    """The only way to a model. One a process; safe to use from several threads.

    What a lease holds is never dropped. Beyond that the least recently used goes first, of several used at the same
    moment the one that loads fastest; small ones are spared where a larger one must go all the same. ``relieve`` is
    asked last, with no lock held. Dropping frees; nothing is copied back: the files'
    page cache is the tier below.
    """

    def __init__(
        self,
        device: Device,
        memory_bytes: int | None = None,
        idle_seconds: float = 900,
        relieve: Relief = lambda missing, check: False,
    ) -> None:
        self.device = device
        self._limit = memory_bytes
        self._idle_seconds = idle_seconds
        self._relieve = relieve
        self._entries: dict[str, _Entry] = {}
        self._changed = threading.Condition(threading.RLock())
        self._holders: dict[int, int] = {}

    # -- leases

    @contextmanager
    def lease(
        self,
        components: Sequence[Component],
        *,
        working_bytes: int = 0,
        loading: Callable[[str], None] = lambda note: None,
        check: Callable[[], None] = lambda: None,
        spent: Callable[[float], None] = lambda seconds: None,
    ) -> Iterator[tuple[Any, ...]]:
        """The models of components, in memory for the length of the block.

        ``working_bytes`` are kept free on the device beside them. ``loading`` is told what is brought in, ``check``
        may raise between components, ``spent`` is told the seconds it took. Raises StudioError ``too_big`` where they
        can never fit, ``out_of_memory`` where they did not.
        """
        began = time.monotonic()
        entries = self._acquire(components, working_bytes, loading, check)
        spent(time.monotonic() - began)
        try:
            yield tuple(entry.model for entry in entries)
        finally:
            self._release(entries)

    def _acquire(
        self,
        components: Sequence[Component],
        working_bytes: int,
        loading: Callable[[str], None],
        check: Callable[[], None],
    ) -> list[_Entry]:
        may_ask = True
        while True:
            check()
            try:
                entries = self._acquire_soon(components, working_bytes, loading, check, may_ask)
            except _Short as short:
                may_ask = self._relieve(short.missing, check)
                continue
            if entries is not None:
                return entries
            with self._changed:
                self._changed.wait(_LOOK_AGAIN)

    def _acquire_soon(
        self,
        components: Sequence[Component],
        working_bytes: int,
        loading: Callable[[str], None],
        check: Callable[[], None],
        may_ask: bool,
    ) -> list[_Entry] | None:
        """One try at a lease. None: others load or hold what is needed. Raises _Short where ``may_ask``."""
        with self._changed:
            if all(component.key in self._entries for component in components):
                entries = self._acquire_now(components, working_bytes, loading, check, may_ask)
                if entries is not None:
                    return entries
        if not runtime.LOADING.acquire(timeout=_LOOK_AGAIN):
            return None
        try:
            return self._acquire_now(components, working_bytes, loading, check, may_ask)
        finally:
            runtime.LOADING.release()

    def _acquire_now(
        self,
        components: Sequence[Component],
        working_bytes: int,
        loading: Callable[[str], None],
        check: Callable[[], None],
        may_ask: bool,
    ) -> list[_Entry] | None:
        """Take the lease, with the load lock held if there is anything to load. None: other leases are in the way."""
        with self._changed:
            wanted = {component.key: component for component in components}
            if not self._make_room(wanted, working_bytes, may_ask):
                return None
            taken = [self._entries[key] for key in wanted if key in self._entries]
            self._take(taken)
        try:
            for key, component in wanted.items():
                if key in self._entries:
                    continue
                check()
                loading(component.note)
                entry = self._load(component)
                with self._changed:
                    self._entries[key] = entry
                    self._take([entry])
                taken.append(entry)
        except BaseException:
            self._release(taken)
            raise
        # One lease holds a component once, however often it is named.
        return [self._entries[component.key] for component in components]

    def _take(self, entries: Sequence[_Entry]) -> None:
        for entry in entries:
            entry.leases += 1
            self._holders[threading.get_ident()] = self._holders.get(threading.get_ident(), 0) + 1

    def _release(self, entries: Sequence[_Entry]) -> None:
        now = time.monotonic()
        with self._changed:
            for entry in {id(entry): entry for entry in entries}.values():
                entry.leases -= 1
                entry.used = now
                self._holders[threading.get_ident()] -= 1
            if not self._holders.get(threading.get_ident(), 0):
                self._holders.pop(threading.get_ident(), None)
            self._changed.notify_all()

    # -- room

    def _make_room(self, wanted: dict[str, Component], working_bytes: int, may_ask: bool) -> bool:
        """Drop what is in the way of ``wanted``. False: others hold what would be needed, and may let go of it.

        Raises _Short where ``may_ask`` another program, and it is not the limit that is in the way.
        """
        places: tuple[Place, ...] = ("device", "host")
        for place in places:
            missing = sum(_expected(c, place) for c in wanted.values() if c.key not in self._entries)
            needed = missing + (working_bytes if place == "device" else 0)
            if not needed:
                continue
            while self._room(place) < needed:
                idle = [e for e in self._in(place) if not e.leases and e.component.key not in wanted]
                if not idle:
                    if place == "device" and may_ask and needed <= self._allowance():
                        raise _Short(needed - self._room(place))
                    return self._cannot(place, needed, wanted)
                for entry in _in_the_way(idle, needed - self._room(place), place):
                    self._drop(entry)
        return True

    def _room(self, place: Place) -> int:
        """Bytes that may be taken in a place without dropping anything."""
        if place == "host":
            return int(memory.available() * (_BESIDE_PART if self.device.own_memory else _HOST_PART))
        return min(self.device.available(), self._allowance())

    def _allowance(self) -> int:
        """Bytes of the device that the studio may still take, however many of them are free."""
        if self._limit is None:
            return sys.maxsize
        return self._limit - sum(entry.bytes for entry in self._of("device"))

    def ask_others(self, missing: int, check: Callable[[], None]) -> bool:
        """Have another program give back device memory, ``missing`` bytes if it can; whether some came free."""
        return self._relieve(missing, check)

    def spare(self, bytes: int, check: Callable[[], None]) -> None:
        """Drop what nobody holds where fewer ``bytes`` are free: another program needs them."""
        if self.device.available() < bytes:
            self.free()

    def most(self) -> tuple[int, int]:
        """Bytes that one lease can have at most now, of the device and of the main memory beside it (0 where they are
        one): with everything dropped that nobody holds."""
        with self._changed:
            idle = [entry for entry in self._entries.values() if not entry.leases]
            device = self._room("device") + sum(_taken(entry, "device") for entry in idle)
            if not self.device.own_memory:
                return device, 0
            return device, self._room("host") + sum(_taken(entry, "host") for entry in idle)

    def _cannot(self, place: Place, needed: int, wanted: dict[str, Component]) -> bool:
        """False where other threads hold memory that they will give back, else StudioError ``too_big``."""
        others = [e for e in self._in(place) if e.leases and e.component.key not in wanted]
        mine = self._holders.get(threading.get_ident(), 0)
        # Who holds something while waiting for more could wait for ever.
        if others and not mine and self._room(place) + sum(_taken(entry, place) for entry in others) >= needed:
            return False
        room = max(0, self._room(place))
        raise StudioError(
            "too_big",
            f"This needs {_size(needed)} of memory, and {_size(room)} can be had.",
            f"Models may take {_size(self._total(place))} "
            f"of the {self.device.name if place == 'device' else 'main memory'} in all.",
            "Make it smaller, take a smaller model, or close other programs.",
            status=422,
        )

    def _total(self, place: Place) -> int:
        return memory.total() if place == "host" else min(self.device.total(), self._limit or self.device.total())

    def _in(self, place: Place) -> list[_Entry]:
        """What takes some of a place."""
        return [entry for entry in self._entries.values() if _taken(entry, place)]

    def _of(self, place: Place) -> list[_Entry]:
        return [entry for entry in self._entries.values() if entry.component.place == place]

    # -- loading and dropping

    def _load(self, component: Component) -> _Entry:
        """Load a component; when memory runs out, drop what nobody holds and try once more."""
        began = time.monotonic()
        model = self._try_load(component)
        if model is None:
            self.free()
            model = self._try_load(component)
        if model is None:
            raise StudioError(
                "out_of_memory",
                f"There is not enough memory for {component.note or component.key}.",
                f"It needs about {_size(component.bytes)} on the {self.device.name}.",
                "Wait until other work is done, close other programs, or take a smaller model.",
                status=503,
            )
        return _Entry(component, model, measured(component, model), time.monotonic() - began)

    def _try_load(self, component: Component) -> Any:
        """The loaded model, or None where memory ran out: the caller acts once the error holds nothing any more."""
        try:
            return component.load(self.device)
        except Exception as error:
            if not out_of_memory(error):
                raise
            log.warning("Out of memory while loading %s: %s", component.key, error)
            return None

    def _drop(self, entry: _Entry) -> None:
        del self._entries[entry.component.key]
        entry.component.drop(entry.model)
        entry.model = None
        self.device.give_back()
        log.info("Dropped %s (%s)", entry.component.key, _size(entry.bytes))

    def free(self) -> None:
        """Drop everything that nobody holds."""
        with runtime.LOADING, self._changed:
            for entry in [entry for entry in self._entries.values() if not entry.leases]:
                self._drop(entry)
            gc.collect()
            self.device.give_back()

    def sweep(self) -> bool:
        """Drop what nobody has used for ``idle_seconds``, sooner where main memory is short; whether there was any."""
        if not self._idle_seconds or not runtime.LOADING.acquire(blocking=False):
            return False
        try:
            with self._changed:
                idle = [entry for entry in self._entries.values() if not entry.leases and self._spent(entry)]
                for entry in idle:
                    self._drop(entry)
                if idle:
                    gc.collect()
                return bool(idle)
        finally:
            runtime.LOADING.release()

    def _spent(self, entry: _Entry) -> bool:
        seconds = time.monotonic() - entry.used
        on_device = entry.component.place == "device" and self.device.own_memory
        in_main_memory = not on_device or beside(entry.component) > 0
        if seconds >= _SHORT_SECONDS and in_main_memory and memory.available() < _SHORT_PART * memory.total():
            return True
        return seconds >= self._idle_seconds

    def close(self) -> None:
        """Let go of everything that nobody holds."""
        self.free()

    # -- what is shown

    def state(self, lane: wire.Lane) -> wire.DeviceState:
        """What the memory behind a lane holds: the device's, or the main memory for every other lane."""
        place: Place = "device" if lane == "device" else "host"
        with self._changed:
            now = time.monotonic()
            components = tuple(
                wire.LoadedComponent(
                    key=entry.component.key,
                    bytes=entry.bytes,
                    leased=entry.leases > 0,
                    idle_seconds=0 if entry.leases else now - entry.used,
                )
                for entry in self._of(place)
            )
        on_device = place == "device"
        return wire.DeviceState(
            lane=lane,
            name=self.device.name if on_device else "processor",
            total_bytes=self.device.total() if on_device else memory.total(),
            beside_bytes=memory.total() if on_device and self.device.own_memory else 0,
            used_bytes=self.device.used() if on_device else memory.used(),
            components=components,
        )


def _in_the_way(idle: Sequence[_Entry], missing: int, place: Place) -> list[_Entry]:
    """What to drop for ``missing`` bytes: the least recently used, but nothing that is spared by those after it."""
    going: list[_Entry] = []
    for entry in sorted(idle, key=lambda entry: (entry.used, entry.load_seconds)):
        if sum(_taken(one, place) for one in going) >= missing:
            break
        going.append(entry)
    for entry in going[::-1]:
        if sum(_taken(one, place) for one in going if one is not entry) >= missing:
            going.remove(entry)
    return going


def _expected(component: Component, place: Place) -> int:
    """Bytes that a component will take of a place."""
    if component.place == place:
        return component.bytes
    return beside(component) if place == "host" else 0


def _taken(entry: _Entry, place: Place) -> int:
    """Bytes that a loaded component takes of a place."""
    return entry.bytes if entry.component.place == place else _expected(entry.component, place)


def _size(bytes: int) -> str:
    return f"{bytes / 1e9:.1f} GB" if bytes >= 1e9 else f"{bytes / 1e6:.0f} MB"
