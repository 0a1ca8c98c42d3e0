"""Every model that paints on a card of 24 and of 96 GB: planned with its real sizes, run with a facsimile's weights."""

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from engines import planning, runtime, wire
from engines.catalog import SHIPPED, Catalog, Entry, read
from engines.planning import Plan, Room, Weights, Working
from engines.planning.weights import Stages
from engines.swapper import Simulated
from engines.video import families
from tests.engines.image.drawing_desk import Desk
from tests.facsimiles.asking import check_result, requests
from tests.facsimiles.facts import ELEMENT_BYTES, facts

GB = 10**9
CARDS = {"24 GB": (24 * GB, 128 * GB), "96 GB": (96 * GB, 256 * GB)}
"""Bytes of a card, and of the main memory beside it."""
ENTRIES = {entry.id: entry for entry in map(read, sorted(SHIPPED.glob("*.yaml"))) if entry.part_memory}

SIDE = 128
_PIXELS = {"qwen-image-2.1": 256 * 256}
"""Of what enlarges smaller pictures before it reads them."""
_SMALL = {
    "bounds": {"width": (SIDE, 1024, 16), "height": (SIDE, 1024, 16), "seconds": (0.5, 5, 0.5)},
}
_SMALL_OPTIONS = {"sample_size": SIDE // 8}
"""A processor takes long for half precision: what is computed here is small."""

QUICK = {"flux.2-dev", "stable-diffusion-1.5"}
"""Run with the quick tests: a decoder stored otherwise than its denoiser; a half precision variant."""


def stages(entry: Entry) -> Stages:
    """The weights of an entry as the real repositories store them."""
    family = families.of(entry)
    return dict(_weights(entry, family.readers)), dict(_weights(entry, family.painters))


def _weights(entry: Entry, names: tuple[str, ...]) -> Iterator[tuple[str, Weights]]:
    for name in names:
        part = entry.parts.get(name)
        known = facts()[part.repo].parts[part.subfolder or "."] if part else None
        if known and known.dtype:
            numbers = known.bytes // ELEMENT_BYTES[known.dtype]
            yield name, Weights(numbers=numbers, layer=numbers // 20, dtype=known.dtype)


def working(entry: Entry) -> Working:
    """What a picture of the best size takes beside the weights, as the real repositories store them."""
    taken = planning.working(None, entry, Catalog(Path("none"), Path("none")))
    weights = sum(one.bytes for one in stages(entry)[0].values())
    return taken._replace(reading=families.of(entry).reading_bytes(weights, 0))


def plans(entry: Entry) -> dict[str, Plan]:
    """The plans for a model, one for each way in which the cards keep it, by the first card that does."""
    found: dict[str, Plan] = {}
    for card, (total, beside) in CARDS.items():
        state = wire.DeviceState(
            lane="device", name=card, total_bytes=total, used_bytes=0, beside_bytes=beside, components=()
        )
        plan = planning.plan(entry, stages(entry), working(entry), Room.of(state))
        if plan.fits and all(plan.record != other.record for other in found.values()):
            found[card] = plan
    return found


@pytest.fixture
def looks_at_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipelines that look at a megapixel whatever is asked look at ``SIDE`` squared."""
    runtime.heavy("diffusers", "transformers")
    for name in ("edit", "edit_plus"):
        module = import_module(f"diffusers.pipelines.qwenimage.pipeline_qwenimage_{name}")
        monkeypatch.setattr(module, "calculate_dimensions", partial(_little, module.calculate_dimensions))


def _little(dimensions: Callable[..., Any], area: int, ratio: float) -> Any:
    return dimensions(min(area, SIDE * SIDE), ratio)


def enter(entry: Entry, own: Path) -> None:
    """Let an entry take the place of the shipped one."""
    (own / f"{entry.id}.yaml").write_text(yaml.safe_dump(entry.model_dump(mode="json"), allow_unicode=True))


@pytest.mark.usefixtures("looks_at_little")
@pytest.mark.parametrize("id", [id if id in QUICK else pytest.param(id, marks=pytest.mark.slow) for id in ENTRIES])
# The decoder stays in the precision it is planned in.
@pytest.mark.filterwarnings("error:.*upcast_vae")
def test_every_task_works_in_each_way_in_which_a_card_keeps_it(
    id: str, install: Callable[[Entry], None], twin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = ENTRIES[id]
    install(entry)
    assert plans(entry), "it fits none of the cards"
    pixels = _PIXELS.get(id, SIDE * SIDE)
    small = entry.model_copy(update={**_SMALL, "pixels": pixels, "options": entry.options | _SMALL_OPTIONS})
    for card, plan in plans(entry).items():
        (tmp_path / card).mkdir()
        desk = Desk(twin_folder, tmp_path / card, device=Simulated(10**12))
        enter(small, desk.folder / "own")
        monkeypatch.setattr(planning, "settled", lambda *_, plan=plan: plan)
        for task, asked in requests(small, desk.put, SIDE).items():
            ended = desk.ask(**asked)
            assert isinstance(ended, wire.Result), f"{task} on {card}, {plan.record}: {ended}"
            check_result(desk.folder / "out" / ended.files[0].file)
            assert ended.files[0].provenance["plan"] == plan.record
