"""Wan 2.2's low-noise expert on one frame, with its twin."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.image.families import wan_decoding
from tests.engines.image import family_proofs as proofs
from tests.engines.image.drawing_desk import Desk, noise

pytestmark = pytest.mark.slow

ENTRY = "wan-2.2-refine"


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


@pytest.fixture
def model(desk: Desk) -> str:
    return desk.twin(ENTRY)


def test_it_draws_what_is_asked(desk: Desk, model: str) -> None:
    proofs.draws_what_is_asked(desk, model)


def test_a_refined_picture_keeps_its_size(desk: Desk, model: str) -> None:
    little = proofs.keeps_its_size(desk, model, "change_image")
    assert np.array_equal(little, proofs.keeps_its_size(desk, model, "change_image", strength=0.25))
    assert proofs.apart(little, proofs.keeps_its_size(desk, model, "change_image", strength=0.9)) > 0.1


def test_a_picture_is_made_with_the_low_noise_expert(desk: Desk, model: str) -> None:
    assert desk.catalog.get(model).parts["transformer"].subfolder == "transformer_2"


@pytest.mark.parametrize("task", ["create_image", "change_image"])
def test_a_cancel_stops_at_the_next_step(desk: Desk, model: str, task: str) -> None:
    given = {} if task == "create_image" else {"image": desk.put(noise(64, 64)), "strength": 0.9}
    proofs.stops_when_cancelled(desk, model, task=task, **given)


def test_the_same_words_are_read_once(desk: Desk, model: str) -> None:
    proofs.reads_the_same_words_once(desk, model, task="change_image", image=desk.put(noise(64, 64)))


def test_what_is_beyond_its_reading_is_said(desk: Desk, model: str) -> None:
    proofs.says_what_it_did_not_read(desk, model)


def test_a_large_picture_is_coded_by_tiles(desk: Desk, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    given = {"task": "change_image", "model": model, "image": desk.put(noise(160, 96)), "strength": 0.5}
    (whole,) = desk.pictures(**given, **proofs.ASKED)
    monkeypatch.setattr(wan_decoding, "_TILE", 32)
    monkeypatch.setattr(wan_decoding, "_OVERLAP", 16)
    tiles: list[tuple[int, ...]] = []
    one_by_one = wan_decoding._one_by_one

    def counted(vae: Any, latents: Any) -> Any:
        tiles.append(tuple(latents.shape[-2:]))
        return one_by_one(vae, latents)

    monkeypatch.setattr(wan_decoding, "_one_by_one", counted)
    (tiled,) = desk.pictures(**given, **proofs.ASKED)
    assert len(tiles) > 3
    assert max(side for tile in tiles for side in tile) <= 32 // 8
    assert proofs.apart(whole, tiled) < 4


@pytest.mark.parametrize("task", ["create_image", "change_image"])
def test_one_pass_makes_what_each_seed_makes_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, model: str, task: str
) -> None:
    given = {} if task == "create_image" else {"image": desk.put(noise(64, 64)), "strength": 0.9}
    proofs.makes_in_one_pass_what_it_makes_alone(desk, monkeypatch, model, task, **given)
