"""The entries that ship: what they say of consent and settings, and that they share what is the same."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engines import wire
from engines.catalog import SHIPPED, Catalog, Entry, read
from engines.catalog.entry import Part
from engines.catalog.fitting import fit
from engines.catalog.smaller import versions

ENTRIES = {path.stem: read(path) for path in SHIPPED.glob("*.yaml")}
WAN = ("wan-2.1-1.3b", "wan-2.2-ti2v-5b", "wan-2.2-refine")


@pytest.mark.parametrize(
    ("names", "part"),
    [
        (WAN, "text_encoder"),
        (("wan-2.1-1.3b", "wan-2.2-refine"), "vae"),
        (("z-image", "z-image-turbo"), "text_encoder"),
        (("qwen-image", "qwen-image-2512", "qwen-image-edit-2511"), "text_encoder"),
        (("qwen-image", "qwen-image-2512"), "vae"),
        (("flux.1-dev", "flux.1-schnell", "flux.1-fill-dev", "flux.1-kontext-dev"), "text_encoder_2"),
    ],
)
def test_what_is_the_same_is_fetched_and_loaded_once(names: tuple[str, ...], part: str) -> None:
    assert len({ENTRIES[name].parts[part] for name in names}) == 1


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES.keys())
def test_every_repository_that_asks_for_consent_is_named(entry: Entry) -> None:
    repositories = {part.repo for part in (*entry.parts.values(), *entry.smaller.values())}
    assert set(entry.gated_repos) <= repositories
    makers = {repo for repo in repositories if repo.startswith("black-forest-labs/") and "klein-4B" not in repo}
    assert makers == set(entry.gated_repos) or (len(makers) <= 1 and entry.gated == bool(makers))


def test_a_model_is_stepped_with_the_settings_of_its_entry(tmp_path: Any) -> None:
    from engines import runtime
    from engines.image import parts

    runtime.heavy("diffusers", "transformers")
    from diffusers import UniPCMultistepScheduler

    UniPCMultistepScheduler(use_flow_sigmas=True, flow_shift=3.0, solver_order=2).save_pretrained(tmp_path)
    context = SimpleNamespace(entry=ENTRIES["wan-2.1-1.3b"], catalog=SimpleNamespace(path=lambda *_: tmp_path))
    pipeline = parts.assembled("WanPipeline", cast(Any, context), {}, {})
    assert pipeline.scheduler.config.flow_shift == 8.0
    assert pipeline.scheduler.config.use_flow_sigmas
    assert isinstance(pipeline.scheduler, UniPCMultistepScheduler)


def test_clips_leave_out_what_their_makers_leave_out() -> None:
    assert {ENTRIES[name].defaults["negative_prompt"][:4] for name in WAN} == {"色调艳丽"}


def test_no_part_is_of_a_repository_that_asks_by_hand() -> None:
    every: list[Part] = [part for entry in ENTRIES.values() for part in entry.parts.values()]
    assert not [part for part in every if part.repo.startswith("meta-llama/")]


@pytest.mark.parametrize("entry", [one for one in ENTRIES.values() if one.smaller], ids=lambda one: one.id)
def test_a_smaller_version_asks_for_consent_where_the_whole_model_does(entry: Entry) -> None:
    for version in versions(entry):
        assert version.gated == entry.gated
        assert bool(version.gated_repos) == entry.gated
        assert set(version.gated_repos) <= {part.repo for part in entry.parts.values()}


def test_every_entry_says_whether_it_fits_a_card(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path, tmp_path)
    card = wire.DeviceState(lane="device", name="a card", total_bytes=24 * 10**9, used_bytes=0, beside_bytes=64 * 10**9)
    for entry in catalog.entries.values():
        found = fit(entry, catalog, card)
        assert found.state != "unknown" or entry.runtime == "ollama" or not entry.memory, entry.id
        assert found.words
