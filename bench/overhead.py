"""The studio's overhead on the bare pipeline: queue, host, progress, preview, file, library; in both hosts.

``ratio_*``: the time of a picture of about five seconds through the studio, divided by that of the same call of the
bare pipeline right before or after it; the median of all runs. ``empty_ms_*``: the smallest picture through the
studio, minus the bare call.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from auth.accounts.principal import Principal
from bench.report import in_turns, median, report, seconds
from engines.requests import CreateImage
from jobs.views import FINISHED
from settings import Settings
from studio import Studio

EngineKind = Literal["inprocess", "process"]
KINDS: tuple[EngineKind, ...] = ("inprocess", "process")
TWIN = "stable-diffusion-1.5"
JOB_SECONDS = 5.0
RUNS = 7
EMPTY_RUNS = 25


def run(bench: str = "overhead") -> None:
    """Measure both hosts."""
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            with a_studio(Path(folder) / kind, kind) as (studio, who, model):
                _measure(bench, kind, studio, who, model)


def _measure(bench: str, kind: EngineKind, studio: Studio, who: Principal, model: str) -> None:
    bare = Bare(studio, model)
    long, empty = _about(JOB_SECONDS, bare, model), CreateImage(prompt="x", model=model, width=64, height=64, steps=1)

    def job(request: CreateImage) -> Callable[[], object]:
        return lambda: _through(studio, who, request)

    for request in (long, empty):
        job(request)()
    alone, whole = in_turns(RUNS, lambda: bare(long), job(long))
    ratios = [more / less for less, more in zip(alone, whole, strict=True)]
    report(bench, f"bare_s_{kind}", median(alone), "s", runs=RUNS)
    report(bench, f"ratio_{kind}", median(ratios), "ratio", "<= 1.02", RUNS)
    alone, whole = in_turns(EMPTY_RUNS, lambda: bare(empty), job(empty))
    added = [(more - less) * 1000 for less, more in zip(alone, whole, strict=True)]
    report(bench, f"empty_ms_{kind}", median(added), "ms", "<= 20", EMPTY_RUNS)


class Bare:
    """The pipeline without the studio, on the same device, in the same precision."""

    def __init__(self, studio: Studio, model: str) -> None:
        from engines import torch_setup
        from engines.host.config import EngineConfig
        from engines.memory.device import choose

        torch_setup.import_heavy("diffusers", "transformers")
        import torch
        from diffusers import StableDiffusionPipeline
        from diffusers.utils.logging import disable_progress_bar

        disable_progress_bar()
        device = choose(EngineConfig(starter=Path(), catalog=Path()))
        folder = studio.catalog.path(studio.catalog.get(model), "unet").parent
        self._pipeline: Any = StableDiffusionPipeline.from_pretrained(
            folder,
            variant="fp16",
            dtype=torch.float32 if device.torch == "cpu" else torch.float16,
            safety_checker=None,
            local_files_only=True,
        ).to(device.torch)
        self._pipeline.set_progress_bar_config(disable=True)

    def __call__(self, request: CreateImage) -> Any:
        import torch

        return self._pipeline(
            prompt=request.prompt,
            width=request.width,
            height=request.height,
            num_inference_steps=request.steps,
            guidance_scale=request.guidance,
            generator=torch.Generator("cpu").manual_seed(request.seed or 0),
        ).images[0]


def _about(wanted: float, bare: Bare, model: str) -> CreateImage:
    """A request that takes the bare pipeline about ``wanted`` seconds: first with more steps, then with more pixels."""
    request = CreateImage(prompt="a red house by the sea", model=model, width=512, height=512, steps=10, seed=1)
    bare(request)
    for side in (512, 768, 1024):
        request = request.model_copy(update={"width": side, "height": side, "steps": 10})
        short = seconds(lambda request=request: bare(request))  # type: ignore[misc]
        longer = seconds(lambda request=request: bare(request.model_copy(update={"steps": 30})))  # type: ignore[misc]
        step = max((longer - short) / 20, 1e-4)
        steps = round((wanted - short) / step) + 10
        if steps <= 150:
            break
    return request.model_copy(update={"steps": max(1, min(steps, 150))})


def _through(studio: Studio, who: Principal, request: CreateImage) -> None:
    """Generate a picture and wait until it is in the library. Raises RuntimeError if it fails."""
    began = time.monotonic()
    job = studio.jobs.submit(who, request)
    while job.state not in FINISHED:
        # A page polls twice per second; a thousand polls per second would slow the picture down.
        time.sleep(0.001 if time.monotonic() - began < 0.2 else 0.01)
        job = studio.jobs.get(who, job.id)
    if job.state != "done":
        raise RuntimeError(job.words)


@contextmanager
def a_studio(folder: Path, kind: EngineKind) -> Iterator[tuple[Studio, Principal, str]]:
    """A running studio with one person in it, and the id of the twin model in its catalog."""
    from app import build_studio
    from engines.twins import install

    model = install(TWIN, folder / "twins", folder / "data" / "catalog")
    studio = build_studio(Settings(data=folder / "data", engine=kind, keep_free_mb=0))
    link = studio.accounts.first_run_link() or ""
    user = studio.accounts.use_link(link.rpartition("/")[2], "bench", "as quick as it gets")
    studio.jobs.start()
    try:
        yield studio, Principal(user_id=user.id, name=user.name, role="owner"), model
    finally:
        studio.jobs.stop()
        studio.database.close()
        studio.data.unlock()
