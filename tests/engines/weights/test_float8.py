"""Float8 quantizations: safetensors files instead of a model's denoiser, on twins."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from engines import catalog, twins
from engines.diffusion import planning
from engines.memory import Simulated, Swapper
from engines.memory.placement import Placement
from engines.weights.float8 import Float8Component
from engines.weights.single_file import config_of
from errors import StudioError
from tests.engines.catalog.test_quantizations import apart, made
from tests.engines.image.image_worker import Desk
from tests.engines.weights.float8_files import State, as_makers_name_flux2, shrink

PLENTY = 10**10
WAYS = {
    "whole": Placement(dtype="float32"),
    "int8": Placement(dtype="float32", int8=True),
    "streamed": Placement(dtype="float32", streamed=True),
    "int8, streamed": Placement(dtype="float32", int8=True, streamed=True),
}


def with_version(desk: Desk, entry: str, **how: Any) -> str:
    """Install the twin of an entry with a float8 version; return its id."""
    model = desk.twin(entry)
    path = desk.folder / "own" / f"{model}.yaml"
    said = yaml.safe_load(path.read_text())
    part = desk.catalog.path(desk.catalog.get(model), "transformer")
    file = shrink(part, desk.folder / "small" / "transformer.safetensors", **how)
    said["quantizations"] = {"fp8": {"repo": str(file.parent), "file": file.name, "bytes": file.stat().st_size}}
    path.write_text(yaml.safe_dump(said))
    desk.catalog.reload()
    return model


@pytest.mark.slow
@pytest.mark.parametrize(
    ("entry", "how"),
    [
        ("qwen-image", {"prefix": "model.diffusion_model."}),
        ("qwen-image-edit-2511", {"scale": "weight_scale", "mark": "__index_timestep_zero__"}),
        ("flux.2-dev", {"scale": "weight_scale", "named": as_makers_name_flux2}),
        ("hidream-i1-full", {"scale": "scale_weight", "mark": "scaled_fp8"}),
    ],
)
def test_a_float8_version_gives_nearly_the_same_picture(
    twin_folder: Path, tmp_path: Path, entry: str, how: dict[str, Any]
) -> None:
    desk = Desk(twin_folder, tmp_path)
    model = with_version(desk, entry, **how)
    more = {"references": [desk.put(_gradient())]} if desk.catalog.get(model).needs_references else {}
    whole, _ = made(desk, model, **more)
    small, kept = made(desk, f"{model}-fp8", **more)
    other, _ = made(desk, model, seed=2, **more)
    assert kept["denoise"]["offload"] == "none"
    assert 0 < apart(whole, small) < apart(whole, other)


@pytest.mark.parametrize("scale", ["", "weight_scale", "scale_weight"])
@pytest.mark.parametrize("way", WAYS)
def test_each_weight_is_dequantized_correctly(twin_folder: Path, tmp_path: Path, scale: str, way: str) -> None:
    part = twins.build("flux.2-dev", twin_folder) / "transformer"
    file = shrink(part, tmp_path / "small.safetensors", scale=scale, named=as_makers_name_flux2)
    whole = {name: tensor for one in part.glob("*.safetensors") for name, tensor in load_file(one).items()}
    with Swapper(Simulated(PLENTY)).lease([Float8Component(file, "transformer", WAYS[way], "Twin")]) as (model,):
        resting = {type(parameter).__name__ for parameter in model.parameters()}
        loaded = {name: _plain(tensor) for name, tensor in model.state_dict().items()}
    assert ("Int8Tensor" in resting) == WAYS[way].int8
    assert loaded.keys() == whole.keys()
    # Three mantissa bits remain; values below the smallest step are off by at most that step.
    for name, tensor in whole.items():
        near = torch.isclose(loaded[name].float(), tensor.float(), rtol=0.08, atol=float(tensor.abs().max()) / 100)
        assert near.all(), name


VERSIONS = {one.id: one for one in catalog.Catalog(Path("none"), Path("none")).entries.values()
            if one.quantization_of and one.id.endswith("-fp8")}  # fmt: skip
MARKS = {
    "flux.2-dev-fp8": {"double_stream_modulation_img.lin.weight": (1, 1), "img_in.weight": (6144, 128)},
    "qwen-image-edit-2511-fp8": {
        "transformer_blocks.59.img_mlp.a": (1,),
        "txt_norm.weight": (1,),
        "__index_timestep_zero__": (0,),
    },
    "qwen": {"transformer_blocks.59.img_mlp.a": (1,), "txt_norm.weight": (1,)},
    "hidream": {"double_stream_blocks.15.a": (1,), "single_stream_blocks.31.a": (1,), "caption_projection.48.a": (1,)},
}
"""The tensors that identify the file of a version."""


@pytest.mark.parametrize("id", VERSIONS)
def test_the_bundled_config_matches_the_file(id: str, tmp_path: Path) -> None:
    import accelerate
    import diffusers

    marks = MARKS.get(id) or MARKS[next(name for name in MARKS if id.startswith(name))]
    file = tmp_path / "small.safetensors"
    save_file({name: torch.zeros(shape, dtype=torch.float8_e4m3fn) for name, shape in marks.items()}, file)
    config = json.loads(config_of(file, "transformer").read_text())
    with accelerate.init_empty_weights():
        model = getattr(diffusers, config["_class_name"]).from_config(config)
    numbers = sum(one.numel() for one in model.parameters())
    assert 0.99 < VERSIONS[id].part_memory["transformer"] / numbers < 1.11, "a byte a number, a few of them two"


@pytest.mark.parametrize("id", VERSIONS)
def test_a_version_not_installed_yet_is_planned_like_the_full_model(id: str) -> None:
    nothing = catalog.Catalog(Path("none"), Path("none"))
    version, whole = VERSIONS[id], nothing.get(VERSIONS[id].quantization_of)
    needs = [planning.stage_needs(planning.usual_workload(one), nothing) for one in (version, whole)]
    assert needs[0] == needs[1]


def _plain(tensor: Any) -> torch.Tensor:
    plain: torch.Tensor = tensor.dequantize() if hasattr(tensor, "dequantize") else tensor
    return plain.detach().clone()


def _gradient() -> Any:
    from PIL import Image

    return Image.fromarray(np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8))


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state | {"img_in.weight_scale_inv": torch.ones(1)},
        lambda state: state | {"stranger.weight": torch.ones(2, 2)},
        lambda state: {name: tensor for name, tensor in state.items() if not name.startswith("proj_out.")},
    ],
    ids=["a scale of another kind", "a layer too many", "a layer too few"],
)
def test_another_kind_of_quantization_is_rejected(
    twin_folder: Path, tmp_path: Path, change: Callable[[State], State]
) -> None:
    file = shrink(twins.build("qwen-image", twin_folder) / "transformer", tmp_path / "small.safetensors")
    save_file(change(load_file(file)), file)
    with (
        pytest.raises(StudioError),
        Swapper(Simulated(PLENTY)).lease([Float8Component(file, "transformer", WAYS["whole"], "")]),
    ):
        pass


def test_block_scales_are_rejected(twin_folder: Path, tmp_path: Path) -> None:
    part = twins.build("qwen-image", twin_folder) / "transformer"
    file = shrink(part, tmp_path / "small.safetensors", scale="weight_scale")
    state = load_file(file)
    name = next(name for name in state if name.endswith(".weight_scale"))
    save_file(state | {name: torch.ones(3, 7)}, file)
    with (
        pytest.raises(StudioError, match="scaled in a way that the studio does not support"),
        Swapper(Simulated(PLENTY)).lease([Float8Component(file, "transformer", WAYS["whole"], "")]),
    ):
        pass
