"""The families of video models, with their twins: a clip equals that of the plain pipeline and can be canceled."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engines import protocol
from engines.media.intake import inspect
from engines.twins import build
from tests.engines.families import family_checks as proofs
from tests.engines.families.clip_files import content_sha256
from tests.engines.image.image_worker import Desk, noise
from tests.engines.loras import lora_files

pytestmark = pytest.mark.slow

WORDS = {"prompt": "a fox runs", "steps": 2, "seconds": 0.5}


@dataclass(frozen=True)
class Case:
    """A task of a model: its pipeline in diffusers, the constant arguments of the call, and the frames of half a
    second."""

    model: str
    task: str
    pipeline: str
    frames: int
    call: dict[str, Any] = field(default_factory=dict)
    lora_says: str = ""

    def __str__(self) -> str:
        return f"{self.model}, {self.task}"


_LTX = {"frame_rate": 24, "decode_timestep": 0.05, "decode_noise_scale": 0.025}
_LTX_13B = {**_LTX, "guidance_rescale": 0.7, "image_cond_noise_scale": 0.0}
_COGVIDEOX = {"use_dynamic_cfg": True, "max_sequence_length": 224}
CASES = (
    Case("ltx-video", "create_clip", "LTXConditionPipeline", 9, _LTX, "ltxv"),
    Case("ltx-video", "animate_image", "LTXConditionPipeline", 9, _LTX),
    Case("ltx-video-13b", "animate_image", "LTXConditionPipeline", 9, _LTX_13B),
    Case("cogvideox-1.5-5b", "create_clip", "CogVideoXPipeline", 9, _COGVIDEOX, "cogvideox"),
    Case("mochi-1", "create_clip", "MochiPipeline", 13, lora_says="mochi"),
    Case("hunyuan-video", "create_clip", "HunyuanVideoPipeline", 13),
    Case("cogvideox-1.5-5b-i2v", "animate_image", "CogVideoXImageToVideoPipeline", 9, _COGVIDEOX),
)
FIRST = tuple({case.model: case for case in reversed(CASES)}.values())
"""One task of each model."""


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


def asked(desk: Desk, case: Case) -> dict[str, Any]:
    """Return a request for the twin."""
    given = {"image": desk.put(noise(64, 64))} if case.task == "animate_image" else {}
    return {"task": case.task, "model": desk.twin(case.model), **WORDS, **given}


def bare_clip(desk: Desk, case: Case, twin_folder: Path, seed: int) -> Any:
    """Return the frames that the plain pipeline makes of the same request."""
    import diffusers
    import torch

    entry = desk.catalog.get(f"{case.model}.twin")
    folder = build(entry.twin or "", twin_folder)
    pipeline = getattr(diffusers, case.pipeline).from_pretrained(folder, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    if "scheduler" in entry.options:
        scheduler = getattr(diffusers, entry.options["scheduler"])
        pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config)
    given = {"image": noise(64, 64)} if case.task == "animate_image" else {}
    return pipeline(
        prompt=WORDS["prompt"],
        negative_prompt=entry.defaults.get("negative_prompt", ""),
        width=64,
        height=64,
        num_frames=case.frames,
        num_inference_steps=2,
        guidance_scale=entry.defaults["guidance"],
        generator=torch.Generator().manual_seed(seed),
        output_type="np",
        **case.call,
        **given,
    ).frames[0]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_clip_is_the_one_of_the_plain_pipeline(desk: Desk, case: Case, twin_folder: Path, tmp_path: Path) -> None:
    request = asked(desk, case)
    together = desk.files(**request, count=2, seed=6)
    assert any(isinstance(event, protocol.Preview) for event in desk.events)
    assert {(one.width, one.height, one.frames) for one in together} == {(64, 64, case.frames)}
    second = desk.files(**request, seed=7)[0].content_sha256
    assert [one.content_sha256 == second for one in together] == [False, True]
    assert content_sha256(bare_clip(desk, case, twin_folder, 7), round(together[1].fps or 0), tmp_path) == second


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_cancel_stops_at_the_next_step(desk: Desk, case: Case) -> None:
    request = asked(desk, case)
    proofs.stops_when_cancelled(desk, request.pop("model"), **{**request, "steps": 30})


@pytest.mark.parametrize("case", FIRST, ids=str)
def test_the_truncated_part_of_a_prompt_is_reported(desk: Desk, case: Case) -> None:
    request = asked(desk, case)
    proofs.says_what_it_did_not_read(desk, request.pop("model"), **{**request, "prompt": "a fox"})


@pytest.mark.parametrize("case", [case for case in CASES if case.lora_says], ids=str)
def test_a_lora_acts_and_leaves_no_trace(desk: Desk, case: Case, twin_folder: Path, tmp_path: Path) -> None:
    import diffusers

    request = asked(desk, case)
    entry = desk.catalog.get(request["model"])
    folder = build(entry.twin or "", twin_folder)
    transformer = getattr(diffusers, case.pipeline).from_pretrained(folder).transformer
    layers = lora_files.changes(transformer, ("to_q", "to_v", "add_q_proj"))
    said = {"ss_base_model_version": case.lora_says}
    path = lora_files.write(tmp_path / "lora.safetensors", lora_files.dotted(layers, "transformer."), said)
    facts = inspect(path, path.name).facts
    assert facts.family == entry.lora_family
    (before,) = desk.files(**request)
    (changed,) = desk.files(**request, loras=[{"asset": desk.add(path, facts), "weight": 1.5}])
    (after,) = desk.files(**request)
    assert changed.content_sha256 != before.content_sha256 == after.content_sha256
