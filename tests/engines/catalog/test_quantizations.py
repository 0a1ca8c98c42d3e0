"""GGUF quantizations: files instead of a model's denoiser, on twins."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from gguf import GGMLQuantizationType as Kind

from engines import protocol
from engines.catalog import Entry
from engines.diffusion import planning
from engines.media.intake import inspect
from engines.memory import Simulated, Swapper
from engines.memory.placement import Placement
from engines.memory.plan import MemoryBudget, plan
from engines.requests import CreateImage
from engines.weights.gguf_model import GgufComponent
from tests.engines.image.image_worker import Desk
from tests.engines.loras import lora_files
from tests.engines.weights.gguf_files import pack

pytestmark = pytest.mark.slow

PLENTY = 10**10
FLUX = {"ss_base_model_version": "flux1"}
REQUEST_FIELDS: dict[str, Any] = {
    "task": "create_image",
    "prompt": "a red house",
    "width": 64,
    "height": 64,
    "steps": 3,
}


def with_versions(desk: Desk, entry: str, architecture: str, kinds: dict[str, Kind]) -> str:
    """Install the twin of an entry with quantizations; return its id."""
    model = desk.twin(entry)
    path = desk.folder / "own" / f"{model}.yaml"
    said = yaml.safe_load(path.read_text())
    part = desk.catalog.path(desk.catalog.get(model), "transformer")
    files = {
        name: pack(part, desk.folder / "packed" / f"{name}.gguf", kind, architecture) for name, kind in kinds.items()
    }
    said["quantizations"] = {
        name: {"repo": str(file.parent), "file": file.name, "bytes": file.stat().st_size}
        for name, file in files.items()
    }
    path.write_text(yaml.safe_dump(said))
    desk.catalog.reload()
    return model


def made(desk: Desk, model: str, **more: Any) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the picture and its plan."""
    (picture,) = desk.pictures(model=model, **REQUEST_FIELDS, **more)
    result = next(event for event in desk.events if isinstance(event, protocol.Result))
    return picture, result.files[0].provenance["plan"]


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean difference of two pictures, of 255."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


@pytest.mark.parametrize(("entry", "architecture"), [("flux.1-dev", "flux"), ("qwen-image", "qwen_image")])
def test_a_quantization_gives_nearly_the_same_picture(
    twin_folder: Path, tmp_path: Path, entry: str, architecture: str
) -> None:
    desk = Desk(twin_folder, tmp_path)
    model = with_versions(desk, entry, architecture, {"Q8_0": Kind.Q8_0, "Q4_0": Kind.Q4_0})
    whole, _ = made(desk, model)
    good, kept = made(desk, f"{model}-q8_0")
    rough, _ = made(desk, f"{model}-q4_0")
    other, _ = made(desk, model, seed=2)
    assert kept["denoise"] == {"precision": "gguf", "offload": "none"}
    assert 0 < apart(whole, good) < apart(whole, rough) < apart(whole, other)
    assert apart(whole, good) < 2


def _needed(entry: Entry, desk: Desk, budget: MemoryBudget) -> int:
    """Return the device bytes that an entry's own parts take."""
    needs = planning.stage_needs(
        planning.workload(CreateImage(**REQUEST_FIELDS), entry, desk.catalog, {}, ()), desk.catalog
    )
    return plan(needs, planning.precisions(entry), budget).device_bytes


def test_an_installed_quantization_is_used_if_the_full_model_cannot_fit(
    twin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A layer is a large part of such a small model: unpacking it would take more memory than packing saves.
    monkeypatch.setattr("engines.memory.placement._UNPACKED", 0)
    desk = Desk(twin_folder, tmp_path / "roomy")
    model = with_versions(desk, "flux.1-dev", "flux", {"Q4_0": Kind.Q4_0})
    entry, (version,) = desk.catalog.get(model), desk.catalog.quantizations(desk.catalog.get(model))
    none = MemoryBudget(device=1, host=0, total=PLENTY)
    own, smaller = (_needed(one, desk, none) for one in (entry, version))
    assert smaller < own
    tight = Desk(twin_folder, tmp_path / "tight", own - 1)
    with_versions(tight, "flux.1-dev", "flux", {"Q4_0": Kind.Q4_0})
    picture, kept = made(tight, model)
    assert kept["version"] == version.id
    assert np.array_equal(picture, made(desk, version.id)[0])


def test_loras_apply_to_it_and_leave_no_trace(twin_folder: Path, tmp_path: Path) -> None:
    desk = Desk(twin_folder, tmp_path)
    model = with_versions(desk, "flux.1-dev", "flux", {"Q8_0": Kind.Q8_0})
    from diffusers import FluxTransformer2DModel

    part = desk.catalog.path(desk.catalog.get(model), "transformer")
    changes = lora_files.changes(FluxTransformer2DModel.from_pretrained(part), ("to_q", "to_k", "to_v"))
    file = lora_files.write(tmp_path / "lora.safetensors", lora_files.dotted(changes, "transformer."), FLUX)
    asset = desk.add(file, inspect(file, file.name).facts)
    uses: tuple[list[dict[str, Any]], ...] = ([], [{"asset": asset, "weight": 1}], [])
    before, between, after = (made(desk, f"{model}-q8_0", loras=loras)[0] for loras in uses)
    assert np.array_equal(before, after)
    assert apart(before, between) > 1


@pytest.mark.parametrize("kind", [Kind.Q8_0, Kind.Q4_0, Kind.Q5_1])
def test_it_is_streamed_too_and_leaves_no_trace(twin_folder: Path, tmp_path: Path, kind: Kind) -> None:
    import torch

    from engines import twins
    from tests.engines.memory.test_placement import flux_noise

    file = pack(twins.build("flux.1-dev", twin_folder) / "transformer", tmp_path / "x.gguf", kind, "flux")
    size = file.stat().st_size
    ways = [Placement(dtype="float32", packed=size, streamed=streamed) for streamed in (False, True)]
    components = [GgufComponent(file, "transformer", way, "Twin") for way in ways]
    swapper = Swapper(Simulated(PLENTY))
    with swapper.lease(components) as models, torch.no_grad():
        one, other = (model(**flux_noise(), return_dict=False)[0] for model in models)
        assert {type(layer).__name__ for layer in (models[0].context_embedder, models[0].x_embedder)} == {"GGUFLinear"}
    assert torch.equal(one, other)
    held = swapper.state("device").components[0].bytes
    assert held < size * 1.1, "it rests as it is packed"
    swapper.free()
    assert all(tensor.is_meta for model in models for tensor in (*model.parameters(), *model.buffers()))
