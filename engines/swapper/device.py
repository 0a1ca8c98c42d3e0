"""Where models live: a graphics card, the processor's memory, or a simulated card for tests and benchmarks."""

import errno
import logging
import os
import re
import sys
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any, Protocol

from engines import runtime
from engines.config import EngineConfig
from engines.swapper import memory
from errors import StudioError

log = logging.getLogger(__name__)

_FLOAT32_PART = 1 / 8
"""A processor runs half precision ten times slower than float32: what is stored in less than this part of the memory
becomes float32 there."""


def processor_dtype(bytes: int, total: int) -> str | None:
    """The precision that a model of this many bytes on disk runs in on a processor with ``total`` bytes of memory."""
    return "float32" if bytes < total * _FLOAT32_PART else None


class Device(Protocol):
    """A memory that models are loaded into. All sizes in bytes."""

    name: str
    torch: str
    """What torch calls it."""
    own_memory: bool
    """Whether its memory is its own; else it is the main memory."""

    def total(self) -> int:
        """Its size."""

    def used(self) -> int:
        """What anyone uses of it."""

    def available(self) -> int:
        """What models may still take: read anew each time."""

    def dtype(self, bytes: int) -> str | None:
        """The precision (torch's name) that a model of this many bytes on disk runs in here; None: its file's own."""

    def give_back(self) -> None:
        """Return memory that was freed but is still held on to."""

    def select(self) -> None:
        """Make it the one that torch takes in this thread where it is not told which: also for streams."""

    def reset_peak(self) -> None:
        """Let ``peak`` count from now on."""

    def peak(self) -> int:
        """The most this process used since ``reset_peak``, beyond what it used then."""


def card_headroom(total: int) -> int:
    """Bytes of a card of ``total`` bytes that models leave free."""
    return max(2**30, total // 20)


class Cpu:
    """The processor and the machine's main memory."""

    name = "processor"
    torch = "cpu"
    own_memory = False

    def __init__(self) -> None:
        self._before = 0

    def total(self) -> int:
        return memory.total()

    def used(self) -> int:
        return memory.used()

    def available(self) -> int:
        return memory.available()

    def dtype(self, bytes: int) -> str | None:
        return processor_dtype(bytes, self.total())

    def give_back(self) -> None:
        memory.give_back()

    def select(self) -> None:
        pass

    def reset_peak(self) -> None:
        memory.reset_peak()
        self._before = memory.resident()

    def peak(self) -> int:
        return max(0, memory.peak() - self._before)


class Cuda:
    """One NVIDIA card. Before torch is imported, the driver's own library answers."""

    own_memory = True

    def __init__(self, index: int = 0) -> None:
        import pynvml

        self._index = index
        self._before = 0
        pynvml.nvmlInit()
        card = visible_cards()[index]
        if card.isdigit():
            self._handle = pynvml.nvmlDeviceGetHandleByIndex(int(card))
        else:
            self._handle = pynvml.nvmlDeviceGetHandleByUUID(card)
        self.name: str = pynvml.nvmlDeviceGetName(self._handle)
        self.torch = f"cuda:{index}"

    def _memory(self) -> Any:
        import pynvml

        return pynvml.nvmlDeviceGetMemoryInfo(self._handle)

    @property
    def _cuda(self) -> Any:
        """torch.cuda once a job has brought it in, else None."""
        torch = sys.modules.get("torch")
        return torch.cuda if torch and torch.cuda.is_initialized() else None

    def total(self) -> int:
        return int(self._memory().total)

    def used(self) -> int:
        return int(self._memory().used)

    def available(self) -> int:
        headroom = card_headroom(self.total())
        if not self._cuda:
            return int(self._memory().free) - headroom
        free, _ = self._cuda.mem_get_info(self._index)
        unused = self._cuda.memory_reserved(self._index) - self._cuda.memory_allocated(self._index)
        return int(free + unused) - headroom

    def dtype(self, bytes: int) -> str | None:
        return None

    def give_back(self) -> None:
        if self._cuda:
            self._cuda.empty_cache()
            sys.modules["torch"].accelerator.empty_host_cache()  # what streamed weights left pinned

    def select(self) -> None:
        runtime.heavy("torch")
        sys.modules["torch"].cuda.set_device(self._index)

    def reset_peak(self) -> None:
        if self._cuda:
            self._cuda.reset_peak_memory_stats(self._index)
            self._before = self._cuda.memory_allocated(self._index)

    def peak(self) -> int:
        return max(0, self._cuda.max_memory_allocated(self._index) - self._before) if self._cuda else 0


class Simulated:
    """A card of any size that holds nothing: components take from it and release. Full, it raises as a real one."""

    torch = "cpu"
    own_memory = True

    def __init__(self, bytes: int, name: str = "simulated card") -> None:
        self.name = name
        self._bytes = bytes
        self._taken = 0

    def take(self, bytes: int) -> None:
        """Allocate. Raises MemoryError when it is full."""
        if self._taken + bytes > self._bytes:
            raise MemoryError(f"simulated card: {bytes} bytes asked, {self._bytes - self._taken} free")
        self._taken += bytes

    def release(self, bytes: int) -> None:
        """Free what was taken."""
        self._taken -= bytes

    def total(self) -> int:
        return self._bytes

    def used(self) -> int:
        return self._taken

    def available(self) -> int:
        return self._bytes - self._taken

    def dtype(self, bytes: int) -> str | None:
        return None

    def give_back(self) -> None:
        pass

    def select(self) -> None:
        pass

    def reset_peak(self) -> None:
        pass

    def peak(self) -> int:
        return 0


def visible_cards() -> list[str]:
    """The driver's numbers or names of the cards this process may use, in torch's order."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        cards = [card.strip() for card in chosen.split(",")]
        return list(takewhile(lambda card: card not in ("", "-1"), cards))
    return [str(number) for number in range(_driver_cards())]


def _driver_cards() -> int:
    """How many cards the driver knows. Windows' Linux (WSL2) shows no files for them."""
    import pynvml

    try:
        pynvml.nvmlInit()
        return int(pynvml.nvmlDeviceGetCount())
    except pynvml.NVMLError:  # there is no driver
        return 0


def choose(config: EngineConfig) -> Device:
    """The card where there is one that the installed torch can use, else the processor. Does not import torch."""
    torch = find_spec("torch")
    library = Path(torch.origin).parent / "lib" / "libtorch_cuda.so" if torch and torch.origin else None
    if config.device_index < len(visible_cards()) and library and library.exists():
        import pynvml

        try:
            return Cuda(config.device_index)
        except pynvml.NVMLError as error:
            log.warning("The graphics card cannot be used, so the processor works: %s", error)
    return Cpu()


_OUT_OF_MEMORY = tuple(
    re.compile(said, re.IGNORECASE)
    for said in (
        r"out of memory",  # CUDA, ROCm, ncnn's Vulkan, llama.cpp's cudaMalloc
        r"(CUBLAS|CUDNN|CUSOLVER|CUFFT|CUSPARSE)_STATUS_(INTERNAL_ERROR_)?\w*ALLOC(ATION)?_FAILED",
        r"can't allocate memory",  # torch on a processor
        r"DefaultCPUAllocator",
        r"not enough memory",
        r"cannot allocate memory",  # ENOMEM in a library's own words
        r"std::bad_alloc",
        r"bad allocation",  # onnxruntime's
        r"failed to allocate (memory|\w*buffer|compute|kv)",  # onnxruntime's arenas, ggml's and llama.cpp's buffers
        r"unable to allocate \w*\s?(buffer|memory|[\d.]+ [KMGT]iB)",  # ggml, numpy
        r"memory allocation of \d+ bytes failed",  # Rust's
    )
)
"""How libraries say in an error of their own that memory is full."""


def out_of_memory(error: BaseException) -> bool:
    """Whether an error, or one that it was raised from, says that some memory is full.

    Not a StudioError that says so itself of another's memory (Ollama's, that of a process of its own): it knows what
    to do next.
    """
    if isinstance(error, StudioError) and error.problem.code == "out_of_memory":
        return isinstance(error.__cause__, MemoryError)
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        if _says_out_of_memory(current):
            return True
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return False


def _says_out_of_memory(error: BaseException) -> bool:
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (torch and isinstance(error, torch.OutOfMemoryError)):
        return True
    if isinstance(error, OSError) and error.errno:
        return error.errno == errno.ENOMEM
    # What a person reads is no library's word; what is no Exception (a cancel, an interrupt) is none either.
    if isinstance(error, StudioError) or not isinstance(error, Exception):
        return False
    return any(pattern.search(str(error)) for pattern in _OUT_OF_MEMORY)
