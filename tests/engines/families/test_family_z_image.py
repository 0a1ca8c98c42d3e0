"""Z-Image, Turbo and base, with their twin."""

from pathlib import Path

import numpy as np
import pytest

from tests.engines.families import family_checks as proofs
from tests.engines.image.image_worker import Desk, box_mask, noise

pytestmark = pytest.mark.slow

BOTH = pytest.mark.parametrize("entry", ["z-image-turbo", "z-image"])


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


@BOTH
def test_it_generates_what_is_requested(desk: Desk, entry: str) -> None:
    proofs.draws_what_is_asked(desk, desk.twin(entry))


@BOTH
def test_a_changed_picture_keeps_its_size(desk: Desk, entry: str) -> None:
    model = desk.twin(entry)
    little = proofs.keeps_its_size(desk, model, "change_image", strength=0.4)
    assert proofs.apart(little, proofs.keeps_its_size(desk, model, "change_image", strength=1)) > 1


@BOTH
def test_a_filled_picture_stays_the_same_elsewhere(desk: Desk, entry: str) -> None:
    proofs.leaves_alone_what_is_not_painted(desk, desk.twin(entry))


@BOTH
def test_a_picture_is_extended(desk: Desk, entry: str) -> None:
    proofs.continues_a_picture(desk, desk.twin(entry))


def test_a_cancel_stops_at_the_next_step(desk: Desk) -> None:
    proofs.stops_when_cancelled(desk, desk.twin("z-image-turbo"))


@BOTH
def test_the_same_prompt_is_encoded_once(desk: Desk, entry: str) -> None:
    proofs.reads_the_same_words_once(desk, desk.twin(entry))


def test_the_truncated_part_of_a_prompt_is_reported(desk: Desk) -> None:
    proofs.says_what_it_did_not_read(desk, desk.twin("z-image-turbo"))


@pytest.mark.parametrize("task", ["create_image", "change_image", "fill_image"])
def test_one_pass_gives_the_same_pictures_as_each_seed_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    given = {} if task == "create_image" else {"image": desk.put(noise(128, 128))}
    if task == "fill_image":
        given["mask"] = desk.put(box_mask(128, 128, (0, 0, 128, 128)))
    proofs.makes_in_one_pass_what_it_makes_alone(desk, monkeypatch, desk.twin("z-image"), task, **given)


def test_a_negative_prompt_only_acts_with_guidance(desk: Desk) -> None:
    def drawn(entry: str, negative: str) -> np.ndarray:
        asked = {"width": 64, "height": 64, "negative_prompt": negative, **proofs.REQUEST_FIELDS}
        return desk.pictures(task="create_image", model=desk.twin(entry), **asked)[0]

    assert proofs.apart(drawn("z-image", ""), drawn("z-image", "green hats")) > 0.1
    assert np.array_equal(drawn("z-image-turbo", ""), drawn("z-image-turbo", "green hats"))
