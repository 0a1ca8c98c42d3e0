"""Simultaneous calls, each in its own thread."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from errors import StudioError


def at_once(calls: Sequence[Callable[[], object]]) -> Counter[str]:
    """The outcomes of the calls: how many were "done", and how many failed by code and status ("name_taken 409")."""
    start = Barrier(len(calls))

    def outcome(call: Callable[[], object]) -> str:
        start.wait()
        try:
            call()
        except StudioError as error:
            return f"{error.problem.code} {error.status}"
        return "done"

    with ThreadPoolExecutor(len(calls)) as threads:
        return Counter(threads.map(outcome, calls))
