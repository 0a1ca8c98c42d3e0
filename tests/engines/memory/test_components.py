"""Real components from real files, intact and damaged."""

import json
import struct
from pathlib import Path

import pytest

from engines.memory import Cpu, NcnnNet, OnnxSession, Simulated, Swapper, TorchModule
from engines.weights import sizes
from errors import StudioError


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """The weights of a small linear layer in half precision."""
    import torch
    from safetensors.torch import save_file

    path = tmp_path / "linear.safetensors"
    save_file({"weight": torch.ones(4, 3, dtype=torch.float16), "bias": torch.zeros(4, dtype=torch.float16)}, path)
    return path


def linear(path: Path) -> TorchModule:
    import torch

    return TorchModule.from_safetensors("linear", path, lambda: torch.nn.Linear(3, 4), "a layer")


def refusal(component: OnnxSession | NcnnNet | TorchModule) -> StudioError:
    with pytest.raises(StudioError) as refused, Swapper(Cpu()).lease([component]):
        pytest.fail("was loaded")
    return refused.value


def test_sizes_come_from_the_header(weights: Path) -> None:
    assert sizes.weight_bytes(weights) == 32
    assert sizes.weight_bytes(weights, 4) == 64
    assert sizes.bytes_by_dtype(weights) == {"F16": 32}


def test_our_own_module_runs_in_float32_on_the_cpu(weights: Path) -> None:
    import torch

    swapper = Swapper(Cpu())
    with swapper.lease([linear(weights)]) as (module,):
        assert torch.equal(module(torch.ones(1, 3)), torch.full((1, 4), 3.0))
        assert not module.training
        assert not any(parameter.requires_grad for parameter in module.parameters())
    assert swapper.state("device").components[0].bytes == 64


def test_on_other_devices_it_keeps_the_files_precision(weights: Path) -> None:
    import torch

    with Swapper(Simulated(1000)).lease([linear(weights)]) as (module,):
        assert module.weight.dtype == torch.float16


def test_an_unloaded_module_frees_its_memory_even_if_referenced(weights: Path) -> None:
    swapper = Swapper(Cpu())
    with swapper.lease([linear(weights)]) as (module,):
        kept = module
    swapper.free()
    assert kept.weight.is_meta


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def _no_header(path: Path) -> None:
    path.write_bytes(b"\x00" * 40)


def _short(path: Path) -> None:
    path.write_bytes(b"abc")


def _huge_header(path: Path) -> None:
    path.write_bytes(struct.pack("<Q", 2**62) + path.read_bytes()[8:])


def _senseless(path: Path) -> None:
    header = json.dumps({"weight": {"dtype": "F16"}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [_cut, _no_header, _short, _huge_header, _senseless, _empty])
def test_damaged_safetensors_are_rejected_with_a_sentence(weights: Path, harm: object) -> None:
    harm(weights)  # type: ignore[operator]
    with pytest.raises(StudioError) as refused:
        sizes.weight_bytes(weights)
    assert refused.value.problem.code == "corrupt_model"
    assert "linear.safetensors" in refused.value.problem.what
    assert str(weights.parent) not in refused.value.problem.sentence, "folders are for the log alone"


def test_weights_that_do_not_fit_the_module_are_rejected(weights: Path) -> None:
    import torch

    other = TorchModule.from_safetensors("other", weights, lambda: torch.nn.Linear(5, 5), "another layer")
    problem = refusal(other).problem
    assert problem.code == "unsupported_model"
    assert "complete" in problem.why, "nobody is told to download what is whole"


def test_a_missing_file_is_reported_by_name(tmp_path: Path) -> None:
    problem = refusal(OnnxSession("x", tmp_path / "gone.onnx")).problem
    assert problem.code == "missing_model"
    assert "gone.onnx" in problem.what
    assert refusal(linear(tmp_path / "gone.safetensors")).problem.code == "missing_model"
    assert refusal(NcnnNet("n", tmp_path / "a.param", tmp_path / "a.bin")).problem.code == "missing_model"


def test_a_damaged_onnx_file_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"not a model at all")
    assert refusal(OnnxSession("x", path)).problem.code == "corrupt_model"


def test_a_damaged_ncnn_network_is_rejected(tmp_path: Path) -> None:
    param, bin = tmp_path / "bad.param", tmp_path / "bad.bin"
    param.write_text("nonsense")
    bin.write_bytes(b"")
    assert refusal(NcnnNet("n", param, bin)).problem.code == "corrupt_model"


def test_the_cpu_reports_its_memory() -> None:
    cpu = Cpu()
    assert 0 < cpu.available() <= cpu.total()
    assert 0 < cpu.used() <= cpu.total()
    cpu.reset_peak()
    block = bytearray(200 * 2**20)
    block[::4096] = b"x" * len(block[::4096])
    del block
    assert cpu.peak() > 150 * 2**20


def test_large_models_keep_their_precision_on_the_cpu() -> None:
    cpu = Cpu()
    assert cpu.dtype(10**6) == "float32"
    assert cpu.dtype(cpu.total()) is None


_ONE = "diffusion_pytorch_model.safetensors"
_SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
_HALVES = ("model.fp16-00001-of-00002.safetensors", "model.fp16-00002-of-00002.safetensors")


@pytest.mark.parametrize(
    ("beside", "index", "loaded"),
    [
        ((_ONE, "diffusion_pytorch_model.non_ema.safetensors"), "", (_ONE,)),
        ((_ONE, "diffusion_pytorch_model-00001-of-00002.safetensors"), "", (_ONE,)),
        ((*_SHARDS, "consolidated.safetensors"), "model.safetensors.index.json", _SHARDS),
        ((*_SHARDS, "model.safetensors"), "model.safetensors.index.json", _SHARDS),
        ((*_SHARDS, *_HALVES), "model.safetensors.index.fp16.json", _HALVES),
        ((*_SHARDS, "consolidated.safetensors"), "", _SHARDS),
        (("model.safetensors", "other.fp16.safetensors"), "", ("model.safetensors",)),
        (("some.safetensors", "other.safetensors"), "", ("other.safetensors", "some.safetensors")),
    ],
)
def test_only_files_that_the_library_loads_count(
    tmp_path: Path, beside: tuple[str, ...], index: str, loaded: tuple[str, ...]
) -> None:
    for name in beside:
        (tmp_path / name).touch()
    if index:
        (tmp_path / index).write_text(json.dumps({"weight_map": dict(enumerate(loaded))}))
    assert tuple(file.name for file in sizes.weight_files(tmp_path)) == loaded


@pytest.mark.parametrize("index", ["no json", "[]", '{"weight_map": 3}', "{}"])
def test_an_invalid_index_hides_no_weights(tmp_path: Path, index: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(index)
    (tmp_path / "model.safetensors").touch()
    assert [file.name for file in sizes.weight_files(tmp_path)] == ["model.safetensors"]
