"""What has to be settled before torch is imported. Import this first; it is light itself.

Importing it sets the environment: OpenMP threads that sleep instead of spinning, no telemetry, quiet libraries.

It does not set HF_HUB_OFFLINE: that is the owner's own word, which the downloads heed, and it would forbid the
``kernels`` package too. What is loaded is loaded from folders, with ``local_files_only``.
"""

import gc
import logging
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from threading import RLock
from typing import Any

ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads made shared cores several times slower
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "DO_NOT_TRACK": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "DIFFUSERS_VERBOSITY": "error",
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
}

PINNED_EXACT = "pinned_max_cached_size_mb"
"""The option without which torch makes each block of pinned main memory a power of two large, and keeps it when it is
freed: what is streamed would take up to 1.9 times its size (torch/include/ATen/core/CachingHostAllocator.h)."""
ALLOCATOR = f"expandable_segments:True,{PINNED_EXACT}:1,pinned_max_round_threshold_mb:1"
"""With expandable segments, work of many sizes leaves no holes on a card that a large layer no longer fits into."""
ALLOCATOR_NAMES = ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF")

for _name, _value in ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)
if not any(_name in os.environ for _name in ALLOCATOR_NAMES):
    os.environ[ALLOCATOR_NAMES[0]] = ALLOCATOR

_TALKATIVE = ("torchao", "torch.utils._pytree")
"""They tell a processor's torch of each of a card's kernels that cannot load there."""

LOADING = RLock()
"""Held by whoever imports or loads: loading patches torch for the whole process for as long as it takes."""

_kept: list[Any] = []


def cores() -> int:
    """The processor cores this process may use."""
    return len(os.sched_getaffinity(0))


def threads() -> int:
    """How many threads a model may use."""
    return int(os.environ.get("OMP_NUM_THREADS", "0")) or cores()


def use_threads(count: int | None) -> None:
    """Let models use ``count`` threads; None means one a core, or what the environment says."""
    if count:
        os.environ["OMP_NUM_THREADS"] = str(count)
    else:
        os.environ.setdefault("OMP_NUM_THREADS", str(cores()))
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(threads())


def ready(*modules: str) -> bool:
    """Whether ``heavy`` has nothing left to do for these."""
    return bool(_kept) and all(name in sys.modules for name in modules)


def heavy(*modules: str) -> None:
    """Import modules that take seconds, torch first and prepared, and keep the garbage collector off them."""
    if ready(*modules):
        return
    with LOADING:
        torch = import_module("torch")
        if not _kept:
            for name in _TALKATIVE:
                logging.getLogger(name).setLevel(logging.ERROR)
            _kept.append(_torchvision_schemas(torch))
        for name in modules:
            import_module(name)
        # A collection over what these libraries leave behind takes 0.4 s; frozen objects are never looked at again.
        gc.collect()
        gc.freeze()


def _torchvision_schemas(torch: Any) -> Any:
    """Let torchvision's Python part import beside a CPU torch: it registers fakes for two operators of its C++ part,
    which cannot load there. The definitions hold for as long as what is returned lives."""
    if torch.version.cuda or find_spec("torchvision") is None:
        return None
    library = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library
