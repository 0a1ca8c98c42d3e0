"""Lease the denoisers that a pipeline uses one after the other in a single call.

Wan 2.2's pipeline has a high-noise and a low-noise transformer and switches between them in the middle of its loop.
Each is replaced by a stand-in, which leases its denoiser when it is first called and releases the other one: the two
are never in memory together.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

Lease = Callable[[str], AbstractContextManager[Any]]
"""Leases the parts of a stage for the duration of a block and prepares them in the pipeline."""


class ExpertSwitch:
    """Keeps the last used expert of a pipeline leased."""

    def __init__(self, pipeline: Any, stages: Mapping[str, str], lease: Lease) -> None:
        """``stages`` maps each expert's name in the pipeline to its stage, in the order of use."""
        self._pipeline, self._stages, self._lease = pipeline, stages, lease
        self._stand_ins = {name: _StandIn(self, name) for name in stages}
        self._leased = ExitStack()
        self._active = ""
        self._expert: Any = None

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Lease the first expert and make the pipeline callable for the duration of the block."""
        try:
            self.expert(next(iter(self._stages)))
            yield
        finally:
            self._release()

    def expert(self, name: str) -> Any:
        """Return the expert; if it is not leased, release the other one and lease it. Raises what leasing raises."""
        if name != self._active:
            self._release()
            self._leased.enter_context(self._lease(self._stages[name]))
            self._active, self._expert = name, getattr(self._pipeline, name)
            self._fill(self._stand_ins)
        return self._expert

    def reset(self, name: str) -> None:
        """Drop what a step cache keeps of a call; an expert that is not leased has none."""
        if name == self._active and hasattr(self._expert, "_reset_stateful_cache"):
            self._expert._reset_stateful_cache()

    def _release(self) -> None:
        # The cleanup of what was applied to the expert finds it by its name in the pipeline.
        self._fill(dict.fromkeys(self._stages, self._expert))
        self._active, self._expert = "", None
        self._leased.close()

    def _fill(self, experts: Mapping[str, Any]) -> None:
        for name, expert in experts.items():
            setattr(self._pipeline, name, expert)


class _StandIn:
    """An expert in a pipeline that is leased when it is used."""

    def __init__(self, switch: ExpertSwitch, name: str) -> None:
        self._switch, self._name = switch, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._switch.expert(self._name)(*args, **kwargs)

    def _reset_stateful_cache(self) -> None:
        """Called by diffusers at the end of a pipeline's call."""
        self._switch.reset(self._name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # diffusers checks whether a model is compiled; that must not load it
            raise AttributeError(name)
        return getattr(self._switch.expert(self._name), name)
