"""FLUX.1 and FLUX.2 with their twins."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engines import protocol, torch_setup
from engines.diffusion import registry
from engines.diffusion.conditioning import Conditioning
from engines.diffusion.family import GenerationInputs
from engines.diffusion.flow_matching import unpack_latents
from tests.engines.families import family_checks as proofs
from tests.engines.image.image_worker import Desk, box_mask, noise

pytestmark = pytest.mark.slow

DRAW = ["flux.1-schnell", "flux.1-dev", "flux.2-dev", "flux.2-klein-4b", "flux.2-klein-9b"]
FILL = ["flux.1-schnell", "flux.1-dev", "flux.1-fill-dev", "flux.2-klein-4b"]
EDIT = ["flux.1-kontext-dev", "flux.2-dev", "flux.2-klein-4b"]
FLUX2 = ["flux.2-dev", "flux.2-klein-4b"]


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


@pytest.mark.parametrize("entry", DRAW)
def test_it_generates_what_is_requested(desk: Desk, entry: str) -> None:
    proofs.draws_what_is_asked(desk, desk.twin(entry))


@pytest.mark.parametrize("entry", ["flux.1-schnell", "flux.1-dev"])
def test_a_changed_picture_keeps_its_size(desk: Desk, entry: str) -> None:
    model = desk.twin(entry)
    little = proofs.keeps_its_size(desk, model, "change_image", strength=0.4)
    assert proofs.apart(little, proofs.keeps_its_size(desk, model, "change_image", strength=1)) > 1


@pytest.mark.parametrize("entry", EDIT)
def test_an_edited_picture_keeps_its_size(desk: Desk, entry: str) -> None:
    proofs.keeps_its_size(desk, desk.twin(entry), "edit_image")


@pytest.mark.parametrize("entry", EDIT)
def test_an_edit_with_a_mask_changes_only_the_painted_area(desk: Desk, entry: str) -> None:
    proofs.leaves_alone_what_is_not_painted(desk, desk.twin(entry), "edit_image")


@pytest.mark.parametrize("entry", FILL)
def test_a_filled_picture_stays_the_same_elsewhere(desk: Desk, entry: str) -> None:
    proofs.leaves_alone_what_is_not_painted(desk, desk.twin(entry))


@pytest.mark.parametrize("entry", FILL)
def test_a_picture_is_extended(desk: Desk, entry: str) -> None:
    proofs.continues_a_picture(desk, desk.twin(entry))


@pytest.mark.parametrize("entry", ["flux.1-schnell", "flux.2-dev", "flux.2-klein-4b"])
def test_a_cancel_stops_at_the_next_step(desk: Desk, entry: str) -> None:
    proofs.stops_when_cancelled(desk, desk.twin(entry))


@pytest.mark.parametrize(
    ("entry", "task"),
    [("flux.1-dev", "change_image"), ("flux.2-dev", "edit_image"), ("flux.2-klein-4b", "create_image")],
)
def test_the_same_prompt_is_encoded_once(desk: Desk, entry: str, task: str) -> None:
    given = {} if task == "create_image" else {"image": desk.put(noise(128, 96))}
    proofs.reads_the_same_words_once(desk, desk.twin(entry), task=task, **given)


@pytest.mark.parametrize("entry", ["flux.1-schnell", "flux.2-dev", "flux.2-klein-4b"])
def test_the_truncated_part_of_a_prompt_is_reported(desk: Desk, entry: str) -> None:
    proofs.says_what_it_did_not_read(desk, desk.twin(entry))


@pytest.mark.parametrize("task", ["change_image", "fill_image"])
def test_one_pass_gives_the_same_pictures_as_each_seed_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    given = {"image": desk.put(noise(128, 128))}
    if task == "fill_image":
        given["mask"] = desk.put(box_mask(128, 128, (0, 0, 128, 128)))
    proofs.makes_in_one_pass_what_it_makes_alone(desk, monkeypatch, desk.twin("flux.1-dev"), task, **given)


def test_one_pass_uses_every_reference_picture(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "image": desk.put(noise(128, 128)),
        "mask": desk.put(box_mask(128, 128, (0, 0, 128, 128))),
        "references": [desk.put(noise(64, 64, 1)), desk.put(noise(64, 64, 2))],
    }
    proofs.makes_in_one_pass_what_it_makes_alone(desk, monkeypatch, desk.twin("flux.2-klein-4b"), "edit_image", **given)


# -- FLUX.1


def test_a_negative_prompt_acts_if_the_model_supports_it(desk: Desk) -> None:
    def drawn(model: str, negative: str) -> np.ndarray:
        asked = {"width": 64, "height": 64, "negative_prompt": negative, **proofs.REQUEST_FIELDS}
        return desk.pictures(task="create_image", model=model, **asked)[0]

    dev, schnell = desk.twin("flux.1-dev"), desk.twin("flux.1-schnell")
    assert proofs.apart(drawn(dev, ""), drawn(dev, "green hats")) > 0.1
    assert np.array_equal(drawn(schnell, ""), drawn(schnell, "green hats"))


def test_kontext_takes_a_negative_prompt_with_and_without_a_mask(desk: Desk) -> None:
    model = desk.twin("flux.1-kontext-dev")
    given = {"image": desk.put(noise(128, 96)), "negative_prompt": "green hats"}
    desk.files(task="edit_image", model=model, **given, **proofs.REQUEST_FIELDS)
    mask = desk.put(box_mask(128, 96, (10, 10, 90, 80)))
    desk.files(task="edit_image", model=model, mask=mask, **given, **proofs.REQUEST_FIELDS)


def test_guidance_is_passed_to_dev(desk: Desk) -> None:
    asked = {
        "task": "create_image",
        "model": desk.twin("flux.1-dev"),
        "width": 64,
        "height": 64,
        **proofs.REQUEST_FIELDS,
    }
    assert not np.array_equal(desk.pictures(**asked, guidance=1.5)[0], desk.pictures(**asked, guidance=30)[0])


# -- FLUX.2


@pytest.mark.parametrize("entry", FLUX2)
def test_it_uses_reference_pictures_in_order(desk: Desk, entry: str) -> None:
    one, other = desk.put(noise(90, 70, 1)), desk.put(noise(96, 64, 2))

    def drawn(*references: str) -> np.ndarray:
        asked = {"width": 96, "height": 64, "references": references, **proofs.REQUEST_FIELDS}
        return desk.pictures(task="create_image", model=model, **asked)[0]

    model = desk.twin(entry)
    assert np.array_equal(drawn(one, other), drawn(one, other))
    assert not np.array_equal(drawn(one, other), drawn(other, one))
    assert not np.array_equal(drawn(one), drawn())


def test_it_takes_up_to_ten_pictures(desk: Desk) -> None:
    references = [desk.put(noise(64, 64, number)) for number in range(10)]
    asked = {"width": 64, "height": 64, "references": references, **proofs.REQUEST_FIELDS}
    (made,) = desk.pictures(task="create_image", model=desk.twin("flux.2-klein-4b"), **asked)
    assert made.shape == (64, 64, 3)


def test_a_tiny_picture_is_enlarged_and_a_strip_is_rejected(desk: Desk) -> None:
    model = desk.twin("flux.2-klein-4b")
    asked = {"task": "create_image", "model": model, "width": 64, "height": 64, **proofs.REQUEST_FIELDS}
    desk.files(**asked, references=[desk.put(noise(20, 30))])
    failed = desk.ask(**asked, references=[desk.put(noise(600, 40))])
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "too_narrow"
    assert "Crop" in failed.problem.next


def test_the_picture_to_edit_comes_before_reference_pictures(desk: Desk) -> None:
    model = desk.twin("flux.2-klein-4b")
    one, other = desk.put(noise(96, 96, 1)), desk.put(noise(96, 96, 2))
    (made,) = desk.pictures(task="edit_image", model=model, image=one, references=[other], **proofs.REQUEST_FIELDS)
    (swapped,) = desk.pictures(task="edit_image", model=model, image=other, references=[one], **proofs.REQUEST_FIELDS)
    assert not np.array_equal(made, swapped)


def test_filling_uses_reference_pictures_of_any_shape(desk: Desk) -> None:
    model, picture, mask = desk.twin("flux.2-klein-4b"), noise(96, 96), box_mask(96, 96, (16, 16, 80, 80))
    asked = {
        "task": "fill_image",
        "model": model,
        "image": desk.put(picture),
        "mask": desk.put(mask),
        **proofs.REQUEST_FIELDS,
    }
    tall, taller = noise(64, 160, 1), noise(64, 160, 1)
    taller.paste((220, 20, 20), (0, 0, 64, 30))

    def filled(*references: Image.Image) -> np.ndarray:
        mara = {
            "name": "Mara",
            "how": "references",
            "words": "she",
            "references": [desk.put(one) for one in references],
        }
        return desk.pictures(**asked, mentions=[mara])[0]

    alone = desk.pictures(**asked)[0]
    with_both, with_other = filled(noise(96, 64, 2), tall), filled(noise(96, 64, 2), taller)
    assert not np.array_equal(alone, filled(tall))
    assert not np.array_equal(with_both, with_other), "the head of the second was cut away"
    assert np.array_equal(with_both[:16], np.asarray(picture)[:16])


@pytest.mark.parametrize(("width", "height"), [(48, 48), (32, 16), (16, 48)])
def test_a_tiny_picture_is_extended(desk: Desk, width: int, height: int) -> None:
    asked = {"task": "extend_image", "model": desk.twin("flux.2-klein-4b"), "image": desk.put(noise(width, height))}
    (made,) = desk.pictures(**asked, right=16, **proofs.REQUEST_FIELDS)
    assert made.shape == (height, width + 16, 3)
    shown = next(Image.open(io.BytesIO(event.jpeg)) for event in desk.events if isinstance(event, protocol.Preview))
    assert shown.width * height == pytest.approx((width + 16) * shown.height, rel=0.02)


# -- previews


def _packed1(latents: torch.Tensor) -> torch.Tensor:
    from diffusers import FluxPipeline

    packed: torch.Tensor = FluxPipeline._pack_latents(latents, *latents.shape)
    return packed


def _packed2(latents: torch.Tensor) -> torch.Tensor:
    from diffusers import Flux2Pipeline

    packed: torch.Tensor = Flux2Pipeline._pack_latents(Flux2Pipeline._patchify_latents(latents))
    return packed


@pytest.mark.parametrize(("pack", "channels", "entry"), [(_packed1, 16, "flux.1-dev"), (_packed2, 32, "flux.2-dev")])
def test_latents_are_unpacked_for_the_preview(
    desk: Desk, pack: Callable[[torch.Tensor], torch.Tensor], channels: int, entry: str
) -> None:
    torch_setup.import_heavy("diffusers")
    known = desk.catalog.get(entry)
    work = GenerationInputs(
        "create_image", known, "", "", width=96, height=64, steps=1, guidance=0, conditioning=Conditioning()
    )
    latents = torch.randn(2, channels, 8, 12)
    assert torch.equal(registry.of(known).preview_latents(pack(latents), work), latents[0])
    assert torch.equal(unpack_latents(pack(latents)[1], work), latents[1])
    assert len(known.options["latent_rgb"]) == channels
