"""The overhead once more where a graphics card does the work."""

import sys

from bench import overhead
from bench.machine import cards


def run() -> None:
    """Measure both hosts on the card; without one say so and measure nothing."""
    if not cards():
        print("No NVIDIA card that torch can use here: nothing to measure.", file=sys.stderr)
        return
    overhead.run("gpu")
