"""Stable Diffusion 1.5 and XL and their helpers, with twins: references, structure, no traces."""

from pathlib import Path
from typing import Any

import pytest

from engines import protocol
from engines.catalog import shipped
from errors import StudioError
from tests.engines.families import family_checks as proofs
from tests.engines.image.image_worker import Desk, box_mask, noise

pytestmark = pytest.mark.slow

REQUEST_FIELDS: dict[str, Any] = {"prompt": "a fox", "steps": 2}
SMALL = {"width": 64, "height": 64}
MODELS = ("stable-diffusion-1.5", "sdxl")
EVERY = (*MODELS, "sdxl-lcm")
HELPERS = {"stable-diffusion-1.5": "sd15", "sdxl": "sdxl", "sdxl-lcm": "sdxl"}


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


def create(desk: Desk, model: str, **asked: Any) -> str:
    """Return what identifies the picture."""
    (file,) = desk.files(task="create_image", model=model, **{**SMALL, **REQUEST_FIELDS, **asked})
    return file.content_sha256


@pytest.mark.parametrize("model", ["sdxl", "sdxl-lcm"])
def test_sdxl_supports_every_task_it_lists(desk: Desk, model: str) -> None:
    twin = desk.twin(model)
    proofs.draws_what_is_asked(desk, twin)
    proofs.keeps_its_size(desk, twin, "change_image", strength=0.7)
    proofs.leaves_alone_what_is_not_painted(desk, twin)
    proofs.continues_a_picture(desk, twin)


@pytest.mark.parametrize("model", EVERY)
def test_several_pictures_in_one_pass_are_the_same_as_one_by_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    twin = desk.twin(model)
    image, mask = desk.put(noise(64, 64)), desk.put(box_mask(64, 64, (0, 0, 50, 64)))
    helper = HELPERS[model]
    desk.twin(f"controlnet-edges-{helper}")
    desk.twin(f"ip-adapter-{helper}")
    kept = {"control": "edges", "control_image": image, "references": [image], **SMALL}
    proofs.makes_in_one_pass_what_it_makes_alone(desk, monkeypatch, twin, "create_image", **kept)
    proofs.makes_in_one_pass_what_it_makes_alone(desk, monkeypatch, twin, "change_image", image=image, strength=0.7)
    proofs.makes_in_one_pass_what_it_makes_alone(desk, monkeypatch, twin, "fill_image", image=image, mask=mask)


def test_sdxl_stops_and_reports_what_it_did_not_read(desk: Desk) -> None:
    twin = desk.twin("sdxl")
    proofs.says_what_it_did_not_read(desk, twin, **SMALL)
    proofs.stops_when_cancelled(desk, twin, **SMALL)


def test_a_negative_prompt_only_acts_with_guidance(desk: Desk) -> None:
    twin, distilled = desk.twin("sdxl"), desk.twin("sdxl-lcm")
    assert create(desk, twin, negative_prompt="blur") != create(desk, twin)
    assert create(desk, twin, negative_prompt="blur", guidance=1) == create(desk, twin, guidance=1)
    assert create(desk, distilled, negative_prompt="blur") == create(desk, distilled)
    assert create(desk, distilled, guidance=3) != create(desk, distilled)


@pytest.mark.parametrize("model", MODELS)
def test_references_change_the_picture_and_leave_no_trace(desk: Desk, model: str) -> None:
    twin = desk.twin(model)
    desk.twin(f"ip-adapter-{HELPERS[model]}")
    red, blue = desk.put(noise(64, 64, 1)), desk.put(noise(64, 96, 2))
    plain = create(desk, twin)
    with_red, with_both = create(desk, twin, references=[red]), create(desk, twin, references=[red, blue])
    assert len({plain, with_red, with_both, create(desk, twin, references=[blue])}) == 4
    assert create(desk, twin, references=[red]) == with_red
    assert create(desk, twin, references=[red], guidance=1) != create(desk, twin, guidance=1)
    assert create(desk, twin) == plain


def test_references_work_with_structure_and_built_in_guidance(desk: Desk) -> None:
    twin = desk.twin("sdxl-lcm")
    for helper in ("ip-adapter-sdxl", "controlnet-edges-sdxl"):
        desk.twin(helper)
    picture = desk.put(noise(64, 64))
    kept = {"control": "edges", "control_image": picture}
    made = [create(desk, twin, **asked) for asked in ({}, {"references": [picture]}, kept)]
    assert len({*made, create(desk, twin, references=[picture], **kept)}) == 4
    assert create(desk, twin) == made[0]


@pytest.mark.parametrize("model", MODELS)
def test_pictures_of_the_cast_are_used_in_every_task(desk: Desk, model: str) -> None:
    twin = desk.twin(model)
    desk.twin(f"ip-adapter-{HELPERS[model]}")
    picture, mask, look = noise(64, 64), box_mask(64, 64, (0, 0, 40, 64)), desk.put(noise(64, 64, 5))
    mara = {"name": "Mara", "how": "words", "words": "a woman"}
    seen = {**mara, "how": "references", "references": [look]}
    ways: dict[str, dict[str, Any]] = {
        "change_image": {},
        "fill_image": {"mask": desk.put(mask)},
        "extend_image": {"left": 32},
    }
    for task, given in ways.items():
        asked = {"task": task, "model": twin, "image": desk.put(picture), "prompt": "@Mara runs", "steps": 2, **given}
        (told,), (shown,) = (desk.files(mentions=[one], **asked) for one in (mara, seen))
        assert told.content_sha256 != shown.content_sha256, task
        assert [one["name"].partition(" for")[0] for one in shown.provenance["helpers"]] == ["IP-Adapter"]


def test_people_at_the_edge_of_a_reference_are_seen(desk: Desk) -> None:
    twin = desk.twin("sdxl")
    desk.twin("ip-adapter-sdxl")
    for size, edge in (((64, 192), (16, 0, 48, 40)), ((192, 64), (160, 8, 192, 56))):
        ground, somebody = noise(*size), noise(*size)
        somebody.paste((220, 20, 20), edge)
        made = [create(desk, twin, references=[desk.put(one)]) for one in (ground, somebody)]
        assert made[0] != made[1], f"{edge} of {size} was cut away"


@pytest.mark.parametrize("model", MODELS)
def test_structure_strength_acts(desk: Desk, model: str) -> None:
    twin = desk.twin(model)
    for kind in ("edges", "sketch"):
        desk.twin(f"controlnet-{kind}-{HELPERS[model]}")
    picture = desk.put(noise(100, 64))
    kept = {"control": "edges", "control_image": picture}
    plain = create(desk, twin)
    weak, strong = (create(desk, twin, control_strength=much, **kept) for much in (0.4, 1.2))
    sketched = create(desk, twin, control_strength=0.4, control="sketch", control_image=picture)
    assert len({plain, weak, strong, sketched}) == 4
    assert create(desk, twin, control_strength=0, **kept) == plain
    assert create(desk, twin) == plain


@pytest.mark.parametrize("kind", ["depth", "pose"])
def test_depth_and_pose_are_found_in_a_photo(desk: Desk, kind: str) -> None:
    twin = desk.twin("sdxl")
    for helper in (f"controlnet-{kind}-sdxl", {"depth": "depth-anything-v2-small", "pose": "vitpose-base"}[kind]):
        desk.twin(helper)
    asked = {"task": "create_image", "model": twin, **SMALL, **REQUEST_FIELDS}
    (kept,) = desk.files(control=kind, control_image=desk.put(noise(80, 64)), **asked)
    (plain,) = desk.files(**asked)
    assert kept.content_sha256 != plain.content_sha256
    named = [one["name"].removesuffix(" (tiny twin)") for one in kept.provenance["helpers"]]
    finder = {"depth": "Depth Anything V2 small", "pose": "ViTPose"}[kind]
    assert named == [f"ControlNet {kind} for SDXL", finder]
    assert plain.provenance["helpers"] == []


def test_a_stopped_job_leaves_no_trace(desk: Desk) -> None:
    twin = desk.twin("sdxl")
    desk.twin("ip-adapter-sdxl")
    picture, plain = desk.put(noise(64, 64)), create(desk, twin)
    send = desk.worker._send

    def stop(event: protocol.Event) -> None:
        send(event)
        if isinstance(event, protocol.Progress):
            desk.worker.cancel(event.job)

    desk.worker._send = stop
    asked = {**SMALL, **REQUEST_FIELDS, "steps": 9, "references": [picture]}
    assert isinstance(desk.ask(task="create_image", model=twin, **asked), protocol.Cancelled)
    desk.worker._send = send
    assert create(desk, twin) == plain


@pytest.mark.parametrize("keeping", [{"fp8": True}, {"streamed": True}, {"fp8": True, "streamed": True}])
def test_references_work_in_every_placement(twin_folder: Path, keeping: dict[str, bool]) -> None:
    from engines import torch_setup, twins

    torch_setup.import_heavy("diffusers", "transformers")
    import torch
    from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel

    from engines.families.stable_diffusion import ip_adapter
    from engines.memory import Cpu
    from engines.memory.placement import Placement, place_model

    unet = UNet2DConditionModel.from_pretrained(twins.build("sdxl", twin_folder) / "unet", variant="fp16")
    unet = place_model(unet, Placement(dtype="float32", **keeping), Cpu())
    parts = ("vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler")
    pipeline = StableDiffusionXLPipeline(unet=unet, **dict.fromkeys(parts))
    latents, words, summed = torch.ones(1, 4, 8, 8), torch.ones(1, 77, 64), torch.ones(1, 32)

    def look(**seen: Any) -> torch.Tensor:
        told = {"text_embeds": summed, "time_ids": torch.ones(1, 6), **seen}
        with torch.no_grad():
            return unet(latents, 1, words, added_cond_kwargs=told).sample

    plain, weights = look(), {name: value.dtype for name, value in unet.named_parameters()}
    folder = twins.build("ip-adapter-sdxl", twin_folder) / "sdxl_models"
    with ip_adapter.apply_ip_adapter(pipeline, folder / "ip-adapter-plus_sdxl_vit-h.safetensors", 0.6):
        assert not torch.allclose(look(image_embeds=[torch.ones(1, 1, 17, 16)]), plain, atol=1e-3)
    assert torch.equal(look(), plain)
    assert {name: value.dtype for name, value in unet.named_parameters()} == weights


def test_an_error_while_the_autoencoder_is_cast_leaves_it_unchanged(twin_folder: Path) -> None:
    from engines import torch_setup, twins

    torch_setup.import_heavy("diffusers", "transformers")
    import torch
    from diffusers import AutoencoderKL, StableDiffusionXLPipeline

    from engines.diffusion.conditioning import Conditioning
    from engines.diffusion.family import GenerationInputs
    from engines.families.sdxl.family import StableDiffusionXL

    folder = twins.build("sdxl", twin_folder)
    vae = AutoencoderKL.from_pretrained(folder / "vae", variant="fp16", dtype=torch.float16)
    parts = {"text_encoder": None, "text_encoder_2": None, "tokenizer": None, "tokenizer_2": None, "unet": None}
    pipeline = StableDiffusionXLPipeline(vae=vae, scheduler=None, **parts)
    entry = shipped.entry("sdxl")
    work = GenerationInputs(
        "create_image", entry, "a fox", "", width=64, height=64, steps=1, guidance=1, conditioning=Conditioning()
    )

    def decode() -> None:
        with StableDiffusionXL().with_adapters(pipeline, work, {}):
            pipeline.vae.to(dtype=torch.float32)
            raise MemoryError

    with pytest.raises(MemoryError):
        decode()
    assert vae.dtype == torch.float16


# -- obstacles


def refused(desk: Desk, model: str, **asked: Any) -> str:
    with pytest.raises(StudioError) as info:
        create(desk, model, **asked)
    return info.value.problem.code


def test_an_invalid_request_is_rejected_before_it_is_queued(desk: Desk) -> None:
    twin, picture = desk.twin("sdxl"), desk.put(noise(64, 64))
    assert refused(desk, twin, control="edges") == "no_control_image"
    assert refused(desk, twin, control_image=picture) == "no_control"
    assert refused(desk, twin, references=[picture] * 5) == "too_many_references"


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"references": True}, "IP-Adapter for SDXL"),
        ({"control": "edges"}, "ControlNet edges for SDXL"),
        ({"control": "depth"}, "ControlNet depth for SDXL"),
    ],
)
def test_a_missing_helper_is_named_with_its_size(desk: Desk, asked: dict[str, Any], name: str) -> None:
    from engines.requests import parse
    from engines.tasks import obstacle

    twin, picture = desk.twin("sdxl"), desk.put(noise(64, 64))
    given = {"references": [picture]} if "references" in asked else {**asked, "control_image": picture}
    request = {"task": "create_image", "model": twin, **SMALL, **REQUEST_FIELDS, **given}
    failed = desk.ask(**request)
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "needs_helper"
    assert name in failed.problem.next
    assert " GB)" in failed.problem.next
    assert obstacle(parse(request), desk.catalog.get(twin), desk.catalog, desk.inputs) == failed.problem
