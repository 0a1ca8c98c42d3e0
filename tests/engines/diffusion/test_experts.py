"""Models with two denoisers in one call: each is leased while it is used, and the clip equals the plain pipeline's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from engines import protocol
from engines.catalog import shipped
from engines.diffusion.experts import ExpertSwitch
from engines.diffusion.planning import stage_needs, usual_workload
from engines.requests import AssetFacts
from engines.twins import build
from tests.engines.families.clip_files import content_sha256
from tests.engines.image.image_worker import Desk
from tests.engines.loras import lora_files

pytestmark = pytest.mark.slow

CLIP: dict[str, Any] = {
    "task": "create_clip",
    "model": "two-experts",
    "prompt": "a fox runs",
    "width": 64,
    "height": 64,
    "seconds": 0.5,
    "steps": 4,
    "guidance": 3,
}


def desk(twin_folder: Path, folder: Path, memory_bytes: int | None = None, boundary: float = 0.9) -> Desk:
    """Return a desk with the twin of Wan 2.2, which has a high-noise and a low-noise expert."""
    root = build("wan-2.2", twin_folder)
    entry = shipped.entry("wan-2.1-1.3b").model_dump(mode="json", exclude_defaults=True)
    parts = ("tokenizer", "text_encoder", "transformer", "transformer_2", "vae", "scheduler")
    entry |= {"id": "two-experts", "twin": "wan-2.2", "part_memory": {}, "memory": {"bfloat16": 10**6}}
    entry["parts"] = {part: {"repo": str(root), "subfolder": part} for part in parts}
    entry["bounds"] = {"width": [64, 256, 16], "height": [64, 256, 16], "seconds": [0.5, 5, 0.5]}
    entry["defaults"] |= {"width": 64, "height": 64, "seconds": 0.5}
    # Denoising needs more memory than decoding, so it determines how much is left for weights.
    options = {"pipeline": {"boundary_ratio": boundary}, "token_bytes": 3_000_000, "scheduler_settings": {}}
    entry["options"] |= options
    (folder / "own").mkdir(parents=True)
    (folder / "own" / "two-experts.yaml").write_text(yaml.safe_dump(entry))
    return Desk(twin_folder, folder, memory_bytes)


def denoisers(desk: Desk) -> int:
    """Return the number of denoisers in memory."""
    return sum("transformer" in one.key for one in desk.swapper.state("device").components)


def test_both_experts_make_the_same_clip_as_the_plain_pipeline(twin_folder: Path, tmp_path: Path) -> None:
    import torch
    from diffusers import WanPipeline

    roomy = desk(twin_folder, tmp_path / "roomy")
    (made,) = roomy.files(**CLIP)
    assert denoisers(roomy) == 2, "both fit and stay loaded"
    pipeline = WanPipeline.from_pretrained(build("wan-2.2", twin_folder), boundary_ratio=0.9, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    size = {"height": 64, "width": 64, "num_frames": made.frames}
    negative = str(roomy.catalog.get("two-experts").defaults["negative_prompt"])
    seed = torch.Generator().manual_seed(1)
    bare = pipeline("a fox runs", negative, **size, num_inference_steps=4, guidance_scale=3.0, generator=seed)
    assert content_sha256(bare.frames[0], 16, tmp_path / "bare") == made.content_sha256

    first_alone = desk(twin_folder, tmp_path / "first", boundary=0.0)
    assert first_alone.files(**CLIP)[0].content_sha256 != made.content_sha256
    assert denoisers(first_alone) == 1, "an unused expert is not loaded"


def test_the_clip_is_the_same_if_only_one_expert_fits_at_a_time(twin_folder: Path, tmp_path: Path) -> None:
    roomy = desk(twin_folder, tmp_path / "roomy")
    together = roomy.files(**CLIP, count=2)
    entry = roomy.catalog.get("two-experts")
    needs = {one.name: one for one in stage_needs(usual_workload(entry), roomy.catalog)}
    assert list(needs) == ["text_encode", "denoise", "denoise_2", "decode"]
    first, second = needs["denoise"], needs["denoise_2"]
    one = 4 * sum(part.numbers for part in first.parts.values())
    half = 2 * second.parts["transformer_2"].numbers
    tight = desk(twin_folder, tmp_path / "tight", memory_bytes=first.working_bytes + one + half)
    one_by_one = tight.files(**CLIP, count=2)
    assert [file.content_sha256 for file in one_by_one] == [file.content_sha256 for file in together]
    loads = [event.note for event in tight.events if isinstance(event, protocol.Loading)]
    assert len([note for note in loads if "transformer" in note]) == 4, "each expert was loaded once for each clip"
    assert denoisers(tight) == 1


def test_a_lora_changes_both_experts_and_is_removed_afterwards(twin_folder: Path, tmp_path: Path) -> None:
    from diffusers import WanTransformer3DModel

    made = desk(twin_folder, tmp_path)
    model = WanTransformer3DModel.from_pretrained(build("wan-2.2", twin_folder) / "transformer")
    layers = lora_files.changes(model, ("attn1.to_q", "attn1.to_v"))
    path = lora_files.write(tmp_path / "lora.safetensors", lora_files.dotted(layers, "transformer."), {})
    facts = AssetFacts(kind="lora", mime="", bytes=path.stat().st_size, family="wan21-1.3b")
    lora = made.add(path, facts)
    before = made.files(**CLIP)[0].content_sha256
    changed = made.files(**CLIP, loras=[{"asset": lora, "weight": 1.5}])[0].content_sha256
    assert changed != before
    assert made.files(**CLIP)[0].content_sha256 == before


def test_cancelling_during_the_second_expert_releases_both(twin_folder: Path, tmp_path: Path) -> None:
    made = desk(twin_folder, tmp_path)

    def hear(event: protocol.Event) -> None:
        made.events.append(event)
        if isinstance(event, protocol.Progress) and event.step == 3:
            made.worker.cancel(event.job)

    made.worker._send = hear
    assert isinstance(made.ask(**CLIP), protocol.Cancelled)
    assert not any(component.leased for component in made.swapper.state("device").components)


def test_a_pipeline_resets_the_step_cache_of_the_leased_expert_only() -> None:
    class Expert:
        resets = 0

        def _reset_stateful_cache(self) -> None:
            self.resets += 1

    experts, pipeline = {"transformer": Expert(), "transformer_2": Expert()}, SimpleNamespace()

    @contextmanager
    def lease(name: str) -> Iterator[None]:
        setattr(pipeline, name, experts[name])
        yield

    with ExpertSwitch(pipeline, {name: name for name in experts}, lease).ready():
        for name in experts:
            getattr(pipeline, name)._reset_stateful_cache()
    assert [expert.resets for expert in experts.values()] == [1, 0]
