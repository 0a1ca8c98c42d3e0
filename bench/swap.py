"""Which models stay in memory: the swapper over long workloads, compared with other strategies and with the optimum.

Jobs request models as people do: a few often, many rarely (Zipf), and often the same one again. Each job leases the
text encoder first, then the denoiser and the VAE. ``simulated``: real sizes on a GPU that only counts bytes; a load
costs what it costs from the page cache. ``twins``: real but tiny modules; a load costs what was measured.

``cost_ratio``: seconds of loading, divided by those of the better of two strategies that know the future.
``hit_ratio``: the share of parts already in memory when requested. ``leased_evicted``: parts evicted while leased.
``copied_back_gb``: GB copied off the GPU to free memory.
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
from engines.memory import Component, Cpu, Simulated, Swapper
from engines.memory.component import Place

GB = 10**9
CARDS = (24, 90)
CATALOGS = (4, 8, 12)
ZIPF = (0.6, 1.0)
JOBS, SEEDS = 400, 3
AGAIN = 0.35
"""The probability that a person uses the same model again."""
WORK = 3 * GB
FIXED_SECONDS, BYTES_A_SECOND = 0.3, 5.3 * GB
"""The cost of loading a part: published figures for safetensors in the page cache. Not measured here."""
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
"""The parts of models by lease, with their size in GB on a 24 GB GPU; parts with the same name are shared."""


class CountedRun:
    """A component that counts what the swapper does to it; ``inner`` is the real component, if there is one."""

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
    """The score of the swapper for a list of jobs."""
    score, leased = Score(), set[str]()
    every = {part for job in jobs for lease in job for part in lease}
    components = {part.name: CountedRun(part, score, leased, real.get(part.name)) for part in every}
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
    """Jobs of two people in random order."""
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
    """Measure every catalog, GPU size and usage pattern on the simulated GPU; then the twins."""
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
    from engines import torch_setup, twins

    torch_setup.import_heavy("diffusers", "transformers")
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
    """A copy of a model that counts as a different one: its text encoder, denoiser and VAE."""
    from engines.weights.pretrained import pretrained

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
    """Collect the bytes of modules that are copied back to main memory after they have been on the device."""
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
