"""The overhead on a GPU."""

import sys

from bench import overhead
from bench.machine import cards


def run() -> None:
    """Measure both hosts on the GPU; without one, print a message and measure nothing."""
    if not cards():
        print("torch finds no usable NVIDIA GPU: nothing to measure.", file=sys.stderr)
        return
    overhead.run("gpu")
