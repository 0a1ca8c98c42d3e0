"""FLUX.1, Qwen-Image and Z-Image keep a structure with one helper each, which leaves no trace."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from engines import protocol
from tests.engines.families import family_checks as proofs
from tests.engines.image.image_worker import Desk, noise

pytestmark = pytest.mark.slow

HELPERS = {
    "flux.1-dev": "controlnet-flux1",
    "qwen-image": "controlnet-qwen-image",
    "z-image-turbo": "controlnet-z-image",
}
MODELS = pytest.mark.parametrize("model", list(HELPERS))
SMALL: dict[str, Any] = {"prompt": "a fox", "steps": 2, "width": 64, "height": 64}


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


def disc() -> Image.Image:
    picture = Image.new("RGB", (64, 64), (40, 60, 90))
    ImageDraw.Draw(picture).ellipse((14, 14, 50, 50), fill=(200, 180, 120))
    return picture


def create(desk: Desk, model: str, **asked: Any) -> protocol.ResultFile:
    (file,) = desk.files(task="create_image", model=model, **{**SMALL, **asked})
    return file


@MODELS
def test_structure_strength_acts_and_leaves_no_trace(desk: Desk, model: str) -> None:
    twin = desk.twin(model)
    plain = create(desk, twin)
    for other in HELPERS.values():
        desk.twin(other)
    kept = {"control": "edges", "control_image": desk.put(disc())}
    weak, strong = (create(desk, twin, control_strength=much, **kept) for much in (0.4, 1.2))
    sketched = create(desk, twin, control_strength=0.4, **{**kept, "control": "sketch"})
    assert len({one.content_sha256 for one in (plain, weak, strong, sketched)}) == 4
    assert create(desk, twin, control_strength=0.4, **kept).content_sha256 == weak.content_sha256
    (helper,) = weak.provenance["helpers"]
    assert helper["name"] == f"{desk.catalog.get(HELPERS[model]).name} (tiny twin)"
    for after in (create(desk, twin, control_strength=0, **kept), create(desk, twin)):
        assert after.content_sha256 == plain.content_sha256
        assert after.provenance["helpers"] == []


@MODELS
def test_one_pass_gives_the_same_pictures_as_each_seed_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    twin = desk.twin(model)
    desk.twin(HELPERS[model])
    kept = {"control": "edges", "control_image": desk.put(noise(64, 64)), "width": 64, "height": 64}
    proofs.makes_in_one_pass_what_it_makes_alone(desk, monkeypatch, twin, "create_image", **kept)


@MODELS
def test_another_familys_helper_is_never_used(desk: Desk, model: str) -> None:
    twin = desk.twin(model)
    for other in set(HELPERS.values()) - {HELPERS[model]}:
        desk.twin(other)
    failed = desk.ask(task="create_image", model=twin, control="edges", control_image=desk.put(disc()), **SMALL)
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "needs_helper"
    assert desk.catalog.get(HELPERS[model]).name in failed.problem.next


@pytest.mark.parametrize("keeping", [{}, {"fp8": True}, {"streamed": True}, {"fp8": True, "streamed": True}])
def test_z_image_lends_its_parts_for_one_job_in_every_placement(twin_folder: Path, keeping: dict[str, bool]) -> None:
    from engines import torch_setup, twins

    torch_setup.import_heavy("diffusers", "transformers")
    import torch
    from diffusers import (
        AutoencoderKL,
        FlowMatchEulerDiscreteScheduler,
        ZImageControlNetModel,
        ZImageTransformer2DModel,
    )

    from engines.families.z_image.controlnet_pipeline import ControlledZImagePipeline
    from engines.memory import Cpu
    from engines.memory.placement import Placement, place_model, release_model

    folder = twins.build("z-image", twin_folder)
    transformer = ZImageTransformer2DModel.from_pretrained(folder / "transformer", dtype=torch.float32)
    transformer = place_model(transformer, Placement(dtype="float32", **keeping), Cpu())
    beside = twins.build("controlnet-z-image", twin_folder)
    control = ZImageControlNetModel.from_single_file(
        str(next(beside.glob("*.safetensors"))), config=str(beside), local_files_only=True
    )
    pipeline = ControlledZImagePipeline(
        FlowMatchEulerDiscreteScheduler(shift=3.0),
        AutoencoderKL.from_pretrained(folder / "vae", dtype=torch.float32),
        None,
        None,
        transformer,
        place_model(control, Placement(), Cpu()),
    )

    def drawn(strength: float) -> Any:
        return pipeline(
            prompt_embeds=[torch.ones(5, 16)],
            control_image=disc(),
            controlnet_conditioning_scale=strength,
            width=64,
            height=64,
            num_inference_steps=2,
            guidance_scale=0,
            generator=torch.Generator("cpu").manual_seed(1),
            output_type="np",
        ).images

    assert not (drawn(0.0) == drawn(1.0)).all()
    release_model(control)  # as when memory is needed: the lent parts are no longer in it
    assert {parameter.device.type for parameter in transformer.parameters()} == {"cpu"}
