"""Qwen-Image, Qwen-Image-Edit and -Plus, and Qwen-Image 2.1 with their twins."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines import protocol
from errors import StudioError
from tests.engines.families import family_checks as proofs
from tests.engines.image.image_worker import Desk, box_mask, noise

pytestmark = pytest.mark.slow

PLUS = "qwen-image-edit-2511"
FEW = {"prompt": "a fox", "steps": 2}
"""The edit models process one megapixel per step."""


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


@pytest.mark.parametrize("entry", ["qwen-image", "qwen-image-2.1"])
def test_it_generates_what_is_requested(desk: Desk, entry: str) -> None:
    proofs.draws_what_is_asked(desk, desk.twin(entry))


def test_a_changed_picture_keeps_its_size(desk: Desk) -> None:
    model = desk.twin("qwen-image")
    little = proofs.keeps_its_size(desk, model, "change_image", strength=0.4)
    assert proofs.apart(little, proofs.keeps_its_size(desk, model, "change_image", strength=1)) > 1


def test_a_filled_picture_stays_the_same_elsewhere(desk: Desk) -> None:
    proofs.leaves_alone_what_is_not_painted(desk, desk.twin("qwen-image"))


def test_a_picture_is_extended(desk: Desk) -> None:
    proofs.continues_a_picture(desk, desk.twin("qwen-image"))


@pytest.mark.parametrize("entry", ["qwen-image", "qwen-image-2.1"])
def test_a_cancel_stops_at_the_next_step(desk: Desk, entry: str) -> None:
    proofs.stops_when_cancelled(desk, desk.twin(entry))


def test_the_same_prompt_is_encoded_once_for_all_tasks(desk: Desk) -> None:
    given = {"task": "change_image", "image": desk.put(noise(64, 64))}
    proofs.reads_the_same_words_once(desk, desk.twin("qwen-image"), **given)


def test_the_same_prompt_with_the_same_pictures_is_encoded_once(desk: Desk) -> None:
    proofs.reads_the_same_words_once(desk, desk.twin("qwen-image-2.1"))


def test_the_truncated_part_of_a_prompt_is_reported(desk: Desk) -> None:
    proofs.says_what_it_did_not_read(desk, desk.twin("qwen-image"))


@pytest.mark.parametrize("task", ["create_image", "change_image", "fill_image"])
def test_one_pass_gives_the_same_pictures_as_each_seed_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    given = {} if task == "create_image" else {"image": desk.put(noise(64, 64))}
    if task == "fill_image":
        given["mask"] = desk.put(box_mask(64, 64, (0, 0, 64, 64)))
    proofs.makes_in_one_pass_what_it_makes_alone(desk, monkeypatch, desk.twin("qwen-image"), task, **given)


def test_guidance_acts_with_or_without_a_negative_prompt(desk: Desk) -> None:
    def drawn(guidance: float, negative: str) -> np.ndarray:
        asked = {"guidance": guidance, "negative_prompt": negative, **FEW}
        return desk.pictures(task="create_image", model=desk.twin("qwen-image"), **asked)[0]

    free = drawn(1, "")
    assert np.array_equal(free, drawn(1, "green hats"))
    assert proofs.apart(free, drawn(4, "")) > 0.1
    assert proofs.apart(drawn(4, ""), drawn(4, "green hats")) > 0.1


def test_an_edited_picture_keeps_its_size_and_follows_the_prompt(desk: Desk) -> None:
    model, image = desk.twin("qwen-image-edit"), desk.put(noise(131, 77))

    def edited(words: str) -> np.ndarray:
        return desk.pictures(task="edit_image", model=model, image=image, prompt=words, steps=2)[0]

    blue = edited("make it blue")
    assert blue.shape == (77, 131, 3)
    assert proofs.apart(blue, edited("make it night")) > 0.1
    desk.swapper.free()
    assert np.array_equal(blue, edited("make it blue"))
    assert not any(isinstance(event, protocol.Loading) and "text encoder" in event.note for event in desk.events)


@pytest.mark.parametrize("entry", ["qwen-image-edit", PLUS, "qwen-image-2.1"])
def test_an_edit_with_a_mask_changes_only_the_painted_area(desk: Desk, entry: str) -> None:
    references = [] if entry == "qwen-image-edit" else [desk.put(noise(90, 120, 1))]
    proofs.leaves_alone_what_is_not_painted(desk, desk.twin(entry), "edit_image", references=references)


@pytest.mark.parametrize("entry", [PLUS, "qwen-image-2.1"])
def test_a_new_picture_uses_reference_pictures_in_order(desk: Desk, entry: str) -> None:
    asked: dict[str, Any] = {"task": "create_image", "model": desk.twin(entry), "width": 64, "height": 96, **FEW}
    first, second = desk.put(noise(90, 120, 1)), desk.put(noise(64, 64, 2))
    (one,) = desk.pictures(**asked, references=[first, second])
    assert one.shape == (96, 64, 3)
    (other,) = desk.pictures(**asked, references=[second, first])
    assert proofs.apart(one, other) > 0.1


def test_a_missing_reference_picture_is_reported_before_loading(desk: Desk) -> None:
    with pytest.raises(StudioError) as refused:
        desk.ask(task="create_image", model=desk.twin(PLUS), **FEW)
    assert refused.value.problem.code == "no_references"
    assert "Reference pictures" in refused.value.problem.next


def test_an_edit_is_cancelled_at_the_next_step(desk: Desk) -> None:
    proofs.stops_when_cancelled(desk, desk.twin(PLUS), task="edit_image", image=desk.put(noise(64, 64)))
