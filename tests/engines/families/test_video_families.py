"""The families of video models, with their twins: a clip equals that of the plain pipeline and can be canceled."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engines import protocol
from engines.media.intake import inspect
from engines.twins import build
from errors import StudioError
from tests.engines.families import family_checks as proofs
from tests.engines.families.clip_files import content_sha256
from tests.engines.image.image_worker import Desk, noise
from tests.engines.loras import lora_files

pytestmark = pytest.mark.slow

WORDS = {"prompt": "a fox runs", "steps": 2, "seconds": 0.5}


@dataclass(frozen=True)
class Case:
    """A task of a model: its pipeline in diffusers, the constant arguments of the call, those that it does not take,
    and the frames of a clip of ``seconds``."""

    model: str
    task: str
    pipeline: str
    frames: int
    call: dict[str, Any] = field(default_factory=dict)
    lora_says: str = ""
    without: tuple[str, ...] = ()
    seconds: float = 0.5

    def __str__(self) -> str:
        return f"{self.model}, {self.task}"


_LTX = {"frame_rate": 24, "decode_timestep": 0.05, "decode_noise_scale": 0.025}
_LTX_13B = {**_LTX, "guidance_rescale": 0.7, "image_cond_noise_scale": 0.0}
_COGVIDEOX = {"use_dynamic_cfg": True, "max_sequence_length": 224}
_SVD = {"max_guidance_scale": 3.0, "decode_chunk_size": 4}
_SKYREELS = {"overlap_history": 5, "addnoise_condition": 20, "base_num_frames": 9}
_SEEN, _NO_PROMPT = ("guidance_scale", "width", "height"), ("guidance_scale", "prompt", "negative_prompt")
CASES = (
    Case("ltx-video", "create_clip", "LTXConditionPipeline", 9, _LTX, "ltxv"),
    Case("ltx-video", "animate_image", "LTXConditionPipeline", 9, _LTX),
    Case("ltx-video-13b", "animate_image", "LTXConditionPipeline", 9, _LTX_13B),
    Case("cogvideox-1.5-5b", "create_clip", "CogVideoXPipeline", 9, _COGVIDEOX, "cogvideox"),
    Case("mochi-1", "create_clip", "MochiPipeline", 13, lora_says="mochi"),
    Case("hunyuan-video", "create_clip", "HunyuanVideoPipeline", 13),
    Case("cogvideox-1.5-5b-i2v", "animate_image", "CogVideoXImageToVideoPipeline", 9, _COGVIDEOX),
    Case("hunyuan-video-i2v", "animate_image", "HunyuanVideoImageToVideoPipeline", 13),
    Case("hunyuan-video-1.5", "create_clip", "HunyuanVideo15Pipeline", 13, without=("guidance_scale",)),
    Case("hunyuan-video-1.5-i2v", "animate_image", "HunyuanVideo15ImageToVideoPipeline", 13, without=_SEEN),
    Case("framepack", "animate_image", "HunyuanVideoFramepackPipeline", 73, {"num_frames": 66}, seconds=2.4),
    Case("svd-xt", "animate_image", "StableVideoDiffusionPipeline", 3, _SVD, without=_NO_PROMPT),
    Case("animatediff-sd15", "create_clip", "AnimateDiffPipeline", 8, lora_says="sd_v1", seconds=1),
    Case("animatediff-sdxl", "create_clip", "AnimateDiffSDXLPipeline", 8, lora_says="sdxl", seconds=1),
    Case("skyreels-v2-df-14b", "create_clip", "SkyReelsV2DiffusionForcingPipeline", 13, _SKYREELS),
    Case("skyreels-v2-df-14b", "animate_image", "SkyReelsV2DiffusionForcingImageToVideoPipeline", 13, _SKYREELS),
    Case("helios-base", "create_clip", "HeliosPipeline", 65, seconds=2.75),
    Case("helios-base", "animate_image", "HeliosPipeline", 33, seconds=1.375),
)
FIRST = tuple({case.model: case for case in reversed(CASES)}.values())
"""One task of each model."""
PROMPTED = tuple(case for case in FIRST if "prompt" not in case.without)
"""One task of each model that reads a prompt."""


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


def asked(desk: Desk, case: Case) -> dict[str, Any]:
    """Return a request for the twin."""
    given = {"image": desk.put(noise(64, 64))} if case.task == "animate_image" else {}
    return {"task": case.task, "model": desk.twin(case.model), **WORDS, **given, "seconds": case.seconds}


def bare_clip(desk: Desk, case: Case, twin_folder: Path, seed: int) -> Any:
    """Return the frames that the plain pipeline makes of the same request."""
    import diffusers
    import torch

    entry = desk.catalog.get(f"{case.model}.twin")
    pipeline = plain_pipeline(case.pipeline, build(entry.twin or "", twin_folder))
    options, scheduler = entry.options, pipeline.scheduler
    settings = options.get("scheduler_settings", {})
    if "flow_shift" in options:
        settings = {"flow_shift": options["flow_shift"][case.task]}
    kind = getattr(diffusers, options["scheduler"]) if "scheduler" in options else type(scheduler)
    pipeline.scheduler = kind.from_config(scheduler.config, **settings)
    given = {
        "prompt": WORDS["prompt"],
        "negative_prompt": entry.defaults.get("negative_prompt", ""),
        "width": 64,
        "height": 64,
        "num_frames": case.frames,
        "guidance_scale": (entry.defaults | entry.task_defaults.get(case.task, {}))["guidance"],
    } | case.call
    if case.task == "animate_image":
        given["image"] = noise(64, 64)
    torch.manual_seed(seed)  # SkyReels takes some of its noise from there
    return pipeline(
        **{name: value for name, value in given.items() if name not in case.without},
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(seed),
        output_type="np",
    ).frames[0]


def plain_pipeline(name: str, folder: Path) -> Any:
    """Return a pipeline of diffusers with the weights of a twin."""
    import diffusers
    import torch

    half = {"variant": "fp16"} if any(folder.rglob("*.fp16.safetensors")) else {}
    parts = {}
    if (folder / "motion_adapter").is_dir():
        parts["motion_adapter"] = diffusers.MotionAdapter.from_pretrained(folder / "motion_adapter", **half).float()
    pipeline = getattr(diffusers, name).from_pretrained(folder, dtype=torch.float32, **half, **parts)
    if "motion_adapter" in parts:
        pipeline.vae.enable_slicing()  # frames in a batch are rounded differently
    if name == "AnimateDiffSDXLPipeline":  # it leaves this one random
        unet = diffusers.UNet2DConditionModel.from_pretrained(folder / "unet", dtype=torch.float32, **half)
        pipeline.unet.add_embedding.load_state_dict(unet.add_embedding.state_dict())
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


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


@pytest.mark.parametrize("case", PROMPTED, ids=str)
def test_the_truncated_part_of_a_prompt_is_reported(desk: Desk, case: Case) -> None:
    request = asked(desk, case)
    proofs.says_what_it_did_not_read(desk, request.pop("model"), **{**request, "prompt": "a fox"})


@pytest.mark.parametrize("case", [case for case in CASES if case.lora_says], ids=str)
def test_a_lora_acts_and_leaves_no_trace(desk: Desk, case: Case, twin_folder: Path, tmp_path: Path) -> None:
    request = asked(desk, case)
    entry = desk.catalog.get(request["model"])
    pipeline = plain_pipeline(case.pipeline, build(entry.twin or "", twin_folder))
    name = "unet" if hasattr(pipeline, "unet") else "transformer"
    layers = lora_files.changes(getattr(pipeline, name), ("to_q", "to_v", "add_q_proj"))
    layers = {layer: change for layer, change in layers.items() if "motion_modules" not in layer}
    said = {"ss_base_model_version": case.lora_says}
    path = lora_files.write(tmp_path / "lora.safetensors", lora_files.dotted(layers, f"{name}."), said)
    facts = inspect(path, path.name).facts
    assert facts.family == entry.lora_family
    (before,) = desk.files(**request)
    (changed,) = desk.files(**request, loras=[{"asset": desk.add(path, facts), "weight": 1.5}])
    (after,) = desk.files(**request)
    assert changed.content_sha256 != before.content_sha256 == after.content_sha256


def test_framepack_ends_on_a_picture(desk: Desk, twin_folder: Path, tmp_path: Path) -> None:
    import torch

    case = next(case for case in CASES if case.model == "framepack")
    request = asked(desk, case)
    (made,) = desk.files(**request, last_image=desk.put(noise(64, 64, seed=3)), seed=5)
    pipeline = plain_pipeline(case.pipeline, build("framepack", twin_folder))
    frames = pipeline(
        image=noise(64, 64),
        last_image=noise(64, 64, seed=3),
        prompt=WORDS["prompt"],
        width=64,
        height=64,
        num_frames=66,
        num_inference_steps=2,
        guidance_scale=10.0,
        generator=torch.Generator().manual_seed(5),
        output_type="np",
    ).frames[0]
    assert content_sha256(frames, 30, tmp_path) == made.content_sha256


def test_a_model_without_a_prompt_needs_none_and_says_so(desk: Desk) -> None:
    request = asked(desk, next(case for case in CASES if case.model == "svd-xt"))
    (told,) = desk.files(**request)
    assert told.notes == ("The model did not read “a fox runs”.",)
    (made,) = desk.files(**{**request, "prompt": ""})
    assert (made.content_sha256, made.notes) == (told.content_sha256, ())
    with pytest.raises(StudioError, match="Describe the shot first"):
        desk.ask(**{**request, "model": desk.twin("hunyuan-video-i2v"), "prompt": ""})
