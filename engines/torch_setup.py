"""The setup that torch needs before it is imported. Import this module first; it is light itself.

Importing it sets the environment: OpenMP threads that sleep instead of spinning, no telemetry, quiet libraries.

It does not set HF_HUB_OFFLINE: the owner may set that, downloads respect it, and it would disable the ``kernels``
package too. Models are loaded from folders, with ``local_files_only``.
"""

import ctypes
import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
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
"""Without this option, torch rounds each block of pinned main memory up to a power of two and keeps it when it is
freed: streamed weights would take up to 1.9 times their size (torch/include/ATen/core/CachingHostAllocator.h)."""
ALLOCATOR = f"expandable_segments:True,{PINNED_EXACT}:1,pinned_max_round_threshold_mb:1"
"""Expandable segments prevent fragmentation: work of many sizes leaves no gaps that a large layer does not fit into."""
ALLOCATOR_NAMES = ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF")

for _name, _value in ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)
if not any(_name in os.environ for _name in ALLOCATOR_NAMES):
    os.environ[ALLOCATOR_NAMES[0]] = ALLOCATOR

_TALKATIVE = ("torchao", "torch.utils._pytree")
"""With a CPU build of torch, these log every GPU kernel that cannot be loaded."""

LOADING = RLock()
"""Held while importing or loading: loading patches torch for the whole process until it is done."""

_kept: list[Any] = []


def cores() -> int:
    """Return the number of processor cores this process may use."""
    return len(os.sched_getaffinity(0))


def threads() -> int:
    """Return how many threads a model may use."""
    return int(os.environ.get("OMP_NUM_THREADS", "0")) or cores()


def use_threads(count: int | None) -> None:
    """Let models use ``count`` threads; None means one per core, or the value in the environment."""
    if count:
        os.environ["OMP_NUM_THREADS"] = str(count)
    else:
        os.environ.setdefault("OMP_NUM_THREADS", str(cores()))
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(threads())


def prepare_imports(*modules: str) -> bool:
    """Whether ``import_heavy`` has nothing left to do for these modules."""
    return bool(_kept) and all(name in sys.modules for name in modules)


def import_heavy(*modules: str) -> None:
    """Import modules that take seconds, torch first, and exclude them from garbage collection."""
    if prepare_imports(*modules):
        return
    with LOADING, collector_paused():
        if "torch" not in sys.modules:
            preload()
        torch = import_module("torch")
        if not _kept:
            for name in _TALKATIVE:
                logging.getLogger(name).setLevel(logging.ERROR)
            _kept.append(_torchvision_schemas(torch))
        for name in modules:
            import_module(name)
        # Collecting over the objects of these libraries takes 0.4 s; frozen objects are never examined again.
        gc.freeze()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Collect no garbage meanwhile. Imports and loading make so many objects that each collection would hold up every
    other thread for 0.1 s."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def preload() -> None:
    """Load torch's largest library by a foreign call, during which other threads run; an import would stop them all.

    If it cannot be loaded, the import will say why.
    """
    if sys.platform == "linux" and (spec := find_spec("torch")) and spec.origin:
        dlopen = ctypes.CDLL(None).dlopen
        dlopen.argtypes, dlopen.restype = [ctypes.c_char_p, ctypes.c_int], ctypes.c_void_p
        dlopen(os.fsencode(Path(spec.origin).parent / "lib" / "libtorch_cpu.so"), os.RTLD_NOW)


def _torchvision_schemas(torch: Any) -> Any:
    """Make torchvision's Python part importable with a CPU build of torch: it registers fake kernels for two operators
    of its C++ part, which cannot be loaded there. The definitions last as long as the returned library."""
    if torch.version.cuda or find_spec("torchvision") is None:
        return None
    library = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library
