"""Which device is used, and what a GPU reports before torch is imported."""

import errno
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engines.host.config import EngineConfig
from engines.memory import Cpu, Cuda, choose
from engines.memory.device import out_of_memory, visible_cards
from errors import StudioError


class NoDriver(Exception):
    """The error of the driver's library."""


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A driver with two 24 GiB GPUs, and torch not imported."""
    found = SimpleNamespace(
        NVMLError=NoDriver,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: f"card {index}",
        nvmlDeviceGetHandleByUUID=lambda name: f"card {name}",
        nvmlDeviceGetName=lambda handle: handle,
        nvmlDeviceGetMemoryInfo=lambda handle: SimpleNamespace(total=24 * 2**30, used=4 * 2**30, free=20 * 2**30),
    )
    monkeypatch.setitem(sys.modules, "pynvml", found)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,GPU-c0ffee")
    return found


@pytest.fixture
def torch_with_cuda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed CUDA build of torch."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libtorch_cuda.so").touch()
    spec: Any = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr("engines.memory.device.find_spec", lambda name: spec)


def config(index: int = 0) -> EngineConfig:
    return EngineConfig(starter=Path("s"), catalog=Path("c"), device_index=index)


def test_a_gpu_reports_its_memory_before_torch_is_imported(driver: SimpleNamespace) -> None:
    card = Cuda(0)
    assert card.name == "card 1"
    assert card.total() == 24 * 2**30
    assert card.used() == 4 * 2**30
    assert 18 * 2**30 < card.available() < 20 * 2**30
    assert card.dtype(1) is None
    card.give_back()
    card.reset_peak()
    assert card.peak() == 0


def test_the_requested_gpu_is_used(driver: SimpleNamespace, torch_with_cuda: None) -> None:
    chosen = choose(config(1))
    assert chosen.name == "card GPU-c0ffee"
    assert chosen.torch == "cuda:1"


def test_without_a_gpu_the_cpu_is_used(
    driver: SimpleNamespace, torch_with_cuda: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(choose(config(2)), Cpu)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert isinstance(choose(config()), Cpu)


def test_with_a_cpu_build_of_torch_the_cpu_is_used(
    driver: SimpleNamespace, torch_with_cuda: None, tmp_path: Path
) -> None:
    (tmp_path / "lib" / "libtorch_cuda.so").unlink()
    assert isinstance(choose(config()), Cpu)


def test_a_broken_driver_is_logged_and_the_cpu_is_used(
    driver: SimpleNamespace, torch_with_cuda: None, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise NoDriver("driver and library do not match")

    driver.nvmlInit = broken
    assert isinstance(choose(config()), Cpu)
    assert "do not match" in caplog.text


def test_every_gpu_of_the_driver_is_visible_unless_hidden(
    driver: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert visible_cards() == ["0", "1"], "also in Windows' Linux, which has no files for them"


@pytest.mark.parametrize(
    ("value", "cards"),
    [("0,1", ["0", "1"]), ("1", ["1"]), ("", []), ("-1", []), ("0,-1,1", ["0"]), (" 2 , 3", ["2", "3"])],
)
def test_hidden_gpus_are_not_visible(monkeypatch: pytest.MonkeyPatch, value: str, cards: list[str]) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert visible_cards() == cards


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
        "[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried to allocate",
        "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : bad allocation",
        "BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 12",
        "vkAllocateMemory failed: VK_ERROR_OUT_OF_DEVICE_MEMORY, out of memory",
        "ggml_backend_cuda: allocating 512.00 MiB on device 0: cudaMalloc failed: out of memory",
        "llama_init_from_model: failed to allocate compute pp buffers",
        "std::bad_alloc",
        "Unable to allocate 7.45 GiB for an array with shape (1000000000,)",
    ],
)
def test_out_of_memory_is_recognized_in_every_librarys_message(said: str) -> None:
    assert out_of_memory(RuntimeError(said))
    wrapped = ValueError("the layer could not run")
    wrapped.__cause__ = RuntimeError(said)
    assert out_of_memory(wrapped)
    assert not out_of_memory(StudioError("x", said, said, said))


def test_only_other_studio_errors_are_judged_by_their_cause() -> None:
    told, damaged = StudioError("out_of_memory", "Ollama is full."), StudioError("bad_picture", "It is damaged.")
    told.__cause__ = RuntimeError("cudaMalloc failed: out of memory")
    damaged.__cause__ = MemoryError()
    assert not out_of_memory(told)
    assert out_of_memory(damaged)


def test_other_errors_are_not_out_of_memory() -> None:
    assert out_of_memory(MemoryError())
    assert out_of_memory(OSError(errno.ENOMEM, "Cannot allocate memory"))
    others = [RuntimeError("shapes do not fit"), ValueError(), OSError(errno.ENOSPC, "No space left on device")]
    assert not any(map(out_of_memory, [*others, RuntimeError("CUDNN_STATUS_NOT_SUPPORTED"), KeyboardInterrupt()]))


def test_torchs_own_error_is_recognized() -> None:
    import torch

    assert out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    with pytest.raises(RuntimeError) as full:
        torch.empty(2**60, dtype=torch.uint8)
    assert out_of_memory(full.value)
