"""Which models stay in memory: the swapper over long days of work, beside what others do and what could be done.

Jobs ask for models as people do: few often, many seldom (Zipf), and often the same again. Each job leases what reads
first and what paints then. ``simulated``: real sizes on a card that only counts; bringing in costs what it costs from
the page cache. ``twins``: real modules, tiny; bringing in costs what it was measured to.

``cost_ratio``: seconds of bringing in, divided by those of the better of two that know the future. ``hit_ratio``: what
was there when it was asked for. ``leased_evicted``: dropped while leased. ``copied_back_gb``: copied off the card to
make room.
"""

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

from bench.report import median, report, seconds
from bench.swap_others import Job, Part, Score, components_manager, foreseeing, keep_one, played
from engines.swapper import Component, Cpu, Simulated, Swapper
from engines.swapper.component import Place

GB = 10**9
CARDS = (24, 90)
CATALOGS = (4, 8, 12)
ZIPF = (0.6, 1.0)
JOBS, SEEDS = 400, 3
AGAIN = 0.35
"""How often a person takes the model they took last."""
WORK = 3 * GB
FIXED_SECONDS, BYTES_A_SECOND = 0.3, 5.3 * GB
"""Of bringing a part in: published figures of safetensors out of the page cache. Not measured here."""
TWINS, TWIN_JOBS, TWINS_THAT_FIT = 8, 120, 3

_SDXL, _FLUX, _QWEN, _Z = ("clips", 1.6), ("t5", 9.8), ("qwen-vl", 16.6), ("qwen3", 8.1)
_SDXL_VAE, _FLUX_VAE = ("sdxl vae", 0.3), ("flux vae", 0.2)
MODELS: Sequence[Sequence[Sequence[tuple[str, float]]]] = (
    ((_SDXL,), (("sdxl", 5.3), _SDXL_VAE)),
    ((_FLUX,), (("flux.1-schnell", 12.5), _FLUX_VAE)),
    ((_Z,), (("z-image", 12.5), _FLUX_VAE)),
    ((_QWEN,), (("qwen-image", 20.2), ("qwen vae", 0.3))),
    ((("clip", 0.3),), (("stable-diffusion-1.5", 1.9), ("sd vae", 0.2))),
    ((_FLUX,), (("flux.1-dev", 12.5), _FLUX_VAE)),
    ((("klein's qwen3", 8.1),), (("flux.2-klein", 7.9), ("klein's vae", 0.2))),
    ((("umt5", 11.4),), (("wan-2.2-refine", 15.1), ("wan vae", 0.3))),
    ((_Z,), (("z-image-turbo", 12.5), _FLUX_VAE)),
    ((_FLUX,), (("flux.1-kontext", 12.5), _FLUX_VAE)),
    ((("hidream's llama", 16.1),), (("hidream-i1", 18.0), _FLUX_VAE)),
    ((_SDXL,), (("sdxl-lcm", 5.3), _SDXL_VAE)),
)
"""What models read and paint with, in GB as they lie on a card of 24 GB; what has one name is one."""


class Counted:
    """A component that counts what the swapper does to it; ``inner`` is what it brings in, if it is real."""

    place: Place = "device"

    def __init__(self, part: Part, score: Score, leased: set[str], inner: Component | None) -> None:
        self.key = self.note = part.name
        self.bytes = part.bytes
        self._part, self._score, self._leased, self._inner = part, score, leased, inner

    def load(self, device: Any) -> Any:
        self._score.seconds += self._part.seconds
        self._score.hits -= 1
        if self._inner:
            return self._inner.load(device)
        device.take(self.bytes)
        return device

    def drop(self, model: Any) -> None:
        self._score.leased_evicted += self.key in self._leased
        if self._inner:
            self._inner.drop(model)
        else:
            model.release(self.bytes)


def ours(jobs: Sequence[Job], swapper: Swapper, real: Mapping[str, Component]) -> Score:
    """What the swapper itself makes of jobs."""
    score, leased = Score(), set[str]()
    every = {part for job in jobs for lease in job for part in lease}
    components = {part.name: Counted(part, score, leased, real.get(part.name)) for part in every}
    for job in jobs:
        for lease in job:
            names = [part.name for part in lease]
            score.asked += len(names)
            score.hits += len(names)
            leased.update(names)
            with swapper.lease([components[name] for name in names]):
                pass
            leased.clear()
    return score


def trace(models: Sequence[Job], zipf: float, count: int, seed: int) -> list[Job]:
    """Jobs of two people, in turns of chance."""
    chance = random.Random(seed)
    order = chance.sample(list(models), len(models))
    weights = [1 / (place + 1) ** zipf for place in range(len(order))]
    last: dict[int, Job] = {}
    jobs = []
    for _ in range(count):
        who = chance.randrange(2)
        again = who in last and chance.random() < AGAIN
        last[who] = last[who] if again else chance.choices(order, weights)[0]
        jobs.append(last[who])
    return jobs


def run(bench: str = "swap") -> None:
    """Every catalog, card and habit on the simulated card; then twins."""
    for card in CARDS:
        room = card * GB - WORK
        for size in CATALOGS:
            models = [[[_part(*one) for one in lease] for lease in model] for model in MODELS[:size]]
            for zipf in ZIPF:
                traces = [trace(models, zipf, JOBS, seed) for seed in range(SEEDS)]
                case = f"simulated_{size}_models_{card}_gb_zipf_{zipf:g}"
                _compare(bench, case, traces, room, lambda jobs, room=room: ours(jobs, Swapper(Simulated(room)), {}))  # type: ignore[misc]
    _twins(bench)


def _part(name: str, gigabytes: float) -> Part:
    return Part(name, int(gigabytes * GB), FIXED_SECONDS + gigabytes * GB / BYTES_A_SECOND)


def _compare(
    bench: str, case: str, traces: Sequence[Sequence[Job]], room: int, mine: Callable[[Sequence[Job]], Score]
) -> None:
    scores = {name: Score() for name in ("ours", "components_manager", "keep_one")}
    best = 0.0
    for jobs in traces:
        scores["ours"].add(mine(jobs))
        scores["components_manager"].add(played(jobs, room, components_manager(), copies_back=True))
        scores["keep_one"].add(played(jobs, room, keep_one, copies_back=True))
        best += min(played(jobs, room, foreseeing(jobs, by), copies_back=False).seconds for by in (False, True))
    for name, score in scores.items():
        aims = ("<= 1.25", "<= 0") if name == "ours" else (None, None)
        runs = len(traces)
        report(bench, f"cost_ratio_{name}_{case}", score.seconds / best, "ratio", aims[0], runs)
        report(bench, f"hit_ratio_{name}_{case}", score.hits / score.asked, "ratio", None, runs)
        report(bench, f"copied_back_gb_{name}_{case}", score.copied_back / GB, "GB", aims[1], runs)
    report(bench, f"leased_evicted_ours_{case}", scores["ours"].leased_evicted, "parts", "<= 0", len(traces))


def _twins(bench: str) -> None:
    from engines import runtime, twins

    runtime.heavy("diffusers", "transformers")
    with tempfile.TemporaryDirectory() as folder:
        root = twins.build("stable-diffusion-1.5", Path(folder))
        groups = [_copy(root, Path(folder), number) for number in range(TWINS)]
        models = [[[_measured(reader)], [_measured(painter), _measured(vae)]] for reader, painter, vae in groups]
        real = {component.key: component for group in groups for component in group}
        room = TWINS_THAT_FIT * sum(component.bytes for component in groups[0])

        def mine(jobs: Sequence[Job]) -> Score:
            swapper = Swapper(Cpu(), room)
            with _copies_to_main_memory() as copied:
                score = ours(jobs, swapper, real)
                swapper.close()
            score.copied_back = sum(copied)
            return score

        traces = [trace(models, 0.8, TWIN_JOBS, seed) for seed in range(SEEDS)]
        _compare(bench, f"twins_{TWINS}_models", traces, room, mine)


def _copy(root: Path, folder: Path, number: int) -> list[Component]:
    """A model as if it were another one: what reads, what paints, what decodes."""
    from engines.swapper.pretrained import pretrained

    copy = Path(shutil.copytree(root, folder / f"copy-{number}"))
    parts = {name: copy / name for name in ("text_encoder", "unet", "vae")}
    return list(pretrained(parts, Cpu(), f"twin {number}").values())


def _measured(component: Component) -> Part:
    def once() -> None:
        component.drop(component.load(device))

    device = Cpu()
    return Part(component.key, component.bytes, median([seconds(once) for _ in range(3)]))


@contextmanager
def _copies_to_main_memory() -> Iterator[list[int]]:
    """Collects the bytes that modules are asked to copy to main memory once they have been on the device."""
    import torch

    copied: list[int] = []
    usual, seen = torch.nn.Module.to, WeakSet[torch.nn.Module]()

    def counted(module: Any, *args: Any, **more: Any) -> Any:
        goes = torch._C._nn._parse_to(*args, **more)[0]
        if module in seen and goes is not None and goes.type == "cpu":
            copied.append(sum(tensor.nbytes for tensor in module.parameters()))
        seen.add(module)
        return usual(module, *args, **more)

    torch.nn.Module.to = counted  # type: ignore[method-assign, assignment]
    try:
        yield copied
    finally:
        torch.nn.Module.to = usual  # type: ignore[method-assign]
