"""The devices that models are loaded on: a GPU, the CPU with main memory, or a simulated GPU for tests and
benchmarks."""

import errno
import logging
import os
import re
import sys
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any, Protocol

from engines import torch_setup
from engines.host.config import EngineConfig
from engines.memory import host_memory
from errors import StudioError

log = logging.getLogger(__name__)

_FLOAT32_PART = 1 / 8
"""A CPU runs half precision ten times slower than float32: a model smaller than this part of the memory is converted to
float32."""


def processor_dtype(bytes: int, total: int) -> str | None:
    """Return the precision for a model of this many bytes on disk on a CPU with ``total`` bytes of memory."""
    return "float32" if bytes < total * _FLOAT32_PART else None


class Device(Protocol):
    """A device that models are loaded on. All sizes are in bytes."""

    name: str
    torch: str
    """Its name in torch."""
    own_memory: bool
    """Whether it has its own memory; else it uses main memory."""

    def total(self) -> int:
        """Return the size of its memory."""

    def used(self) -> int:
        """Return the memory in use, by any program."""

    def available(self) -> int:
        """Return the memory that models may still use; read anew each time."""

    def dtype(self, bytes: int) -> str | None:
        """Return the precision (torch's name) for a model of this many bytes on disk; None: that of its file."""

    def give_back(self) -> None:
        """Return freed memory that is still cached to the system."""

    def select(self) -> None:
        """Make it torch's default device in this thread, also for streams."""

    def reset_peak(self) -> None:
        """Restart the measurement of ``peak``."""

    def peak(self) -> int:
        """Return the peak memory use of this process since ``reset_peak``, minus its use at that time."""


def card_headroom(total: int) -> int:
    """Return the bytes that models leave free on a GPU with ``total`` bytes."""
    return max(2**30, total // 20)


class Cpu:
    """The CPU with main memory."""

    name = "processor"
    torch = "cpu"
    own_memory = False

    def __init__(self) -> None:
        self._before = 0

    def total(self) -> int:
        return host_memory.total()

    def used(self) -> int:
        return host_memory.used()

    def available(self) -> int:
        return host_memory.available()

    def dtype(self, bytes: int) -> str | None:
        return processor_dtype(bytes, self.total())

    def give_back(self) -> None:
        host_memory.give_back()

    def select(self) -> None:
        pass

    def reset_peak(self) -> None:
        host_memory.reset_peak()
        self._before = host_memory.resident()

    def peak(self) -> int:
        return max(0, host_memory.peak() - self._before)


class Cuda:
    """One NVIDIA GPU. Before torch is imported, NVML provides the values."""

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
        """torch.cuda once a job has initialized it, else None."""
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
            sys.modules["torch"].accelerator.empty_host_cache()  # pinned memory of streamed weights

    def select(self) -> None:
        torch_setup.import_heavy("torch")
        sys.modules["torch"].cuda.set_device(self._index)

    def reset_peak(self) -> None:
        if self._cuda:
            self._cuda.reset_peak_memory_stats(self._index)
            self._before = self._cuda.memory_allocated(self._index)

    def peak(self) -> int:
        return max(0, self._cuda.max_memory_allocated(self._index) - self._before) if self._cuda else 0


class Simulated:
    """A GPU of any size without real memory: components take and release bytes. When full, it raises like a real
    one."""

    torch = "cpu"
    own_memory = True

    def __init__(self, bytes: int, name: str = "simulated card") -> None:
        self.name = name
        self._bytes = bytes
        self._taken = 0

    def take(self, bytes: int) -> None:
        """Allocate bytes. Raises MemoryError when full."""
        if self._taken + bytes > self._bytes:
            raise MemoryError(f"simulated card: {bytes} bytes asked, {self._bytes - self._taken} free")
        self._taken += bytes

    def release(self, bytes: int) -> None:
        """Free bytes."""
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
    """Return the driver's numbers or names of the GPUs this process may use, in torch's order."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        cards = [card.strip() for card in chosen.split(",")]
        return list(takewhile(lambda card: card not in ("", "-1"), cards))
    return [str(number) for number in range(_driver_cards())]


def _driver_cards() -> int:
    """Return the number of GPUs the driver knows. WSL2 has no device files to count."""
    import pynvml

    try:
        pynvml.nvmlInit()
        return int(pynvml.nvmlDeviceGetCount())
    except pynvml.NVMLError:  # no driver
        return 0


def choose(config: EngineConfig) -> Device:
    """Return the GPU if there is one that the installed torch can use, else the CPU. Does not import torch."""
    torch = find_spec("torch")
    library = Path(torch.origin).parent / "lib" / "libtorch_cuda.so" if torch and torch.origin else None
    if config.device_index < len(visible_cards()) and library and library.exists():
        import pynvml

        try:
            return Cuda(config.device_index)
        except pynvml.NVMLError as error:
            log.warning("The GPU cannot be used, using the CPU instead: %s", error)
    return Cpu()


_OUT_OF_MEMORY = tuple(
    re.compile(said, re.IGNORECASE)
    for said in (
        r"out of memory",  # CUDA, ROCm, ncnn's Vulkan, llama.cpp's cudaMalloc
        r"(CUBLAS|CUDNN|CUSOLVER|CUFFT|CUSPARSE)_STATUS_(INTERNAL_ERROR_)?\w*ALLOC(ATION)?_FAILED",
        r"can't allocate memory",  # torch on a CPU
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
"""The out-of-memory messages of the libraries."""


def out_of_memory(error: BaseException) -> bool:
    """Whether an error, or one it was raised from, means that memory is full.

    A StudioError ``out_of_memory`` about another program's memory (Ollama, a separate process) does not count: it
    already says what to do next.
    """
    if isinstance(error, StudioError) and error.problem.code == "out_of_memory":
        return isinstance(error.__cause__, MemoryError)
    visited: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in visited:
        visited.add(id(current))
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
    # StudioErrors and BaseExceptions (a cancel, an interrupt) are not library errors.
    if isinstance(error, StudioError) or not isinstance(error, Exception):
        return False
    return any(pattern.search(str(error)) for pattern in _OUT_OF_MEMORY)
