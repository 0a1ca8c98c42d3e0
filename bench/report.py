"""Figures as lines of JSON, and alternating runs so that a busy computer affects all cases equally."""

import json
import statistics
import time
from collections.abc import Callable, Sequence

from bench.machine import machine


def report(bench: str, case: str, figure: float, unit: str, aim: str | None = None, runs: int = 1) -> None:
    """Print one figure. ``aim`` is its target, such as ``"<= 1.02"``; None if there is none."""
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
    """The duration of a call in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turns(runs: int, *works: Callable[[], object]) -> list[list[float]]:
    """The durations in seconds of each call, ``runs`` times in turn; every second round is in reverse order."""
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
    """The value that ``percent`` percent of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
