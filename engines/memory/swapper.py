"""Keeps models in memory while there is room, and unloads models to make room."""

import gc
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from engines import protocol, torch_setup
from engines.memory import host_memory
from engines.memory.component import Component, Place, host_bytes, measure_bytes
from engines.memory.device import Device, out_of_memory
from errors import StudioError

log = logging.getLogger(__name__)

_HOST_PART, _BESIDE_PART = 0.5, 0.8
"""The part of free main memory for models outside the device: if the device shares it, and if it has its own memory."""

Relief = Callable[[int, Callable[[], None]], bool]
"""Asks another program to free bytes of the device; returns whether it did. The second argument may raise meanwhile."""

_SHORT_PART, _SHORT_SECONDS = 0.1, 60.0
"""If less than this part of main memory is available, models in it are unloaded after this many idle seconds: an engine
in a separate process does not know what others need."""

_LOOK_AGAIN = 0.1
"""How often a waiting lease checks whether its job was canceled, in seconds."""


@dataclass
class _Entry:
    """A loaded component."""

    component: Component
    model: Any
    bytes: int
    load_seconds: float
    leases: int = 0
    used: float = field(default_factory=time.monotonic)


class _Shortfall(Exception):
    """That many bytes of device memory are missing and cannot be freed by unloading the studio's models."""

    def __init__(self, missing: int) -> None:
        super().__init__(missing)
        self.missing = missing


class Swapper:
    """The only way to get a model. One per process; safe to use from several threads.

    A leased model is never unloaded. Otherwise the least recently used model is unloaded first; of several used at the
    same time, the one that loads fastest. Small models are spared if a larger one has to be unloaded anyway.
    ``relieve`` is called last, with no lock held. Unloading only frees memory and copies nothing: the page cache of the
    files is the next tier.
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
        """Provide the models of components, which stay in memory for the duration of the block.

        ``working_bytes`` are kept free on the device in addition. ``loading`` is called with the name of each model to
        load; ``check`` may raise between components; ``spent`` is called with the seconds it took. Raises StudioError
        ``too_big`` if they can never fit, ``out_of_memory`` if loading ran out of memory.
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
            except _Shortfall as short:
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
        """Try to take a lease. None: others are loading or using what is needed. Raises _Shortfall if ``may_ask``."""
        with self._changed:
            if all(component.key in self._entries for component in components):
                entries = self._acquire_now(components, working_bytes, loading, check, may_ask)
                if entries is not None:
                    return entries
        if not torch_setup.LOADING.acquire(timeout=_LOOK_AGAIN):
            return None
        try:
            return self._acquire_now(components, working_bytes, loading, check, may_ask)
        finally:
            torch_setup.LOADING.release()

    def _acquire_now(
        self,
        components: Sequence[Component],
        working_bytes: int,
        loading: Callable[[str], None],
        check: Callable[[], None],
        may_ask: bool,
    ) -> list[_Entry] | None:
        """Take the lease, with the load lock held if anything must be loaded. None: other leases are in the way."""
        with self._changed:
            wanted = {component.key: component for component in components}
            if not self._make_room(wanted, working_bytes, may_ask):
                return None
            loaded = [self._entries[key] for key in wanted if key in self._entries]
            self._take(loaded)
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
                loaded.append(entry)
        except BaseException:
            self._release(loaded)
            raise
        # A lease holds a component once, even if it is listed several times.
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

    # -- making room

    def _make_room(self, wanted: dict[str, Component], working_bytes: int, may_ask: bool) -> bool:
        """Unload what is in the way of ``wanted``. False: others use what is needed, and may release it.

        Raises _Shortfall if ``may_ask`` allows asking another program and the limit is not the problem.
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
                        raise _Shortfall(needed - self._room(place))
                    return self._cannot(place, needed, wanted)
                for entry in _evictable(idle, needed - self._room(place), place):
                    self._drop(entry)
        return True

    def _room(self, place: Place) -> int:
        """Return the bytes that can be used in a place without unloading anything."""
        if place == "host":
            return int(host_memory.available() * (_BESIDE_PART if self.device.own_memory else _HOST_PART))
        return min(self.device.available(), self._allowance())

    def _allowance(self) -> int:
        """Return the bytes of the device that the studio may still use by its limit, free or not."""
        if self._limit is None:
            return sys.maxsize
        return self._limit - sum(entry.bytes for entry in self._of("device"))

    def ask_others(self, missing: int, check: Callable[[], None]) -> bool:
        """Ask another program to free ``missing`` bytes of device memory; return whether some were freed."""
        return self._relieve(missing, check)

    def spare(self, bytes: int, check: Callable[[], None]) -> None:
        """Unload unused models if fewer than ``bytes`` are free: another program needs them."""
        if self.device.available() < bytes:
            self.free()

    def lease_limits(self) -> tuple[int, int]:
        """Return the most bytes a lease can get now, on the device and in main memory (0 if they are one)."""
        with self._changed:
            idle = [entry for entry in self._entries.values() if not entry.leases]
            device = self._room("device") + sum(_bytes_on(entry, "device") for entry in idle)
            if not self.device.own_memory:
                return device, 0
            return device, self._room("host") + sum(_bytes_on(entry, "host") for entry in idle)

    def _cannot(self, place: Place, needed: int, wanted: dict[str, Component]) -> bool:
        """Return False if other threads use memory that they will release; else raise StudioError ``too_big``."""
        others = [e for e in self._in(place) if e.leases and e.component.key not in wanted]
        mine = self._holders.get(threading.get_ident(), 0)
        # A thread that holds a lease while waiting for another could wait forever.
        if others and not mine and self._room(place) + sum(_bytes_on(entry, place) for entry in others) >= needed:
            return False
        room = max(0, self._room(place))
        raise StudioError(
            "too_big",
            f"This needs {_size(needed)} of memory, but only {_size(room)} is available.",
            f"Models may use {_size(self._total(place))} in total "
            f"{f'on the {protocol.device_label(self.device.name)}' if place == 'device' else 'of main memory'}.",
            "Choose a smaller size or a smaller model, or close other programs.",
            status=422,
        )

    def _total(self, place: Place) -> int:
        return host_memory.total() if place == "host" else min(self.device.total(), self._limit or self.device.total())

    def _in(self, place: Place) -> list[_Entry]:
        """Return the entries that take memory in a place."""
        return [entry for entry in self._entries.values() if _bytes_on(entry, place)]

    def _of(self, place: Place) -> list[_Entry]:
        return [entry for entry in self._entries.values() if entry.component.place == place]

    # -- loading and unloading

    def _load(self, component: Component) -> _Entry:
        """Load a component. If memory runs out, unload unused models and try once more."""
        began = time.monotonic()
        model = self._try_load(component)
        if model is None:
            self.free()
            model = self._try_load(component)
        if model is None:
            raise StudioError(
                "out_of_memory",
                f"There is not enough memory for {component.note or component.key}.",
                f"It needs about {_size(component.bytes)} on the {protocol.device_label(self.device.name)}.",
                "Wait for other jobs to finish, close other programs, or choose a smaller model.",
                status=503,
            )
        return _Entry(component, model, measure_bytes(component, model), time.monotonic() - began)

    def _try_load(self, component: Component) -> Any:
        """Return the loaded model, or None if memory ran out: the caller acts once the error holds nothing anymore."""
        try:
            with torch_setup.collector_paused():
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
        log.info("Unloaded %s (%s)", entry.component.key, _size(entry.bytes))

    def free(self) -> None:
        """Unload all unused models."""
        with torch_setup.LOADING, self._changed:
            for entry in [entry for entry in self._entries.values() if not entry.leases]:
                self._drop(entry)
            gc.collect()
            self.device.give_back()

    def sweep(self) -> bool:
        """Unload models idle for ``idle_seconds``, or less if main memory is short; return whether there were any."""
        if not self._idle_seconds or not torch_setup.LOADING.acquire(blocking=False):
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
            torch_setup.LOADING.release()

    def _spent(self, entry: _Entry) -> bool:
        seconds = time.monotonic() - entry.used
        on_device = entry.component.place == "device" and self.device.own_memory
        in_main_memory = not on_device or host_bytes(entry.component) > 0
        if seconds >= _SHORT_SECONDS and in_main_memory and host_memory.available() < _SHORT_PART * host_memory.total():
            return True
        return seconds >= self._idle_seconds

    def close(self) -> None:
        """Unload all unused models."""
        self.free()

    # -- state

    def state(self, lane: protocol.Lane) -> protocol.DeviceState:
        """Return the state of a lane's memory: the device for the device lane, main memory for every other."""
        place: Place = "device" if lane == "device" else "host"
        with self._changed:
            now = time.monotonic()
            components = tuple(
                protocol.LoadedComponent(
                    key=entry.component.key,
                    bytes=entry.bytes,
                    leased=entry.leases > 0,
                    idle_seconds=0 if entry.leases else now - entry.used,
                )
                for entry in self._of(place)
            )
        on_device = place == "device"
        return protocol.DeviceState(
            lane=lane,
            name=self.device.name if on_device else "processor",
            total_bytes=self.device.total() if on_device else host_memory.total(),
            host_bytes=host_memory.total() if on_device and self.device.own_memory else 0,
            used_bytes=self.device.used() if on_device else host_memory.used(),
            components=components,
        )


def _evictable(idle: Sequence[_Entry], missing: int, place: Place) -> list[_Entry]:
    """Return what to unload for ``missing`` bytes: the least recently used, minus those that later ones make
    unneeded."""
    going: list[_Entry] = []
    for entry in sorted(idle, key=lambda entry: (entry.used, entry.load_seconds)):
        if sum(_bytes_on(one, place) for one in going) >= missing:
            break
        going.append(entry)
    for entry in going[::-1]:
        if sum(_bytes_on(one, place) for one in going if one is not entry) >= missing:
            going.remove(entry)
    return going


def _expected(component: Component, place: Place) -> int:
    """Return the bytes that a component will take in a place."""
    if component.place == place:
        return component.bytes
    return host_bytes(component) if place == "host" else 0


def _bytes_on(entry: _Entry, place: Place) -> int:
    """Return the bytes that a loaded component takes in a place."""
    return entry.bytes if entry.component.place == place else _expected(entry.component, place)


def _size(bytes: int) -> str:
    return f"{bytes / 1e9:.1f} GB" if bytes >= 1e9 else f"{bytes / 1e6:.0f} MB"
