"""Wan 2.2's low-noise expert on one frame, with its twin."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.families.wan import vae_decode
from tests.engines.families import family_checks as proofs
from tests.engines.image.image_worker import Desk, noise

pytestmark = pytest.mark.slow

ENTRY = "wan-2.2-refine"


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


@pytest.fixture
def model(desk: Desk) -> str:
    return desk.twin(ENTRY)


def test_it_generates_what_is_requested(desk: Desk, model: str) -> None:
    proofs.draws_what_is_asked(desk, model)


def test_a_refined_picture_keeps_its_size(desk: Desk, model: str) -> None:
    little = proofs.keeps_its_size(desk, model, "change_image")
    assert np.array_equal(little, proofs.keeps_its_size(desk, model, "change_image", strength=0.25))
    assert proofs.apart(little, proofs.keeps_its_size(desk, model, "change_image", strength=0.9)) > 0.1


def test_a_picture_is_generated_with_the_low_noise_expert(desk: Desk, model: str) -> None:
    assert desk.catalog.get(model).parts["transformer"].subfolder == "transformer_2"


@pytest.mark.parametrize("task", ["create_image", "change_image"])
def test_a_cancel_stops_at_the_next_step(desk: Desk, model: str, task: str) -> None:
    given = {} if task == "create_image" else {"image": desk.put(noise(64, 64)), "strength": 0.9}
    proofs.stops_when_cancelled(desk, model, task=task, **given)


def test_the_same_prompt_is_encoded_once(desk: Desk, model: str) -> None:
    proofs.reads_the_same_words_once(desk, model, task="change_image", image=desk.put(noise(64, 64)))


def test_the_truncated_part_of_a_prompt_is_reported(desk: Desk, model: str) -> None:
    proofs.says_what_it_did_not_read(desk, model)


def test_a_large_picture_is_encoded_in_tiles(desk: Desk, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    given = {"task": "change_image", "model": model, "image": desk.put(noise(160, 96)), "strength": 0.5}
    (whole,) = desk.pictures(**given, **proofs.REQUEST_FIELDS)
    monkeypatch.setattr(vae_decode, "_TILE", 32)
    monkeypatch.setattr(vae_decode, "_OVERLAP", 16)
    tiles: list[tuple[int, ...]] = []
    one_by_one = vae_decode._one_by_one

    def counted(vae: Any, latents: Any) -> Any:
        tiles.append(tuple(latents.shape[-2:]))
        return one_by_one(vae, latents)

    monkeypatch.setattr(vae_decode, "_one_by_one", counted)
    (tiled,) = desk.pictures(**given, **proofs.REQUEST_FIELDS)
    assert len(tiles) > 3
    assert max(side for tile in tiles for side in tile) <= 32 // 8
    assert proofs.apart(whole, tiled) < 4


@pytest.mark.parametrize("task", ["create_image", "change_image"])
def test_one_pass_gives_the_same_pictures_as_each_seed_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, model: str, task: str
) -> None:
    given = {} if task == "create_image" else {"image": desk.put(noise(64, 64)), "strength": 0.9}
    proofs.makes_in_one_pass_what_it_makes_alone(desk, monkeypatch, model, task, **given)
