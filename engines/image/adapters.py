"""LoRAs, added to a pipeline for the length of one job: what they changed is as it was afterwards."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engines.context import Context
from engines.requests import LoraUse


def fingerprint(uses: Sequence[LoraUse]) -> str:
    """Tells one choice of LoRAs from another; empty for none."""
    return ", ".join(f"{use.asset} {use.weight:g}" for use in uses)


@contextmanager
def added(pipeline: Any, context: Context, uses: Sequence[LoraUse]) -> Iterator[None]:
    """While it lasts, the pipeline draws with LoRAs."""
    if not uses:
        yield
        return
    try:
        for number, use in enumerate(uses):
            path = context.input(use.asset)
            pipeline.load_lora_weights(str(path.parent), weight_name=path.name, adapter_name=f"lora{number}")
        pipeline.set_adapters([f"lora{number}" for number in range(len(uses))], [use.weight for use in uses])
        yield
    finally:
        pipeline.unload_lora_weights()
