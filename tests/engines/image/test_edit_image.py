"""Image to image, inpainting and outpainting with the twin of Stable Diffusion 1.5."""

from pathlib import Path

import numpy as np
import pytest

from engines import protocol
from tests.engines.image.image_worker import Desk, box_mask, noise

pytestmark = pytest.mark.slow

REQUEST_FIELDS = {"prompt": "a fox", "steps": 3}


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


@pytest.fixture
def model(desk: Desk) -> str:
    return desk.twin("stable-diffusion-1.5")


def test_a_changed_picture_keeps_its_original_size(desk: Desk, model: str) -> None:
    image = desk.put(noise(131, 77))
    (made,) = desk.pictures(task="change_image", model=model, image=image, strength=0.5, **REQUEST_FIELDS)
    assert made.shape == (77, 131, 3)


def test_more_strength_changes_more_and_0_changes_nothing(desk: Desk, model: str) -> None:
    picture = noise(128, 128)
    image, before = desk.put(picture), np.asarray(picture).astype(int)

    def change(strength: float) -> float:
        (made,) = desk.pictures(task="change_image", model=model, image=image, strength=strength, **REQUEST_FIELDS)
        return float(np.abs(made - before).mean())

    assert change(0) == 0
    assert change(0.2) > 0
    assert desk.pictures(task="change_image", model=model, image=image, strength=1, **REQUEST_FIELDS)


def test_pixels_outside_the_mask_stay_identical(desk: Desk, model: str) -> None:
    picture, mask = noise(300, 200), box_mask(300, 200, (100, 60, 190, 140))
    asked = {"image": desk.put(picture), "mask": desk.put(mask), "feather": 8}
    (made,) = desk.pictures(task="fill_image", model=model, **asked, **REQUEST_FIELDS)
    black = np.asarray(mask) == 0
    assert np.array_equal(made[black], np.asarray(picture)[black])
    assert np.abs(made[~black].astype(int) - np.asarray(picture)[~black]).max() > 10


def test_an_empty_mask_is_rejected_with_advice(desk: Desk, model: str) -> None:
    asked = {"image": desk.put(noise(64, 64)), "mask": desk.put(box_mask(64, 64, (0, 0, 0, 0)))}
    failed = desk.ask(task="fill_image", model=model, **asked, **REQUEST_FIELDS)
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "empty_mask"


def test_a_mask_of_another_size_is_stretched_over_the_picture(desk: Desk, model: str) -> None:
    picture = noise(200, 200)
    asked = {"image": desk.put(picture), "mask": desk.put(box_mask(50, 50, (20, 20, 30, 30)))}
    (made,) = desk.pictures(task="fill_image", model=model, **asked, **REQUEST_FIELDS)
    assert np.array_equal(made[:60], np.asarray(picture)[:60])
    assert not np.array_equal(made[80:120, 80:120], np.asarray(picture)[80:120, 80:120])


def test_an_extended_picture_keeps_its_middle(desk: Desk, model: str) -> None:
    picture = noise(128, 96)
    (made,) = desk.pictures(
        task="extend_image", model=model, image=desk.put(picture), left=32, top=16, **REQUEST_FIELDS
    )
    assert made.shape == (112, 160, 3)
    assert np.array_equal(made[16 + 20 :, 32 + 20 :], np.asarray(picture)[20:, 20:])


def test_several_pictures_are_the_same_as_one_by_one(desk: Desk, model: str) -> None:
    asked = {"task": "create_image", "model": model, "width": 64, "height": 64, **REQUEST_FIELDS}
    together = desk.files(**asked, count=3, seed=7)
    alone = [desk.files(**asked, seed=seed)[0] for seed in (7, 8, 9)]
    assert [file.content_sha256 for file in together] == [file.content_sha256 for file in alone]
    assert [file.provenance["request"]["seed"] for file in together] == [7, 8, 9]
    assert all(file.provenance["request"]["count"] == 1 for file in together)
