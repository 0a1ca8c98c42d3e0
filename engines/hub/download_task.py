"""The job that downloads a model."""

import importlib
import time

from engines.catalog import Entry, locations
from engines.host.context import Context, JobYielded
from engines.hub import download
from engines.hub.client import Hub
from engines.hub.progress import DownloadProgress, DownloadStopped
from engines.requests import Request
from engines.requests.hub import FetchModel
from engines.starter.sharded import ShardedModel, downloaded_bytes, fetch_sharded
from errors import StudioError

_TELL_SECONDS = 0.5


def fetch_model(request: Request, context: Context) -> None:
    """Download a model of the catalog, or have the Ollama server download one.

    Files that are already here are used. A download that was stopped, paused or interrupted resumes where it was.
    """
    assert isinstance(request, FetchModel)
    if request.entry.startswith("ollama:"):
        ollama = importlib.import_module("engines.language.ollama")
        ollama.pull(request.entry.removeprefix("ollama:"), context)
        return
    entry = context.catalog.get(request.entry)
    for part in entry.parts.values():
        if model := locations.sharded(part):
            _fetch_sharded(part.repo.removeprefix(locations.STARTER), model, context)
    if any(map(locations.is_repository, entry.parts.values())):
        _fetch_from_hub(entry, context)
    if not context.catalog.installed(entry):
        raise StudioError(
            "incomplete_model",
            f"{entry.name} is incomplete although every file was downloaded.",
            "Its catalog entry needs files that its repository does not have.",
            "Correct the entry, or choose another upload of the model.",
            status=422,
        )


def _fetch_from_hub(entry: Entry, context: Context) -> None:
    with Hub(context.config.hub_token) as hub:
        plan = download.plan(hub, entry.parts.values(), context.config.starter, lambda seconds: wait(seconds, context))
        download.require_disk_space(entry.name, plan, context.config.keep_free_bytes)
        progress = DownloadProgress(plan.total, plan.have)
        try:
            download.fetch(hub, plan, progress, Pulse(progress, context))
        except DownloadStopped:
            context.check()
            raise


def _fetch_sharded(name: str, model: ShardedModel, context: Context) -> None:
    folder = context.config.starter
    progress = DownloadProgress(model.download_bytes, downloaded_bytes(folder, name, model))
    pulse = Pulse(progress, context)

    def report(so_far: int) -> None:
        progress.add(so_far - progress.done)
        pulse()

    fetch_sharded(folder, name, model, report, context.config.keep_free_bytes)


class Pulse:
    """Reports the download's progress and raises if the job is canceled or paused."""

    def __init__(self, progress: DownloadProgress, context: Context) -> None:
        self._progress = progress
        self._context = context
        self._told = 0.0

    def __call__(self) -> None:
        self._context.check()
        if self._context.should_yield:
            raise JobYielded
        now = time.monotonic()
        if now - self._told >= _TELL_SECONDS or self._progress.done == self._progress.total:
            self._told = now
            self._context.report_facts(
                bytes=self._progress.done,
                bytes_total=self._progress.total,
                bytes_per_second=round(self._progress.speed()),
            )
            self._context.progress(self._progress.done, self._progress.total, "byte")


def wait(seconds: float, context: Context) -> None:
    """Sleep between attempts. Raises JobCancelled or JobYielded as soon as the job is canceled or paused."""
    end = time.monotonic() + seconds
    while (rest := end - time.monotonic()) > 0:
        context.check()
        if context.should_yield:
            raise JobYielded
        time.sleep(min(0.1, rest))
