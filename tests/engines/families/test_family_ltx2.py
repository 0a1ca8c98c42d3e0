"""LTX-2 and LTX-2.3: the picture and the sound of a clip are those of the plain pipeline, for each model and task."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from engines import protocol, torch_setup
from engines.media.intake import inspect
from engines.media.sound_track import SoundTrack
from engines.twins import build
from errors import StudioError
from tests.engines.families import family_checks as proofs
from tests.engines.families.clip_files import content_sha256
from tests.engines.image.image_worker import Desk, noise
from tests.engines.loras import lora_files

pytestmark = pytest.mark.slow

FRAMES, RATE = 9, 24
WORDS = {"prompt": "a fox says “Good morning.”", "seconds": 0.5}
GUIDED = {
    "stg_scale": 1.0,
    "modality_scale": 3.0,
    "guidance_rescale": 0.7,
    "audio_guidance_scale": 7.0,
    "audio_stg_scale": 1.0,
    "audio_modality_scale": 3.0,
    "audio_guidance_rescale": 0.7,
    "spatio_temporal_guidance_blocks": [1],
}
UNGUIDED = {
    "sigmas": [1.0, 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875],
    "stg_scale": 0.0,
    "modality_scale": 1.0,
    "guidance_rescale": 0.0,
    "audio_guidance_scale": 1.0,
    "audio_stg_scale": 0.0,
    "audio_modality_scale": 1.0,
    "audio_guidance_rescale": 0.0,
}


@dataclass(frozen=True)
class Case:
    """A model with the pictures that it is given, what the plain pipeline is called with, and the sound's rate."""

    model: str
    pictures: tuple[str, ...] = ()
    steps: int = 2
    rate: int = 24000
    call: dict[str, Any] = field(default_factory=lambda: GUIDED)

    def __str__(self) -> str:
        return f"{self.model}, {len(self.pictures)} pictures"

    @property
    def given(self) -> dict[str, Any]:
        """The pictures by their field in a request."""
        return {name: noise(64, 64, number) for number, name in enumerate(self.pictures)}


CASES = (
    Case("ltx-2"),
    Case("ltx-2", ("image",)),
    Case("ltx-2", ("image", "last_image")),
    Case("ltx-2-distilled", steps=8, call=UNGUIDED),
    Case("ltx-2.3", ("image",), rate=48000),
    Case("ltx-2.3-distilled", ("image", "last_image"), steps=8, rate=48000, call=UNGUIDED),
)


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


def asked(desk: Desk, case: Case) -> dict[str, Any]:
    """A request for the twin."""
    pictures = {name: desk.put(picture) for name, picture in case.given.items()}
    task = "animate_image" if pictures else "create_clip"
    return {"task": task, "model": desk.twin(case.model), "steps": case.steps, **WORDS, **pictures}


def bare_clip(desk: Desk, case: Case, twin_folder: Path) -> tuple[np.ndarray, SoundTrack]:
    """The frames and the sound that the plain pipeline makes of the same request."""
    import diffusers
    import torch
    from diffusers.pipelines.ltx2 import LTX2VideoCondition

    from engines.families.ltx2.last_frame_pipeline import LTX2LastFramePipeline

    entry = desk.catalog.get(f"{case.model}.twin")
    folder = build(entry.twin or "", twin_folder)
    classes = (diffusers.LTX2Pipeline, diffusers.LTX2ImageToVideoPipeline, LTX2LastFramePipeline)
    # As the makers' own program runs LTX-2: blocks can skip their attention.
    transformer = diffusers.LTX2VideoTransformer3DModel.from_pretrained(folder / "transformer", perturbed_attn=True)
    pipeline = classes[len(case.pictures)].from_pretrained(folder, transformer=transformer.float(), dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    settings = entry.options.get("scheduler_settings", {})
    pipeline.scheduler = type(pipeline.scheduler).from_config(pipeline.scheduler.config, **settings)
    pictures = case.given
    if "last_image" in pictures:
        both = zip(pictures.values(), (0, -1), strict=True)
        pictures = {"conditions": [LTX2VideoCondition(picture, index) for picture, index in both]}
    frames, waves = pipeline(
        prompt=WORDS["prompt"],
        negative_prompt=entry.defaults.get("negative_prompt", ""),
        width=64,
        height=64,
        num_frames=FRAMES,
        frame_rate=RATE,
        num_inference_steps=case.steps,
        guidance_scale=entry.defaults["guidance"],
        use_cross_timestep=case.model.startswith("ltx-2.3"),
        max_sequence_length=entry.options["text_tokens"],
        generator=torch.Generator().manual_seed(7),
        output_type="np",
        return_dict=False,
        **case.call,
        **pictures,
    )
    return frames[0], SoundTrack(waves[0].T.float().numpy(), pipeline.vocoder.config.output_sampling_rate)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_clip_has_the_frames_and_the_sound_of_the_plain_pipeline(
    desk: Desk, case: Case, twin_folder: Path, tmp_path: Path
) -> None:
    made = desk.files(**asked(desk, case), count=2, seed=6)[1]
    frames, sound = bare_clip(desk, case, twin_folder)
    assert content_sha256(frames, RATE, tmp_path / "bare", sound) == made.content_sha256
    assert sound.samples.std() > 1e-3
    with av.open(str(desk.folder / "out" / made.file)) as media:
        picture, track = media.streams.video[0], media.streams.audio[0]
        assert (picture.frames, picture.width, picture.height) == (FRAMES, 64, 64)
        assert (track.rate, track.channels) == (case.rate, 2)
        heard = sum(frame.samples for frame in media.decode(track)) / case.rate
    assert heard == pytest.approx(FRAMES / RATE, abs=0.07)  # its latents are 40 ms long, an AAC packet up to 43 ms


@pytest.mark.parametrize("latent", [2, 15])
def test_the_last_picture_is_at_the_last_frame(latent: int) -> None:
    torch_setup.import_heavy("diffusers", "transformers")
    from engines.families.ltx2.last_frame_pipeline import LTX2LastFramePipeline

    parts = dict.fromkeys(("scheduler", "vae", "audio_vae", "text_encoder", "tokenizer", "connectors", "transformer"))
    pipeline = LTX2LastFramePipeline(**parts, vocoder=None)
    place = {"keyframe_latent_num_frames": 1, "keyframe_latent_height": 2, "keyframe_latent_width": 2}
    first_of_latent = (latent - 1) * 8 + 1
    seconds = pipeline._prepare_keyframe_coords(
        **place, pixel_frame_idx=first_of_latent, num_pixel_frames=1, fps=RATE, device="cpu"
    )[0, 0]
    frames = 1 + latent * 8
    assert seconds[0].tolist() == pytest.approx([(frames - 1) / RATE, frames / RATE])


def test_gemma_is_gone_before_the_first_step_and_not_loaded_for_the_same_prompt(desk: Desk) -> None:
    leased = list[set[str]]()

    def hear(event: protocol.Event) -> None:
        desk.events.append(event)
        if isinstance(event, protocol.Progress):
            components = desk.swapper.state("device").components
            leased.append({Path(one.key.partition("#")[0]).name for one in components if one.leased})

    desk.worker._send = hear
    request = asked(desk, Case("ltx-2"))
    (made,) = desk.files(**request)
    assert leased[0] == {"transformer", "vae", "audio_vae"}
    assert set(made.provenance["plan"]) == {"text_encode", "denoise", "decode", "vocode"}
    assert any("text encoder" in note for note in loaded(desk))
    desk.swapper.free()
    desk.files(**request, seed=4)
    assert not [note for note in loaded(desk) if "text encoder" in note or "connectors" in note]
    assert any("vocoder" in note for note in loaded(desk))


def loaded(desk: Desk) -> list[str]:
    return [event.note for event in desk.events if isinstance(event, protocol.Loading)]


def test_without_guidance_the_sound_has_none_either(desk: Desk) -> None:
    (made,) = desk.files(**asked(desk, Case("ltx-2")), guidance=1.0)
    assert made.frames == FRAMES


def test_a_cancel_stops_at_the_next_step(desk: Desk) -> None:
    request = asked(desk, Case("ltx-2", ("image",)))
    proofs.stops_when_cancelled(desk, request.pop("model"), **{**request, "steps": 30})


def test_the_truncated_part_of_a_prompt_is_reported(desk: Desk) -> None:
    request = asked(desk, Case("ltx-2"))
    proofs.says_what_it_did_not_read(desk, request.pop("model"), **{**request, "prompt": "a fox"})


def test_a_distilled_model_takes_eight_steps_and_no_others(desk: Desk) -> None:
    request = asked(desk, Case("ltx-2-distilled"))
    with pytest.raises(StudioError, match="accepts only 8"):
        desk.ask(**request)


@pytest.fixture
def lora(desk: Desk, twin_folder: Path, tmp_path: Path) -> str:
    """A LoRA in the layer names of the model's original code, on layers of both streams."""
    from diffusers import LTX2VideoTransformer3DModel

    transformer = LTX2VideoTransformer3DModel.from_pretrained(build("ltx-2", twin_folder) / "transformer")
    layers = lora_files.changes(transformer, ("to_q", "to_v", "time_embed.linear", "proj_in"))
    original = {
        name.replace("time_embed", "adaln_single").replace("proj_in", "patchify_proj"): pair
        for name, pair in layers.items()
    }
    path = lora_files.write(tmp_path / "lora.safetensors", lora_files.dotted(original, "diffusion_model."), {})
    facts = inspect(path, path.name).facts
    assert facts.family == "ltx2"
    return desk.add(path, facts)


def test_a_lora_acts_and_leaves_no_trace(desk: Desk, lora: str) -> None:
    request = asked(desk, Case("ltx-2"))
    (before,) = desk.files(**request)
    (changed,) = desk.files(**request, loras=[{"asset": lora, "weight": 1.5}])
    (after,) = desk.files(**request)
    assert changed.notes == ()
    assert changed.content_sha256 != before.content_sha256 == after.content_sha256


def heard(desk: Desk, file: protocol.ResultFile) -> tuple[np.ndarray, int]:
    """The sound in a file, (length, channels), and its rate."""
    with av.open(str(desk.folder / "out" / file.file)) as media:
        track = media.streams.audio[0]
        return np.concatenate([frame.to_ndarray().T for frame in media.decode(track)]), track.rate


def test_a_clip_in_parts_and_a_continued_one_have_their_sound_throughout(
    desk: Desk, twin_folder: Path, tmp_path: Path
) -> None:
    request = asked(desk, Case("ltx-2"))
    (whole,) = desk.files(**{**request, "prompt": "a fox\n0 s: it says “Good.”\n0.5 s: it barks", "seconds": 1.0})
    assert "Made in parts." in " ".join(whole.notes)
    samples, rate = heard(desk, whole)
    assert len(samples) / rate == pytest.approx(whole.seconds, abs=0.07)
    parts = [samples[at : at + rate // 5] for at in range(0, round(whole.seconds * rate) - rate // 5, rate // 5)]
    assert all(part.std() > 1e-3 for part in parts)

    path = desk.folder / "out" / whole.file
    other = Desk(twin_folder, tmp_path / "other")
    begun = other.add(path, inspect(path, path.name).facts)
    (longer,) = other.files(**{**asked(other, Case("ltx-2")), "task": "continue_clip", "clip": begun})
    assert longer.frames == (whole.frames or 0) + FRAMES - 1
    more, rate = heard(other, longer)
    assert len(more) / rate == pytest.approx(longer.seconds, abs=0.07)
    assert more[len(samples) :].std() > 1e-3
    same = samples[: rate // 2], more[: rate // 2]
    assert np.corrcoef(*(one[:, 0] for one in same))[0, 1] > 0.9, "the same but for the encoder"
