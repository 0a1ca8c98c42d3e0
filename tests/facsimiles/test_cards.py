"""Every diffusion model on GPUs with 24 and 96 GB: planned with its real sizes, run with a facsimile's weights."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from engines import protocol, torch_setup
from engines.catalog import Catalog, Entry, quantizations, shipped
from engines.diffusion import planning
from engines.diffusion.accelerate import TILED_DECODING
from engines.memory import Simulated
from engines.memory import plan as memory_plan
from engines.memory.plan import MemoryBudget, Plan
from engines.weights.part_weights import PartWeights, half_precision
from tests.engines.image.image_worker import Desk
from tests.facsimiles.facts import ELEMENT_BYTES, facts
from tests.facsimiles.owner_steps import lay_config
from tests.facsimiles.task_requests import check_result, requests

GB = 10**9
NOTHING_HERE = Catalog(Path("none"), Path("none"))
CARDS = {"24 GB": (24 * GB, 128 * GB), "96 GB": (96 * GB, 256 * GB)}
"""The bytes of a GPU, and of the computer's main memory."""
ENTRIES = {entry.id: entry for entry in shipped.entries() if entry.part_memory}

SIDE = 128
_PIXELS = {"qwen-image-2.1": 256 * 256}
"""For models that enlarge smaller pictures before they encode them."""
_SMALL = {
    "bounds": {"width": (SIDE, 1024, 16), "height": (SIDE, 1024, 16), "seconds": (0.5, 5, 0.5)},
}
_SMALL_OPTIONS = {"sample_size": SIDE // 8}
"""A CPU is slow in half precision, so the computations here are small."""

QUICK = {"flux.2-dev", "stable-diffusion-1.5"}
"""Run with the quick tests: a decoder stored in another precision than its denoiser; a half-precision variant."""
_VERSIONS = {
    one.parts[quantizations.DENOISER].repo: one
    for entry in ENTRIES.values()
    for one in quantizations.quantized_entries(entry)
}
VERSIONS = {one.id: one for one in _VERSIONS.values()}
"""One smaller version of each repository that has any."""


def weights_of(name: str, entry: Entry, catalog: Catalog) -> PartWeights | None:
    """The weights of a part as the real repository stores them."""
    whole = ENTRIES[entry.quantization_of] if entry.quantization_of and name == quantizations.DENOISER else entry
    part = whole.parts[name]
    known = facts()[part.repo].parts[part.subfolder or "."]
    if not known.dtype:
        return None
    numbers = known.bytes // ELEMENT_BYTES[known.dtype]
    weights = PartWeights(numbers=numbers, layer=numbers // 20, dtype=known.dtype)
    return weights if whole is entry else _smaller(entry, weights)


def _smaller(version: Entry, whole: PartWeights) -> PartWeights:
    """The weights of a quantized denoiser: the same number of weights, loaded in half precision."""
    part = version.parts[quantizations.DENOISER]
    packed = version.part_memory[quantizations.DENOISER] if part.file.endswith(".gguf") else 0
    return whole.model_copy(update={"dtype": half_precision(version), "packed": packed})


def plans(entry: Entry) -> dict[str, Plan]:
    """The plans for a model, one for each placement on the GPUs, from the first GPU that uses it."""
    found: dict[str, Plan] = {}
    for card, (total, beside) in CARDS.items():
        state = protocol.DeviceState(
            lane="device", name=card, total_bytes=total, used_bytes=0, host_bytes=beside, components=()
        )
        needs = planning.stage_needs(planning.usual_workload(entry), NOTHING_HERE, weights_of)
        plan = memory_plan.plan(needs, planning.precisions(entry), MemoryBudget.of(state))
        if plan.fits and all(plan.record != other.record for other in found.values()):
            found[card] = plan
    return found


@pytest.fixture
def looks_at_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pipelines that always resize to one megapixel resize to ``SIDE`` squared."""
    torch_setup.import_heavy("diffusers", "transformers")
    for name in ("edit", "edit_plus"):
        module = import_module(f"diffusers.pipelines.qwenimage.pipeline_qwenimage_{name}")
        monkeypatch.setattr(module, "calculate_dimensions", partial(_little, module.calculate_dimensions))


def _little(dimensions: Callable[..., Any], area: int, ratio: float) -> Any:
    return dimensions(min(area, SIDE * SIDE), ratio)


def enter(entry: Entry, own: Path) -> None:
    """Replace a shipped entry."""
    (own / f"{entry.id}.yaml").write_text(yaml.safe_dump(entry.model_dump(mode="json"), allow_unicode=True))


@pytest.mark.usefixtures("looks_at_little")
@pytest.mark.parametrize("id", [id if id in QUICK else pytest.param(id, marks=pytest.mark.slow) for id in ENTRIES])
# The decoder stays in its planned precision.
@pytest.mark.filterwarnings("error:.*upcast_vae")
def test_every_task_works_in_each_placement_on_a_gpu(
    id: str, install: Callable[[Entry], None], twin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = ENTRIES[id]
    install(entry)
    assert plans(entry), "it fits on none of the GPUs"
    for card, plan in plans(entry).items():
        desk = prepared(entry, plan, twin_folder, tmp_path / card, monkeypatch)
        for asked in requests(desk.catalog.get(id), desk.put, SIDE).values():
            check(desk, asked, plan)


@pytest.mark.slow
@pytest.mark.usefixtures("looks_at_little")
@pytest.mark.parametrize("id", VERSIONS)
def test_a_smaller_version_works_in_each_placement_on_a_gpu(
    id: str, install: Callable[[Entry], None], twin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = VERSIONS[id]
    install(version)
    lay_config(tmp_path, version.parts[quantizations.DENOISER], twin_folder)
    assert plans(version), "it fits on none of the GPUs"
    for card, plan in plans(version).items():
        desk = prepared(ENTRIES[version.quantization_of], plan, twin_folder, tmp_path / card, monkeypatch)
        asked = requests(desk.catalog.entries[id], desk.put, SIDE)
        check(desk, next(iter(asked.values())), plan)


def prepared(entry: Entry, plan: Plan, twin_folder: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A test desk where an entry makes small pictures, placed as in a plan."""
    folder.mkdir()
    desk = Desk(twin_folder, folder, device=Simulated(10**12))
    small = {**_SMALL, "pixels": _PIXELS.get(entry.id, SIDE * SIDE), "options": entry.options | _SMALL_OPTIONS}
    enter(entry.model_copy(update=small), folder / "own")
    monkeypatch.setattr(planning, "choose_plan", lambda *_: _tiny(plan))
    return desk


def _tiny(plan: Plan) -> Plan:
    """The same placement for the small GGUF files here, since this computer's main memory is real."""
    parts = {name: way.model_copy(update={"packed": min(way.packed, 1)}) for name, way in plan.denoise.parts.items()}
    denoise = plan.denoise.model_copy(update={"parts": parts})
    return plan.model_copy(update={"stages": {**plan.stages, "denoise": denoise}})


def check(desk: Desk, asked: dict[str, Any], plan: Plan) -> None:
    """Check that a request has a result, made according to the plan."""
    ended = desk.ask(**asked)
    assert isinstance(ended, protocol.Result), f"{asked['task']} of {asked['model']}, {plan.record}: {ended}"
    check_result(desk.folder / "out" / ended.files[0].file)
    tiled = {name: {"accelerated": [TILED_DECODING]} for name, stage in plan.stages.items() if stage.tiled}
    record = plan.record | {name: plan.record[name] | more for name, more in tiled.items()}
    assert ended.files[0].provenance["plan"] == record
