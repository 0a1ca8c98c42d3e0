"""Restyle: a clip generated from another one is that of the plain pipeline; shape, duration and sound stay."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from engines.diffusion.clip_frames import Canvas, read_frames
from engines.twins import build
from tests.engines.families import family_checks as proofs
from tests.engines.families.clip_files import content_sha256
from tests.engines.image.image_worker import Desk
from tests.engines.media.clip_files import make_clip
from tests.engines.video.delivery_files import numbered, write

pytestmark = pytest.mark.slow

STEPS = 4
WORDS = {"prompt": "a fox in watercolor", "steps": STEPS, "strength": 0.5}


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


def pipeline(desk: Desk, model: str, name: str, twin_folder: Path) -> Any:
    """Return the plain pipeline of a twin, with the scheduler settings of its entry."""
    import diffusers
    import torch

    entry = desk.catalog.get(model)
    found = getattr(diffusers, name).from_pretrained(build(entry.twin or "", twin_folder), dtype=torch.float32)
    kind = getattr(diffusers, entry.options.get("scheduler", type(found.scheduler).__name__))
    found.scheduler = kind.from_config(found.scheduler.config, **entry.options.get("scheduler_settings", {}))
    found.set_progress_bar_config(disable=True)
    return found


Frames = list[Image.Image]


def wan(pipe: Any, frames: Frames, call: dict[str, Any]) -> np.ndarray:
    made: np.ndarray = pipe(video=frames, strength=0.5, max_sequence_length=512, **call).frames[0]
    return made


def ltx(pipe: Any, frames: Frames, call: dict[str, Any]) -> np.ndarray:
    video = pipe.video_processor.preprocess_video(frames, 64, 64)
    encoded = pipe.vae.encode(video).latent_dist.mode()
    latents = pipe._normalize_latents(encoded, pipe.vae.latents_mean, pipe.vae.latents_std)
    constant = {"frame_rate": 24, "decode_timestep": 0.05, "decode_noise_scale": 0.025}
    # Of four steps, all but the last start with more than 97 % noise, so the last is the nearest to half.
    made: np.ndarray = pipe(latents=latents, denoise_strength=0.25, num_frames=len(frames), **constant, **call).frames[
        0
    ]
    return made


def cogvideox(pipe: Any, frames: Frames, call: dict[str, Any]) -> np.ndarray:
    """The first frame is given four times more, as one latent, which is removed before decoding."""
    given = [frames[0]] * 4 + frames
    call |= {"output_type": "latent", "use_dynamic_cfg": True, "max_sequence_length": 224}
    latents = pipe(video=given, strength=0.5, **call).frames
    decoded = pipe.decode_latents(latents[:, 1:])
    made: np.ndarray = pipe.video_processor.postprocess_video(decoded, output_type="np")[0]
    return made


@dataclass(frozen=True)
class Case:
    """A model, its pipeline in diffusers, how that is called, its frame rate, and a legal number of frames."""

    model: str
    pipeline: str
    call: Callable[[Any, Frames, dict[str, Any]], np.ndarray]
    fps: int
    frames: int

    def __str__(self) -> str:
        return self.model


CASES = (
    Case("wan-2.1-1.3b", "WanVideoToVideoPipeline", wan, 16, 9),
    Case("ltx-video", "LTXConditionPipeline", ltx, 24, 17),
    Case("cogvideox-1.5-5b", "CogVideoXVideoToVideoPipeline", cogvideox, 16, 9),
)


def source(folder: Path, frames: int, fps: int, sound: str | None = None) -> Path:
    return make_clip(folder / "source.mp4", [Fraction(n, fps) for n in range(frames)], size=(64, 64), sound=sound)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_restyled_clip_is_that_of_the_plain_pipeline(
    desk: Desk, case: Case, twin_folder: Path, tmp_path: Path
) -> None:
    import torch

    model, path = desk.twin(case.model), source(tmp_path, case.frames, case.fps)
    request = {"task": "restyle_clip", "model": model, "clip": desk.put(path), "seconds": 1, "seed": 7, **WORDS}
    (made,) = desk.files(**request)
    assert (made.width, made.height, made.frames, made.notes) == (64, 64, case.frames, ())
    entry = desk.catalog.get(model)
    call = {
        "prompt": WORDS["prompt"],
        "negative_prompt": entry.defaults.get("negative_prompt", ""),
        "guidance_scale": entry.defaults["guidance"],
        "width": 64,
        "height": 64,
        "num_inference_steps": STEPS,
        "generator": torch.Generator().manual_seed(7),
        "output_type": "np",
    }
    with torch.no_grad():
        pipe = pipeline(desk, model, case.pipeline, twin_folder)
        bare = case.call(pipe, read_frames(path, Fraction(case.fps), case.frames, Canvas(64, 64, (0, 0, 1, 1))), call)
    assert content_sha256(bare, case.fps, tmp_path) == made.content_sha256
    (other,) = desk.files(**{**request, "strength": 1.0})
    assert other.content_sha256 != made.content_sha256


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_duration_and_the_sound_stay(desk: Desk, case: Case, tmp_path: Path) -> None:
    path = source(tmp_path, 20, 25, "aac")  # 0.8 s, which is not legal for any of the models
    (made,) = desk.files(task="restyle_clip", model=desk.twin(case.model), clip=desk.put(path), seconds=5, **WORDS)
    assert made.frames == round(0.8 * case.fps)
    assert made.seconds == pytest.approx(0.8, abs=0.03)
    assert made.notes == (f"The result has {case.fps} frames per second, as the model requires.",)
    with av.open(str(desk.folder / "out" / made.file)) as media:
        assert len(media.streams.audio) == 1


def test_of_a_long_clip_the_first_part_is_used_and_said_so(desk: Desk, tmp_path: Path) -> None:
    path = source(tmp_path, 40, 16, "aac")
    request = {"task": "restyle_clip", "model": desk.twin("wan-2.1-1.3b"), "clip": desk.put(path), "seconds": 0.5}
    (made,) = desk.files(**request, **WORDS)
    assert made.frames == 9
    assert made.notes == ("Only the first 0.6 s of the clip was used.",)
    with av.open(str(desk.folder / "out" / made.file)) as media:
        heard = sum(frame.samples for frame in media.decode(audio=0))
    assert heard / 48_000 == pytest.approx(9 / 16, abs=0.05)


def test_a_clip_of_another_shape_fills_the_frame(desk: Desk, tmp_path: Path) -> None:
    path = make_clip(tmp_path / "wide.mp4", [Fraction(n, 16) for n in range(9)], size=(320, 40))
    model = desk.twin("wan-2.1-1.3b")
    (made,) = desk.files(task="restyle_clip", model=model, clip=desk.put(path), **WORDS)
    assert (made.width, made.height) == (176, 64)
    assert made.notes == ("The clip and the result have different shapes, so only part of the picture is used.",)
    assert made.provenance["parents"] == [made.provenance["request"]["clip"]]


def test_hdr_is_said_to_be_lost(desk: Desk, tmp_path: Path) -> None:
    path = write(tmp_path / "hdr.mov", numbered(9), fps=Fraction(16), colorspace=9, color_primaries=9, color_trc=16)
    (made,) = desk.files(task="restyle_clip", model=desk.twin("wan-2.1-1.3b"), clip=desk.put(path), **WORDS)
    assert "The clip is HDR, and the result is not: its colors look flatter." in made.notes


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_cancel_stops_at_the_next_step(desk: Desk, case: Case, tmp_path: Path) -> None:
    clip = desk.put(source(tmp_path, 9, case.fps))
    proofs.stops_when_cancelled(desk, desk.twin(case.model), task="restyle_clip", clip=clip, steps=60)
