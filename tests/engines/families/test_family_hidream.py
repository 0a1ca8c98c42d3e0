"""HiDream-I1 and HiDream-E1.1 with their twin."""

from pathlib import Path

import numpy as np
import pytest

from tests.engines.families import family_checks as proofs
from tests.engines.image.image_worker import Desk, noise

pytestmark = pytest.mark.slow

DRAW = ["hidream-i1-full", "hidream-i1-dev"]
EDIT = "hidream-e1.1"


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


@pytest.mark.parametrize("entry", DRAW)
def test_it_generates_what_is_requested(desk: Desk, entry: str) -> None:
    proofs.draws_what_is_asked(desk, desk.twin(entry))


def test_noise_added_at_each_step_comes_from_the_seed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    model = desk.twin("hidream-i1-dev")
    asked = {"task": "create_image", "model": model, **proofs.REQUEST_FIELDS}
    assert np.array_equal(desk.pictures(**asked)[0], desk.pictures(**asked)[0])
    proofs.makes_in_one_pass_what_it_makes_alone(desk, monkeypatch, model, "create_image")


def test_an_unsupported_size_is_resized_from_the_supported_one(desk: Desk) -> None:
    asked = {"task": "create_image", "model": desk.twin("hidream-i1-full"), **proofs.REQUEST_FIELDS}
    (small,), (large,) = desk.pictures(**asked, width=64, height=64), desk.pictures(**asked, width=192, height=192)
    assert (small.shape, large.shape) == ((64, 64, 3), (192, 192, 3))
    centres = large[1::3, 1::3]
    assert proofs.apart(small, centres) < 12 < proofs.apart(small, centres[::-1])  # the same picture, not a crop


@pytest.mark.parametrize("entry", DRAW)
def test_the_same_prompt_is_encoded_once(desk: Desk, entry: str) -> None:
    proofs.reads_the_same_words_once(desk, desk.twin(entry))


def test_the_truncated_part_of_a_prompt_is_reported(desk: Desk) -> None:
    proofs.says_what_it_did_not_read(desk, desk.twin("hidream-i1-full"))


def test_a_negative_prompt_only_acts_with_guidance(desk: Desk) -> None:
    def drawn(entry: str, negative: str) -> np.ndarray:
        asked = {"negative_prompt": negative, **proofs.REQUEST_FIELDS}
        return desk.pictures(task="create_image", model=desk.twin(entry), **asked)[0]

    assert proofs.apart(drawn("hidream-i1-full", ""), drawn("hidream-i1-full", "green hats")) > 0.1
    assert np.array_equal(drawn("hidream-i1-fast", ""), drawn("hidream-i1-fast", "green hats"))


@pytest.mark.parametrize(("entry", "task"), [("hidream-i1-full", "create_image"), (EDIT, "edit_image")])
def test_a_cancel_stops_at_the_next_step(desk: Desk, entry: str, task: str) -> None:
    given = {"image": desk.put(noise(64, 64))} if task == "edit_image" else {}
    proofs.stops_when_cancelled(desk, desk.twin(entry), task=task, **given)


@pytest.mark.parametrize(("entry", "task"), [("hidream-i1-full", "create_image"), (EDIT, "edit_image")])
def test_one_pass_gives_the_same_pictures_as_each_seed_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, entry: str, task: str
) -> None:
    given = {"image": desk.put(noise(96, 64))} if task == "edit_image" else {}
    proofs.makes_in_one_pass_what_it_makes_alone(desk, monkeypatch, desk.twin(entry), task, **given)


def test_an_edited_picture_keeps_its_size_and_follows_the_prompt(desk: Desk) -> None:
    model = desk.twin(EDIT)
    fox = proofs.keeps_its_size(desk, model, "edit_image")
    assert np.array_equal(fox, proofs.keeps_its_size(desk, model, "edit_image"))
    asked = {"image": desk.put(noise(131, 77)), "prompt": "two ships", "steps": 3}
    assert proofs.apart(fox, desk.pictures(task="edit_image", model=model, **asked)[0]) > 0.1


def test_an_edit_uses_the_picture(desk: Desk) -> None:
    asked = {"task": "edit_image", "model": desk.twin(EDIT), **proofs.REQUEST_FIELDS}
    (one,), (other,) = (desk.pictures(**asked, image=desk.put(noise(96, 64, seed))) for seed in (1, 2))
    assert proofs.apart(one, other) > 0.1


def test_an_edit_with_a_mask_changes_only_the_painted_area(desk: Desk) -> None:
    proofs.leaves_alone_what_is_not_painted(desk, desk.twin(EDIT), "edit_image")


def test_an_edit_leaves_the_shared_network_as_it_was(desk: Desk) -> None:
    """Both share the network in the twin, and an edit uses twice as many tokens."""
    asked = {
        "task": "create_image",
        "model": desk.twin("hidream-i1-full"),
        "width": 96,
        "height": 64,
        **proofs.REQUEST_FIELDS,
    }
    before = desk.pictures(**asked)
    proofs.keeps_its_size(desk, desk.twin(EDIT), "edit_image")
    assert np.array_equal(before, desk.pictures(**asked))
