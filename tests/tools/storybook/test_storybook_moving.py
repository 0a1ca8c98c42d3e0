"""The clip model's training: its input is correct, and its result is a standard pipeline."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engines import torch_setup

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True, scope="module")
def _ready() -> None:
    torch_setup.import_heavy("diffusers", "transformers")


def test_the_autoencoder_matches_diffusers_on_single_frames() -> None:
    from tools.storybook.moving import models, still

    torch.manual_seed(0)
    flat = still.by_itself(models.autoencoder(8)).eval()
    plain = models.autoencoder(8).eval()
    plain.load_state_dict(flat.state_dict())
    clip = torch.rand(1, 3, 5, 32, 32) * 2 - 1
    with torch.no_grad():
        latents = plain.encode(clip).latent_dist.mode()
        each = torch.cat([still.encode(flat, frame) for frame in clip.split(1, 2)], 2)
        assert torch.allclose(latents, each, atol=1e-5)
        made = torch.cat([still.decode(flat, frame) for frame in latents.split(1, 2)], 2).clamp(-1, 1)
        assert torch.allclose(plain.decode(latents).sample, made, atol=1e-5)


def test_left_out_frames_do_not_shift_the_others() -> None:
    from tools.storybook.moving import dataset, models
    from tools.storybook.moving.clip import Rope

    transformer = models.transformer(64, 1)
    latents = torch.randn(1, models.LATENT_CHANNELS, dataset.FRAMES, 4, 4)
    plain = transformer.rope(latents)
    rope = Rope(transformer.rope)
    assert all(torch.equal(one, other) for one, other in zip(plain, rope(latents), strict=True))
    rope.frames = torch.tensor([[0, 5, 16]])
    for one, other in zip(plain, rope(latents[:, :, :3]), strict=True):
        assert torch.equal(one.unflatten(1, (17, 4))[:, [0, 5, 16]].flatten(1, 2), other)


def test_clips_and_captions_are_deterministic() -> None:
    from tools.storybook.moving import dataset

    assert dataset.kept(8) == list(range(17))
    for number in (1, 2, 3):
        assert dataset.kept(number)[0] == 0
        assert len(set(dataset.kept(number))) == dataset.SPARSE
    assert dataset.captions(3) == dataset.captions(3)
    one, other = (dataset.clips([1, 2], 1) for _ in range(2))
    assert one.shape == (2, 7, 3, 96, 96)
    assert np.array_equal(one, other)


def test_training_from_scratch_gives_a_pipeline_that_animates_a_picture(tmp_path: Path) -> None:
    from diffusers import WanImageToVideoPipeline
    from PIL import Image

    from tools.storybook.loop import TrainingPlan
    from tools.storybook.moving import pipeline, shipping, training

    recipe = training.MovingTrainingRecipe(
        samples=4,
        clips=24,
        autoencoder=TrainingPlan("motion-autoencoder", 4, 2, 1e-3),
        text=TrainingPlan("motion-text", 32, 16, 1e-3),
        batch=2,
    )
    seen: list[str] = []
    training.train(tmp_path, recipe, "cpu", lambda folder, progress: seen.append(progress))
    assert seen == ["0000004"]
    trained = load_file(tmp_path / "motion.safetensors")
    training.train(tmp_path, recipe, "cpu", lambda folder, progress: seen.append(progress))
    again = load_file(tmp_path / "motion.safetensors")
    assert all(torch.equal(trained[name], again[name]) for name in trained), "finished stages are not changed"

    shipping.export(tmp_path, tmp_path / "model")
    loaded = shipping.shipped(tmp_path / "model")
    assert isinstance(loaded, WanImageToVideoPipeline)
    picture = Image.new("RGB", (96, 96), (200, 40, 40))
    clip, same = (pipeline.animated(loaded, picture, "moves to the left", seed=3, steps=2) for _ in range(2))
    assert clip.shape == (17, 96, 96, 3)
    assert np.array_equal(clip, same)
    assert not np.array_equal(clip, pipeline.animated(loaded, picture, "moves to the left", seed=4, steps=2))
