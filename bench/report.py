"""Figures as lines of JSON, and runs that take turns so that a busy machine is unfair to nobody."""

import json
import statistics
import time
from collections.abc import Callable, Sequence

from bench.machine import machine


def report(bench: str, case: str, figure: float, unit: str, aim: str | None = None, runs: int = 1) -> None:
    """Print one figure. ``aim`` is what it should be, such as ``"<= 1.02"``; None where there is no aim."""
    line = {
        "bench": bench,
        "case": case,
        "figure": round(figure, 4),
        "unit": unit,
        "aim": aim,
        "runs": runs,
        "machine": machine(),
    }
    print(json.dumps(line), flush=True)


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turns(runs: int, *works: Callable[[], object]) -> list[list[float]]:
    """The seconds that each work takes, ``runs`` times each, one after the other; every second round backwards."""
    times: list[list[float]] = [[] for _ in works]
    order = list(range(len(works)))
    for run in range(runs):
        for index in order if run % 2 == 0 else order[::-1]:
            times[index].append(seconds(works[index]))
    return times


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that ``percent`` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
