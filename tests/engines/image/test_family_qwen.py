"""Qwen-Image, Qwen-Image-Edit and -Plus, and Qwen-Image 2.1 with their twins."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines import wire
from errors import StudioError
from tests.engines.image import family_proofs as proofs
from tests.engines.image.drawing_desk import Desk, box_mask, noise

pytestmark = pytest.mark.slow

PLUS = "qwen-image-edit-2511"
FEW = {"prompt": "a fox", "steps": 2}
"""The edit models look at a megapixel each step."""


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


@pytest.mark.parametrize("entry", ["qwen-image", "qwen-image-2.1"])
def test_it_draws_what_is_asked(desk: Desk, entry: str) -> None:
    proofs.draws_what_is_asked(desk, desk.twin(entry))


def test_a_changed_picture_keeps_its_size(desk: Desk) -> None:
    model = desk.twin("qwen-image")
    little = proofs.keeps_its_size(desk, model, "change_image", strength=0.4)
    assert proofs.apart(little, proofs.keeps_its_size(desk, model, "change_image", strength=1)) > 1


def test_a_filled_picture_is_as_it_was_elsewhere(desk: Desk) -> None:
    proofs.leaves_alone_what_is_not_painted(desk, desk.twin("qwen-image"))


def test_a_picture_is_continued(desk: Desk) -> None:
    proofs.continues_a_picture(desk, desk.twin("qwen-image"))


@pytest.mark.parametrize("entry", ["qwen-image", "qwen-image-2.1"])
def test_a_cancel_stops_at_the_next_step(desk: Desk, entry: str) -> None:
    proofs.stops_when_cancelled(desk, desk.twin(entry))


def test_the_same_words_are_read_once_whatever_is_done_by_them(desk: Desk) -> None:
    given = {"task": "change_image", "image": desk.put(noise(64, 64))}
    proofs.reads_the_same_words_once(desk, desk.twin("qwen-image"), **given)


def test_the_same_words_are_read_once_with_the_same_pictures(desk: Desk) -> None:
    proofs.reads_the_same_words_once(desk, desk.twin("qwen-image-2.1"))


def test_what_is_beyond_its_reading_is_said(desk: Desk) -> None:
    proofs.says_what_it_did_not_read(desk, desk.twin("qwen-image"))


@pytest.mark.parametrize("task", ["create_image", "change_image", "fill_image"])
def test_one_pass_makes_what_each_seed_makes_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch, task: str) -> None:
    given = {} if task == "create_image" else {"image": desk.put(noise(64, 64))}
    if task == "fill_image":
        given["mask"] = desk.put(box_mask(64, 64, (0, 0, 64, 64)))
    proofs.makes_in_one_pass_what_it_makes_alone(desk, monkeypatch, desk.twin("qwen-image"), task, **given)


def test_guidance_acts_with_or_without_unwanted_words(desk: Desk) -> None:
    def drawn(guidance: float, negative: str) -> np.ndarray:
        asked = {"guidance": guidance, "negative_prompt": negative, **FEW}
        return desk.pictures(task="create_image", model=desk.twin("qwen-image"), **asked)[0]

    free = drawn(1, "")
    assert np.array_equal(free, drawn(1, "green hats"))
    assert proofs.apart(free, drawn(4, "")) > 0.1
    assert proofs.apart(drawn(4, ""), drawn(4, "green hats")) > 0.1


def test_an_edited_picture_keeps_its_size_and_follows_the_words(desk: Desk) -> None:
    model, image = desk.twin("qwen-image-edit"), desk.put(noise(131, 77))

    def edited(words: str) -> np.ndarray:
        return desk.pictures(task="edit_image", model=model, image=image, prompt=words, steps=2)[0]

    blue = edited("make it blue")
    assert blue.shape == (77, 131, 3)
    assert proofs.apart(blue, edited("make it night")) > 0.1
    desk.swapper.free()
    assert np.array_equal(blue, edited("make it blue"))
    assert not any(isinstance(event, wire.Loading) and "text encoder" in event.note for event in desk.events)


@pytest.mark.parametrize("entry", ["qwen-image-edit", PLUS, "qwen-image-2.1"])
def test_an_edit_with_a_mask_changes_only_what_is_painted(desk: Desk, entry: str) -> None:
    references = [] if entry == "qwen-image-edit" else [desk.put(noise(90, 120, 1))]
    proofs.leaves_alone_what_is_not_painted(desk, desk.twin(entry), "edit_image", references=references)


@pytest.mark.parametrize("entry", [PLUS, "qwen-image-2.1"])
def test_a_new_picture_goes_by_others_in_their_order(desk: Desk, entry: str) -> None:
    asked: dict[str, Any] = {"task": "create_image", "model": desk.twin(entry), "width": 64, "height": 96, **FEW}
    first, second = desk.put(noise(90, 120, 1)), desk.put(noise(64, 64, 2))
    (one,) = desk.pictures(**asked, references=[first, second])
    assert one.shape == (96, 64, 3)
    (other,) = desk.pictures(**asked, references=[second, first])
    assert proofs.apart(one, other) > 0.1


def test_one_that_needs_a_picture_says_so_before_anything_is_loaded(desk: Desk) -> None:
    with pytest.raises(StudioError) as refused:
        desk.ask(task="create_image", model=desk.twin(PLUS), **FEW)
    assert refused.value.problem.code == "no_references"
    assert "Pictures to go by" in refused.value.problem.next


def test_an_edit_is_cancelled_at_the_next_step(desk: Desk) -> None:
    proofs.stops_when_cancelled(desk, desk.twin(PLUS), task="edit_image", image=desk.put(noise(64, 64)))
