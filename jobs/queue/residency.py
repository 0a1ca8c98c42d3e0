"""Which models are in memory, learned from the device states that the hosts report."""

import threading

from engines import protocol


class Residency:
    """Knows which components each model's jobs use, and therefore which models are in memory. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, str] = {}
        self._parts: dict[str, frozenset[str]] = {}
        self._loaded: dict[str, frozenset[str]] = {}

    def runs(self, lane: str, model: str) -> None:
        """Note that a lane starts a job of this model."""
        with self._lock:
            self._last[lane] = model

    def update(self, state: protocol.DeviceState) -> None:
        """Store what is loaded on a lane's device."""
        with self._lock:
            self._loaded[state.lane] = frozenset(component.key for component in state.components)

    def used(self, model: str, seconds: float, state: protocol.DeviceState) -> None:
        """Learn a model's components from the device's state after a job of this model that took ``seconds``.

        Components used during that time belong to the model. If two jobs used different ones, those used by both count.
        """
        used = frozenset(part.key for part in state.components if part.idle_seconds <= seconds)
        with self._lock:
            both = used & self._parts.get(model, used)
            self._parts[model] = both or used

    def last(self, lane: str) -> str | None:
        """The model that ran last in a lane."""
        with self._lock:
            return self._last.get(lane)

    def is_resident(self, lane: str, model: str) -> bool:
        """Whether every component that a model's jobs use is in memory."""
        with self._lock:
            parts = self._parts.get(model, frozenset())
            return bool(parts) and parts <= self._loaded.get(lane, frozenset())
