"""The job that downloads a model."""

import importlib
import time

from engines.context import Context, JobYielded
from engines.hub import fetch
from engines.hub.client import Hub
from engines.hub.tally import Stopped, Tally
from engines.requests import Request
from engines.requests.hub import FetchModel
from errors import StudioError

_TELL_SECONDS = 0.5


def fetch_model(request: Request, context: Context) -> None:
    """Bring a model of the catalog, or of the language server, onto this machine.

    What is here already is used; a download that is stopped, paused or cut off goes on from where it was.
    """
    assert isinstance(request, FetchModel)
    if request.entry.startswith("ollama:"):
        ollama = importlib.import_module("engines.language.ollama")
        ollama.pull(request.entry.removeprefix("ollama:"), context)
        return
    entry = context.catalog.get(request.entry)
    with Hub(context.config.hub_token) as hub:
        plan = fetch.plan(hub, entry.parts.values(), context.config.starter, lambda seconds: wait(seconds, context))
        fetch.need_room(entry.name, plan, context.config.keep_free_bytes)
        tally = Tally(plan.total, plan.have)
        try:
            fetch.fetch(hub, plan, tally, Pulse(tally, context))
        except Stopped:
            context.check()
            raise
    if not context.catalog.installed(entry):
        raise StudioError(
            "incomplete_model",
            f"{entry.name} is not complete although everything was fetched.",
            "Its entry in the catalog asks for files that its repository does not have.",
            "Correct the entry, or take another upload of the model.",
            status=422,
        )


class Pulse:
    """Says how far the download is, and leaves it when it is cancelled or paused."""

    def __init__(self, tally: Tally, context: Context) -> None:
        self._tally = tally
        self._context = context
        self._told = 0.0

    def __call__(self) -> None:
        self._context.check()
        if self._context.should_yield:
            raise JobYielded
        now = time.monotonic()
        if now - self._told >= _TELL_SECONDS or self._tally.done == self._tally.total:
            self._told = now
            self._context.tell(
                bytes=self._tally.done, bytes_total=self._tally.total, bytes_per_second=round(self._tally.speed())
            )
            self._context.progress(self._tally.done, self._tally.total, "byte")


def wait(seconds: float, context: Context) -> None:
    """Sleep between tries, leaving at once when asked to."""
    end = time.monotonic() + seconds
    while (rest := end - time.monotonic()) > 0:
        context.check()
        if context.should_yield:
            raise JobYielded
        time.sleep(min(0.1, rest))
