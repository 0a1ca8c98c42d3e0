"""The shipped entries: gated repositories, settings and shared parts."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engines import protocol
from engines.catalog import Catalog, Entry, shipped
from engines.catalog.entry import Part
from engines.catalog.quantizations import quantized_entries
from engines.diffusion import planning, registry
from engines.memory_fit import memory_fit

ENTRIES = {entry.id: entry for entry in shipped.entries()}
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
def test_shared_parts_are_downloaded_and_loaded_once(names: tuple[str, ...], part: str) -> None:
    assert len({ENTRIES[name].parts[part] for name in names}) == 1


def test_an_entry_says_whether_its_clips_have_sound() -> None:
    drawing = [entry for entry in ENTRIES.values() if planning.plannable(entry)]
    assert {entry.id for entry in drawing if entry.sound} == {e.id for e in drawing if registry.of(e).vocoders}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES.keys())
def test_every_gated_repository_is_listed(entry: Entry) -> None:
    repositories = {part.repo for part in (*entry.parts.values(), *entry.quantizations.values())}
    assert set(entry.gated_repos) <= repositories
    makers = {repo for repo in repositories if repo.startswith("black-forest-labs/") and "klein-4B" not in repo}
    assert makers == set(entry.gated_repos) or (len(makers) <= 1 and entry.gated == bool(makers))


def test_a_models_scheduler_uses_the_settings_of_its_entry(tmp_path: Any) -> None:
    from engines import torch_setup
    from engines.diffusion import pipeline as parts

    torch_setup.import_heavy("diffusers", "transformers")
    from diffusers import UniPCMultistepScheduler

    UniPCMultistepScheduler(use_flow_sigmas=True, flow_shift=3.0, solver_order=2).save_pretrained(tmp_path)
    context = SimpleNamespace(entry=ENTRIES["wan-2.1-1.3b"], catalog=SimpleNamespace(path=lambda *_: tmp_path))
    pipeline = parts.build_pipeline("WanPipeline", cast(Any, context), {}, {})
    assert pipeline.scheduler.config.flow_shift == 8.0
    assert pipeline.scheduler.config.use_flow_sigmas
    assert isinstance(pipeline.scheduler, UniPCMultistepScheduler)


def test_clips_use_their_makers_negative_prompt() -> None:
    assert {ENTRIES[name].defaults["negative_prompt"][:4] for name in WAN} == {"色调艳丽"}


def test_no_part_needs_manual_approval() -> None:
    every: list[Part] = [part for entry in ENTRIES.values() for part in entry.parts.values()]
    assert not [part for part in every if part.repo.startswith("meta-llama/")]


@pytest.mark.parametrize("entry", [one for one in ENTRIES.values() if one.quantizations], ids=lambda one: one.id)
def test_a_quantization_is_gated_if_the_full_model_is(entry: Entry) -> None:
    for version in quantized_entries(entry):
        assert version.gated == entry.gated
        assert bool(version.gated_repos) == entry.gated
        assert set(version.gated_repos) <= {part.repo for part in entry.parts.values()}


def test_every_entry_says_whether_it_fits_a_gpu(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path, tmp_path)
    card = protocol.DeviceState(
        lane="device", name="a card", total_bytes=24 * 10**9, used_bytes=0, host_bytes=64 * 10**9
    )
    for entry in catalog.entries.values():
        found = memory_fit(entry, catalog, card)
        assert found.state != "unknown" or entry.runtime == "ollama" or not entry.memory, entry.id
        assert found.words
