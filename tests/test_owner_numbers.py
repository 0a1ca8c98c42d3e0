"""Memory and time in the owner's documents, compared with the studio's plans (owner_numbers.yaml)."""

from pathlib import Path
from typing import Any

import pytest

from engines.catalog import Catalog
from engines.diffusion.planning import choose_plan, usual_workload
from engines.memory.plan import MemoryBudget, Plan
from engines.protocol import DeviceState
from yaml_files import read_yaml

NUMBERS: dict[str, Any] = read_yaml(Path(__file__).parent / "owner_numbers.yaml")
CATALOG = Catalog(Path("/nowhere"), Path("/nowhere"))
"""As on a computer with nothing installed: the entries' own figures count."""
MEMORY = [row for row in NUMBERS["memory"] if row["model"] in CATALOG.entries]
NEAR = 0.15
"""How much two figures for the same thing may differ."""
MACHINES = (24, 40, 48, 80, 96)
ABSENT = {
    # image models, not in the catalog yet
    *("seedvr2",),
    # clips
    *("wan-2.2-14b", "wan-2.2-vace"),
    *("cogvideox-2b", "open-sora"),
    # talking people
    *("humo-1.7b", "humo-17b", "sadtalker"),
    # sound
    *("fish-audio-s1", "fish-audio-s1-mini", "f5-tts", "parler-tts", "openvoice-v2", "bark", "xtts-v2", "rvc"),
    *("musicgen", "stable-audio-open", "audiogen", "mmaudio"),
    # training
    "wan-2.2-lora-training",
    # Ollama's, which plans by itself
    *("qwen3-235b-a22b", "qwen3-32b", "deepseek-v3.1", "qwen3-coder-next", "kimi-k2", "minimax-m2.1", "gpt-oss-120b"),
}


def planned(row: dict[str, Any], gigabytes: int) -> Plan:
    """Return the plan for a row's model on a GPU of this size (vendors' GB), for a picture of its best size."""
    entry = CATALOG.get(row["model"])
    state = DeviceState(
        lane="device",
        name="card",
        total_bytes=gigabytes * 2**30,
        used_bytes=0,
        host_bytes=row.get("main", 64) * 2**30,
    )
    return choose_plan(usual_workload(entry), CATALOG, MemoryBudget.of(state))


def ours(plan: Plan) -> str:
    offload = " streamed" if plan.denoise.offload == "streamed" else ""
    return f"{plan.device_bytes / 1e9:.0f} GB {plan.denoise.precision}{offload}"


@pytest.mark.parametrize("row", MEMORY, ids=lambda row: f"{row['at']}, {row['model']}")
def test_a_memory_figure_gives_a_plan_that_fits_or_a_reason(row: dict[str, Any]) -> None:
    plans = {gigabytes: planned(row, gigabytes) for gigabytes in row["gb"]}
    assert {gigabytes: ours(plan) for gigabytes, plan in plans.items()} == row["ours"]
    needs = max(plan.device_bytes for plan in plans.values()) / 1e9
    agrees = all(
        (
            all(plan.fits for plan in plans.values()),
            all(plan.denoise.precision == row.get("precision", plan.denoise.precision) for plan in plans.values()),
            abs(row.get("says", needs) - needs) <= NEAR * needs,
        )
    )
    assert agrees is not bool(row.get("disagrees"))


@pytest.mark.parametrize("gigabytes", MACHINES)
@pytest.mark.parametrize("model", sorted({row["model"] for row in MEMORY}))
def test_every_named_model_has_a_plan_on_each_of_the_computers(model: str, gigabytes: int) -> None:
    plan = planned({"model": model}, gigabytes)
    assert plan.fits
    assert plan.device_bytes < gigabytes * 2**30
    assert gigabytes < 80 or plan.plain, "from 80 GB on nothing is made smaller or streamed"


def test_these_models_are_not_in_the_catalog_yet() -> None:
    assert {row["model"] for row in NUMBERS["memory"]} - set(CATALOG.entries) == ABSENT


def test_every_figure_names_its_source_briefly() -> None:
    for row in (*NUMBERS["memory"], *NUMBERS["not_measured_here"]):
        assert row["at"].split()[0] in NUMBERS["documents"]
        assert 0 < len(row["quote"].split()) <= 8


def test_times_are_only_priors() -> None:
    for row in NUMBERS["not_measured_here"]:
        low, high = row["seconds"]
        assert 0 <= low <= high
        assert row["per"]
        assert row["card"]
        entry = CATALOG.entries.get(row["model"])
        assert entry is None or entry.verified != "weights", "measured here by now: say what it took"
