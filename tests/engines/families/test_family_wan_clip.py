"""Clips from a prompt and from a picture, with the twins of Wan 2.2 5B and Storybook Motion."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from engines import protocol
from engines.families.wan import vae_decode
from engines.media.clip import ClipReader
from engines.requests import AssetFacts, parse
from engines.tasks import obstacle
from engines.twins import build
from errors import StudioError
from tests.engines.families import family_checks as proofs
from tests.engines.image.image_worker import Desk, noise
from tests.engines.loras import lora_files

pytestmark = pytest.mark.slow

WORDS = {"prompt": "a fox runs", "steps": 2}
SKETCH = {"prompt": "a red car drives to the left, harbour", "steps": 2}


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


@pytest.fixture
def model(desk: Desk) -> str:
    return desk.twin("wan-2.2-ti2v-5b")


def shown(desk: Desk, file: protocol.ResultFile) -> list[np.ndarray]:
    """Return the frames of a generated clip."""
    with ClipReader(desk.folder / "out" / file.file) as reader:
        return [frame.pixels for frame in reader.read()]


def test_a_clip_from_a_prompt_is_as_requested_and_reproducible(desk: Desk, model: str) -> None:
    asked: dict[str, Any] = {"task": "create_clip", "model": model, "width": 96, "height": 64, **WORDS}
    together = desk.files(**asked, count=2, seed=7)
    previews = [Image.open(io.BytesIO(event.jpeg)) for event in desk.events if isinstance(event, protocol.Preview)]
    frames = shown(desk, together[0])
    assert [(one.kind, one.width, one.height, one.frames, one.fps) for one in together] == [
        ("clip", 96, 64, 13, 24)
    ] * 2
    assert len(frames) == 13
    assert previews
    assert all(abs(preview.width / preview.height - 96 / 64) < 0.05 for preview in previews)
    assert all(frame.shape == (64, 96, 3) for frame in frames)
    alone = [desk.files(**asked, seed=seed)[0] for seed in (7, 8)]
    assert [one.content_sha256 for one in together] == [one.content_sha256 for one in alone]
    assert len({one.content_sha256 for one in together}) == 2
    assert [one.provenance["request"]["seed"] for one in together] == [7, 8]
    assert (desk.folder / "out" / (together[0].thumb or "")).is_file()
    assert not list((desk.folder / "checkpoint").iterdir())


def test_a_picture_of_any_shape_is_animated_and_cropping_is_reported(desk: Desk, model: str) -> None:
    desk.files(task="create_clip", model=model, **WORDS)
    for size, frame, seen in (
        ((64, 64), (64, 64), None),
        ((131, 77), (96, 64), (7, 0, 123, 77)),
        ((20_000, 40), (256, 64), (9920, 0, 10_080, 40)),
        ((1, 1), (64, 64), None),
    ):
        (made,) = desk.files(task="animate_image", model=model, image=desk.put(noise(*size)), **WORDS)
        assert (made.width, made.height) == frame
        assert made.provenance.get("picture_seen") == seen
        assert made.frames == 13
        loaded = [event.note for event in desk.events if isinstance(event, protocol.Loading)]
        assert not any("text encoder" in note for note in loaded), "the same words are read once, for both tasks"


def test_a_text_to_video_model_has_its_own_frame_rate(desk: Desk) -> None:
    (made,) = desk.files(task="create_clip", model=desk.twin("wan-2.1-1.3b"), **WORDS)
    assert (made.width, made.height, made.frames, made.fps) == (64, 64, 9, 16)


def test_a_broken_picture_is_rejected(desk: Desk, model: str, tmp_path: Path) -> None:
    whole = tmp_path / "whole.png"
    noise(64, 64).save(whole)
    broken = tmp_path / "broken.png"
    broken.write_bytes(whole.read_bytes()[:200])
    id = desk.add(broken, AssetFacts(kind="image", mime="image/png", bytes=200, width=64, height=64))
    ended = desk.ask(task="animate_image", model=model, image=id, **WORDS)
    assert isinstance(ended, protocol.Failed)
    assert ended.problem.code == "bad_picture"


def test_the_nearest_valid_duration_is_generated_and_none_longer(desk: Desk, model: str) -> None:
    lengths = {0.5: 13, 1.5: 37, 5: 121}
    made = {seconds: desk.files(task="create_clip", model=model, seconds=seconds, **WORDS)[0] for seconds in lengths}
    assert {seconds: one.frames for seconds, one in made.items()} == lengths
    assert all(abs((one.seconds or 0) - seconds) < 0.1 for seconds, one in made.items())
    for wrong in ({"seconds": 61}, {"seconds": 0.7}, {"width": 100}):
        with pytest.raises(StudioError):
            desk.catalog.prepare(parse({"task": "create_clip", "model": model, **WORDS, **wrong}), {})


@pytest.mark.parametrize("task", ["create_clip", "animate_image"])
def test_a_cancel_stops_at_the_next_step(desk: Desk, model: str, task: str) -> None:
    given = {} if task == "create_clip" else {"image": desk.put(noise(64, 64))}
    proofs.stops_when_cancelled(desk, model, task=task, **given)


def test_a_cancel_stops_between_tiles_too(desk: Desk, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vae_decode, "_TILE", 64)
    monkeypatch.setattr(vae_decode, "_OVERLAP", 32)
    tiles: list[Any] = []
    one_by_one = vae_decode._one_by_one

    def cancelled_at_the_second(vae: Any, latents: Any) -> Iterator[np.ndarray]:
        tiles.append(latents)
        if len(tiles) == 2:
            desk.worker.cancel(desk.events[-1].job)
        return one_by_one(vae, latents)

    monkeypatch.setattr(vae_decode, "_one_by_one", cancelled_at_the_second)
    ended = desk.ask(task="create_clip", model=model, width=256, height=64, **WORDS)
    assert isinstance(ended, protocol.Cancelled)
    assert len(tiles) == 2
    assert not any(component.leased for component in desk.swapper.state("device").components)


def test_a_cancel_at_the_last_step_decodes_nothing(desk: Desk, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def hear(event: protocol.Event) -> None:
        desk.events.append(event)
        if isinstance(event, protocol.Progress) and event.step == event.total:
            desk.worker.cancel(event.job)

    def decoded(*_: Any) -> Iterator[np.ndarray]:
        raise AssertionError("the job was cancelled")

    monkeypatch.setattr(vae_decode, "_one_by_one", decoded)
    desk.worker._send = hear
    assert isinstance(desk.ask(task="create_clip", model=model, **WORDS), protocol.Cancelled)


def test_a_lora_acts_and_leaves_no_trace(desk: Desk, model: str, twin_folder: Path, tmp_path: Path) -> None:
    from diffusers import WanTransformer3DModel

    transformer = WanTransformer3DModel.from_pretrained(build("wan-2.2-5b", twin_folder) / "transformer")
    layers = lora_files.changes(transformer, ("attn1.to_q", "attn1.to_v"))
    path = lora_files.write(tmp_path / "lora.safetensors", lora_files.dotted(layers, "transformer."), {})
    id = desk.add(path, AssetFacts(kind="lora", mime="", bytes=path.stat().st_size, family="wan22-5b"))
    asked: dict[str, Any] = {"task": "create_clip", "model": model, **WORDS}
    (before,) = desk.files(**asked)
    (changed,) = desk.files(**asked, loras=[{"asset": id, "weight": 1.5}])
    (after,) = desk.files(**asked)
    assert changed.content_sha256 != before.content_sha256 == after.content_sha256
    assert [one["asset"] for one in changed.provenance["loras"]] == [id]


def test_frames_are_decoded_one_by_one(twin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from diffusers import AutoencoderKLWan

    vae = AutoencoderKLWan.from_pretrained(build("wan-2.2-5b", twin_folder) / "vae")
    latents = torch.randn(1, 48, 3, 8, 12, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        whole = (vae.decode(latents).sample[0] / 2 + 0.5).permute(1, 2, 3, 0).numpy()
    assert np.array_equal(np.stack(list(vae_decode.decode_frames(vae, latents, tmp_path))), whole)
    monkeypatch.setattr(vae_decode, "_TILE", 96)
    monkeypatch.setattr(vae_decode, "_OVERLAP", 32)
    tiled = np.stack(list(vae_decode.decode_frames(vae, latents, tmp_path)))
    assert tiled.shape == whole.shape == (9, 128, 192, 3)
    assert 0.7 < np.corrcoef(tiled.ravel(), whole.ravel())[0, 1] < 1


@pytest.mark.parametrize("scale", [8, 16])
def test_tiles_of_every_size_share_each_pixel_fully(scale: int) -> None:
    for side in range(2, 2048 // scale):
        spans = vae_decode._spans(side, scale)
        total = np.zeros(side * scale)
        for number, (start, end) in enumerate(spans):
            total[start * scale : end * scale] += vae_decode._share(spans, number, scale)
        assert np.allclose(total, 1)
        assert max(end - start for start, end in spans) * scale <= vae_decode._TILE


def test_a_sketch_starts_with_a_picture_of_the_other_model(desk: Desk) -> None:
    model, image_model = desk.twin("storybook-motion"), desk.catalog.get("storybook-image")
    quick = image_model.model_copy(update={"defaults": {**image_model.defaults, "steps": 3}})
    (desk.folder / "own" / "storybook-image.yaml").write_text(yaml.safe_dump(quick.model_dump(mode="json")))
    asked: dict[str, Any] = {"task": "create_clip", "model": model, **SKETCH}
    together = desk.files(**asked, count=2, seed=3)
    steps = [(event.step, event.total) for event in desk.events if isinstance(event, protocol.Progress)]
    assert steps == [(step, 2 * 3 + 2 * 2) for step in range(1, 11)]
    assert {(one.width, one.height, one.frames, one.fps, one.seconds) for one in together} == {(384, 384, 17, 8, 2.125)}
    assert together[1].content_sha256 == desk.files(**asked, seed=4)[0].content_sha256
    assert together[0].provenance["words_left_out"] == "harbour"
    assert [one["id"] for one in together[0].provenance["helpers"]] == ["storybook-image"]

    (moved,) = desk.files(
        task="animate_image", model=model, prompt="to the moon, zoom in", image=desk.put(noise(80, 99))
    )
    assert moved.provenance["words_left_out"] == ""
    assert not moved.provenance["helpers"]
    nothing = desk.ask(**{**asked, "prompt": "zoom in"})
    assert isinstance(nothing, protocol.Failed)
    assert nothing.problem.code == "unknown_words"


def test_a_missing_model_for_the_first_frame_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = desk.catalog.get(desk.twin("storybook-motion"))
    installed = desk.catalog.installed
    monkeypatch.setattr(desk.catalog, "installed", lambda one: one.id != "storybook-image" and installed(one))
    request = parse({"task": "create_clip", "model": entry.id, **SKETCH})
    found = obstacle(request, entry, desk.catalog, {})
    assert found is not None
    assert found.code == "needs_helper"
    moving = parse({"task": "animate_image", "model": entry.id, "image": "0" * 32, **SKETCH})
    assert obstacle(moving, entry, desk.catalog, {}) is None
