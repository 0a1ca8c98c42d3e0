"""What every family must do, tested with the twin of one of its models."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines import protocol
from tests.engines.image.image_worker import Desk, box_mask, noise

REQUEST_FIELDS = {"prompt": "a fox", "steps": 3}


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean difference of two pictures, of 255."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def draws_what_is_asked(desk: Desk, model: str) -> None:
    """The size is right, the seed reproduces, and another prompt or seed gives another picture."""
    asked = {"task": "create_image", "model": model, "width": 96, "height": 64, **REQUEST_FIELDS}
    (fox,) = desk.pictures(**asked)
    assert fox.shape == (64, 96, 3)
    previews = [Image.open(io.BytesIO(event.jpeg)) for event in desk.events if isinstance(event, protocol.Preview)]
    assert all(abs(preview.width / preview.height - 96 / 64) < 0.05 for preview in previews)
    assert bool(previews) == ("latent_rgb" in desk.catalog.get(model).options)
    assert np.array_equal(fox, desk.pictures(**asked)[0])
    assert apart(fox, desk.pictures(**{**asked, "prompt": "two ships"})[0]) > 0.1
    assert apart(fox, desk.pictures(**{**asked, "seed": 2})[0]) > 1


def keeps_its_size(desk: Desk, model: str, task: str, **more: Any) -> np.ndarray:
    """A picture of an odd size keeps its size and is changed."""
    picture = noise(131, 77)
    (made,) = desk.pictures(task=task, model=model, image=desk.put(picture), **more, **REQUEST_FIELDS)
    assert made.shape == (77, 131, 3)
    assert apart(made, np.asarray(picture)) > 1
    return made


def leaves_alone_what_is_not_painted(desk: Desk, model: str, task: str = "fill_image", **more: Any) -> None:
    """No pixel outside the mask changes; something inside does."""
    picture, mask = noise(300, 200), box_mask(300, 200, (100, 60, 190, 140))
    asked = {"image": desk.put(picture), "mask": desk.put(mask), **more}
    (made,) = desk.pictures(task=task, model=model, **asked, **REQUEST_FIELDS)
    black = np.asarray(mask) == 0
    assert np.array_equal(made[black], np.asarray(picture)[black])
    assert np.abs(made[~black].astype(int) - np.asarray(picture)[~black]).max() > 10


def continues_a_picture(desk: Desk, model: str) -> None:
    """The old part stays, and the new part has the requested size."""
    picture = noise(128, 96)
    (made,) = desk.pictures(
        task="extend_image", model=model, image=desk.put(picture), left=32, top=16, **REQUEST_FIELDS
    )
    assert made.shape == (112, 160, 3)
    assert np.array_equal(made[16 + 20 :, 32 + 20 :], np.asarray(picture)[20:, 20:])


def stops_when_cancelled(desk: Desk, model: str, **more: Any) -> None:
    """A cancel stops at the next step, and nothing stays leased."""

    def hear(event: protocol.Event) -> None:
        desk.events.append(event)
        if isinstance(event, protocol.Progress) and event.step == 2:
            desk.worker.cancel(event.job)

    desk.worker._send = hear
    ended = desk.ask(**{"task": "create_image", "model": model, **REQUEST_FIELDS, "steps": 30, **more})
    assert isinstance(ended, protocol.Cancelled)
    assert max(event.step for event in desk.events if isinstance(event, protocol.Progress)) == 2
    assert not any(component.leased for component in desk.swapper.state("device").components)


def reads_the_same_words_once(desk: Desk, model: str, **more: Any) -> None:
    """For a prompt that was encoded before, no text encoder is loaded again, in any task."""
    asked = {"task": "create_image", "model": model, **REQUEST_FIELDS}
    desk.files(**asked)
    assert any("text encoder" in note for note in _loaded(desk))
    desk.swapper.free()
    desk.files(**{**asked, "seed": 5, **more})
    assert any("transformer" in note for note in _loaded(desk))
    assert not any("text encoder" in note for note in _loaded(desk))


def says_what_it_did_not_read(desk: Desk, model: str, **more: Any) -> None:
    """The truncated end of a prompt is reported with the picture."""
    asked = {"task": "create_image", "model": model, **REQUEST_FIELDS, "steps": 1, **more}
    (long,) = desk.files(**{**asked, "prompt": "word " * 200 + "unread"})
    assert long.provenance["words_left_out"].endswith("unread")
    assert any(note.startswith("The model did not read “") for note in long.notes)
    (short,) = desk.files(**asked)
    assert not short.provenance["words_left_out"]
    assert short.notes == ()


def makes_in_one_pass_what_it_makes_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, model: str, task: str, **more: Any
) -> None:
    """Several pictures in one pass are the same as with each seed alone, except for rounding."""
    monkeypatch.setattr("engines.image.generate._batch_size", lambda *_: 8)
    asked = {"task": task, "model": model, **more, **REQUEST_FIELDS}
    together = desk.pictures(**asked, count=2, seed=7)
    alone = [desk.pictures(**asked, seed=seed)[0] for seed in (7, 8)]
    assert apart(*alone) > 1
    for one, other in zip(together, alone, strict=True):
        assert apart(one, other) < 0.1


def _loaded(desk: Desk) -> list[str]:
    return [event.note for event in desk.events if isinstance(event, protocol.Loading)]
