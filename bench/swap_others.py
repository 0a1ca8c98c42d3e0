"""Other strategies for keeping models in memory, to compare the swapper with on the same jobs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Part(NamedTuple):
    """A part of a model: its size in bytes, and the seconds it takes to load."""

    name: str
    bytes: int
    seconds: float


Job = Sequence[Sequence[Part]]
"""Consecutive leases, each of parts that are needed together."""


@dataclass
class Score:
    """Seconds of loading, parts requested and found, parts evicted while leased, and bytes copied back."""

    seconds: float = 0.0
    asked: int = 0
    hits: int = 0
    leased_evicted: int = 0
    copied_back: int = 0

    def add(self, other: "Score") -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


class Memory:
    """The parts that a strategy keeps, in the order they were loaded."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.held: dict[str, Part] = {}

    @property
    def free(self) -> int:
        return self.room - sum(part.bytes for part in self.held.values())


Choose = Callable[[Memory, Part, Job, int], list[str]]
"""Chooses the parts to evict for a part of a job; the number counts the parts requested since the first job."""


def played(jobs: Sequence[Job], room: int, choose: Choose, copies_back: bool) -> Score:
    """The score of a strategy for a list of jobs in ``room`` bytes; evicted parts may be copied back to main memory."""
    score, memory = Score(), Memory(room)
    for job in jobs:
        for part in (part for lease in job for part in lease):
            if part.name in memory.held:
                score.hits += 1
            else:
                for name in choose(memory, part, job, score.asked):
                    gone = memory.held.pop(name)
                    score.copied_back += gone.bytes if copies_back else 0
                score.seconds += part.seconds
                assert memory.free >= part.bytes, "the strategy freed too little memory"
                memory.held[part.name] = part
            score.asked += 1
    return score


def keep_one(memory: Memory, part: Part, job: Job, moment: int) -> list[str]:
    """One model at a time, as a script does."""
    mine = {one.name for lease in job for one in lease}
    gone = [name for name in memory.held if name not in mine]
    rest = memory.free + sum(memory.held[name].bytes for name in gone)
    return gone if rest >= part.bytes else list(memory.held)


def components_manager() -> Choose:
    """The real AutoOffloadStrategy of diffusers' ComponentsManager, with the simulated free memory."""
    from engines import torch_setup

    torch_setup.import_heavy("diffusers")
    from diffusers.modular_pipelines import components_manager as library

    class Told:
        free = 0

        def __init__(self, device: object) -> None: ...

        def mem_get_info(self) -> tuple[int, int]:
            return self.free, 0

    class Model:
        def __init__(self, part: Part) -> None:
            self.model_id, self.model, self._bytes = part.name, self, part.bytes

        def get_memory_footprint(self) -> int:
            return self._bytes

    library.TorchDeviceBackend = Told
    # The memory to keep free is already subtracted for every strategy.
    strategy = library.AutoOffloadStrategy(memory_reserve_margin="0GB")

    def choose(memory: Memory, part: Part, job: Job, moment: int) -> list[str]:
        Told.free = memory.free + 1  # the strategy requires more than is needed
        held = [Model(one) for one in memory.held.values()]
        return [one.model_id for one in strategy(held, part.name, Model(part), "cpu")]

    return choose


def foreseeing(jobs: Sequence[Job], by_bytes: bool) -> Choose:
    """A strategy that knows the future: it evicts the part needed last; ``by_bytes`` also weighs bytes per second of
    loading.

    A part is kept if the parts evicted after it free enough memory.
    """
    uses: dict[str, list[int]] = {}
    for moment, part in enumerate(part for job in jobs for lease in job for part in lease):
        uses.setdefault(part.name, []).append(moment)

    def choose(memory: Memory, part: Part, job: Job, moment: int) -> list[str]:
        def worth(name: str) -> float:
            away = next((use for use in uses[name] if use > moment), 10**9) - moment
            one = memory.held[name]
            return -away * (one.bytes / one.seconds if by_bytes else 1)

        gone: list[str] = []
        for name in sorted(memory.held, key=worth):
            if memory.free + sum(memory.held[one].bytes for one in gone) >= part.bytes:
                break
            gone.append(name)
        for name in gone[::-1]:
            if memory.free + sum(memory.held[one].bytes for one in gone if one != name) >= part.bytes:
                gone.remove(name)
        return gone

    return choose
