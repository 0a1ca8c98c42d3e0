"""One prompt with @Mara in real pipelines of three families: by her LoRA, by her picture, by her description."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.engines.loras import lora_files as files
from tests.support.people import Person
from tests.support.waiting import until

pytestmark = pytest.mark.slow

MODELS = ("stable-diffusion-1.5", "flux.2-klein-4b", "sdxl")
LOOK = "a woman of 30, with short red hair"


@pytest.fixture
def twin(data_folder: Path, twin_folder: Path) -> list[str]:
    """The twins, one per family, added to the catalog of the test's studio."""
    from engines.twins import install_entry

    return [install_entry(model, twin_folder, data_folder / "catalog") for model in MODELS]


@pytest.fixture
def lora(twin: list[str], twin_folder: Path, tmp_path: Path) -> Path:
    """A LoRA for Stable Diffusion 1.5."""
    from engines import torch_setup, twins

    torch_setup.import_heavy("diffusers")
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(twins.build(MODELS[0], twin_folder) / "unet", variant="fp16")
    told = {**files.SD15, "modelspec.trigger_phrase": "mrawmn"}
    return files.write(tmp_path / "mara.safetensors", files.kohya(files.changes(unet, ("to_q", "to_k"))), told)


def bring(client: TestClient, path: Path) -> str:
    answer = client.post("/api/assets", params={"name": path.name}, content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def made(client: TestClient, model: str, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the prompt. Returns the job and the picture."""
    size = {} if "image" in more else {"width": 64, "height": 64}
    asked = {"task": "create_image", "prompt": "@Mara runs", "model": model, "steps": 2, "seed": 1, **size}
    job = client.post("/api/jobs", json={**asked, **more}).json()
    ended = ("done", "failed", "cancelled")
    done = until(lambda: seen if (seen := client.get(f"/api/jobs/{job['id']}").json())["state"] in ended else None, 180)
    assert done["state"] == "done", done["error"]
    return done, client.get(f"/api/assets/{done['assets'][0]}").json()


def test_each_family_depicts_a_name_in_its_best_way(lora: Path, twin: list[str], ann: Person, photo: Path) -> None:
    client = ann.client
    tuned, picture = bring(client, lora), bring(client, photo)
    mara = {"name": "Mara", "look": LOOK, "pictures": [picture], "loras": [{"asset": tuned}]}
    member = client.post("/api/cast", json=mara).json()
    assert [(one["family"], one["trigger"]) for one in member["loras"]] == [("sd15", "mrawmn")]
    by_lora, by_picture, by_words = (made(client, model) for model in twin)

    assert by_lora[0]["cast"] == [f"@Mara: uses the LoRA for {twin[0]}."]
    assert by_lora[1]["parents"] == [tuned]
    assert by_lora[0]["request"]["mentions"][0]["words"] == "mrawmn, a woman of 30"
    assert by_picture[0]["cast"] == ["@Mara: uses 1 picture."]
    assert by_picture[1]["parents"] == [picture]
    assert by_words[0]["cast"] == ["@Mara: uses the description."]
    assert by_words[1]["parents"] == []

    # the resolved mention determines the picture
    spoken = {"prompt": "mrawmn, a woman of 30 runs"}
    with_lora, without = (made(client, twin[0], **spoken, loras=uses)[1] for uses in ([{"asset": tuned}], []))
    assert by_lora[1]["content_sha256"] == with_lora["content_sha256"] != without["content_sha256"]
    plain = made(client, twin[2], prompt=f"{LOOK} runs")[1]
    assert by_words[1]["content_sha256"] == plain["content_sha256"]

    # also when she is added to a picture
    ground = bring(client, Path("assets/samples/portrait.jpg"))
    filled = made(client, twin[1], task="fill_image", image=ground, mask=ground)
    assert filled[0]["cast"] == ["@Mara: uses 1 picture."]
    assert filled[0]["request"]["mentions"][0]["words"] == "the person in picture 2"
    assert set(filled[1]["parents"]) == {ground, picture}
