"""Which models are in memory, learned from what the hosts tell of their devices."""

import threading

from engines import wire


class Warmth:
    """Knows which components each model's jobs use, and so which models are in memory. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, str] = {}
        self._parts: dict[str, frozenset[str]] = {}
        self._loaded: dict[str, frozenset[str]] = {}

    def runs(self, lane: str, model: str) -> None:
        """A lane begins with a job of this model."""
        with self._lock:
            self._last[lane] = model

    def heard(self, state: wire.DeviceState) -> None:
        """Take in what a lane's device holds."""
        with self._lock:
            self._loaded[state.lane] = frozenset(component.key for component in state.components)

    def used(self, model: str, seconds: float, state: wire.DeviceState) -> None:
        """Take in what the device held right after a job of this model that took so many seconds.

        What was in use since is the model's. Two jobs may use different parts: what both used counts.
        """
        used = frozenset(part.key for part in state.components if part.idle_seconds <= seconds)
        with self._lock:
            both = used & self._parts.get(model, used)
            self._parts[model] = both or used

    def last(self, lane: str) -> str | None:
        """The model that ran last in a lane."""
        with self._lock:
            return self._last.get(lane)

    def warm(self, lane: str, model: str) -> bool:
        """Whether everything a model's jobs use is in memory."""
        with self._lock:
            parts = self._parts.get(model, frozenset())
            return bool(parts) and parts <= self._loaded.get(lane, frozenset())
