"""A recipe with a tiny model: generate, change, enlarge, fill; and a run that survives a restart."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from engines.twins import install_entry
from library.recipes.tables import Run, RunStep
from settings import Settings
from tests.support.people import admit
from tests.support.waiting import until

pytestmark = pytest.mark.slow

TWIN = "stable-diffusion-1.5.twin"
STEPS: list[dict[str, Any]] = [
    {
        "name": "Make it",
        "request": {"task": "create_image", "prompt": "a fox", "width": 96, "height": 64, "steps": 2, "count": 2},
        "models": ["qwen-image", TWIN],
        "stop": False,
    },
    {
        "name": "Texture",
        "request": {"task": "change_image", "image": "step:1", "prompt": "step:1", "strength": 0.25, "steps": 4},
        "models": ["wan-2.2-refine", TWIN],
        "stop": False,
    },
    {
        "name": "Larger",
        "request": {"task": "upscale_image", "image": "step:2", "long_side": 192, "model": "realesrgan-fast"},
        "stop": False,
    },
    {
        "name": "Fix it",
        "request": {"task": "edit_image", "image": "step:3"},
        "instead": [{"task": "fill_image", "image": "step:3", "steps": 2}],
        "models": [TWIN],
    },
]


@pytest.fixture
def house_settings(data_folder: Path, twin_folder: Path, starter: Path) -> Settings:
    install_entry("stable-diffusion-1.5", twin_folder, data_folder / "catalog")
    return Settings(data=data_folder, starter=starter, keep_free_mb=10)


def painted(client: TestClient, folder: Path) -> str:
    """Return a mask with a white right half."""
    mask = Image.fromarray(np.tile(np.repeat(np.uint8([0, 255]), 96), (128, 1)))
    mask.save(folder / "mask.png")
    answer = client.post("/api/assets", params={"name": "mask.png"}, content=(folder / "mask.png").read_bytes())
    return str(answer.json()["id"])


def test_a_run_of_four_steps_survives_a_restart(house_settings: Settings, tmp_path: Path) -> None:
    from app import build_app, build_studio

    studio = build_studio(house_settings)
    app = build_app(studio)
    with TestClient(app):
        ann = admit(studio, app, "ann")
        begun = ann.client.post("/api/recipe-runs", json={"steps": STEPS}).json()

        def at_rest(client: TestClient) -> Any:
            seen = client.get(f"/api/recipe-runs/{begun['id']}").json()
            return seen if seen["state"] != "going" else None

        run = until(lambda: at_rest(ann.client), 200, "the run")
        assert run["state"] == "asking", run["words"]
        made, changed, larger, fix = run["steps"]
        assert len(made["assets"]) == 2  # one counts; the other is offered as an alternative
        assert changed["note"] == ""
        assert ann.client.get(f"/api/assets/{changed['asset_id']}").json()["provenance"]["request"]["prompt"] == "a fox"
        size = ann.client.get(f"/api/assets/{larger['asset_id']}").json()
        assert (size["width"], size["height"], size["step"]) == (192, 128, True)
        assert (fix["asks"], "instead" in fix["note"]) == (["prompt", "mask"], True)
        mask = painted(ann.client, tmp_path)
        # The answer is in the database, but the studio stops before the job is submitted.
        studio.recipes.stop()
        with studio.database.session() as session:
            studio.recipes._reopen(_step(session, begun["id"], 4), {"prompt": "a door", "mask": mask}, None)
            session.get_one(Run, begun["id"]).state = "going"
            for number in (1, 2, 3):
                _step(session, begun["id"], number).looked = True
    studio.database.close()
    studio.data.unlock()

    studio = build_studio(house_settings)
    again = build_app(studio)
    with TestClient(again):
        ann = admit_again(again, ann.token)
        done = until(lambda: at_rest(ann), 200, "the run after the restart")
        assert done["state"] == "done", done["words"]
        before, after = (picture(ann, done["steps"][n]["asset_id"]) for n in (2, 3))
        assert np.array_equal(before[:, :90], after[:, :90])
        assert not np.array_equal(before[:, 110:], after[:, 110:])
    studio.database.close()
    studio.data.unlock()


def _step(session: Any, run_id: str, number: int) -> Any:
    return session.get_one(RunStep, (run_id, number))


def admit_again(app: Any, token: str) -> TestClient:
    return TestClient(app, headers={"Authorization": f"Bearer {token}"})


def picture(client: TestClient, asset_id: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(client.get(f"/api/assets/{asset_id}/file").content)).convert("RGB"))
