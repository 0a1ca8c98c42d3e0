"""Image models are added from a folder or by name and generate right away."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines import twins
from engines.hub import add_model
from engines.hub.client import Hub
from tests.engines.image.image_worker import Desk
from tests.support.hub import local_hub

pytestmark = pytest.mark.slow


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


@pytest.mark.parametrize(("twin", "like"), [("flux.1-dev", "flux.1-dev"), ("z-image", "z-image-turbo")])
def test_an_added_folder_generates(desk: Desk, twin_folder: Path, twin: str, like: str) -> None:
    path = twins.build(twin, twin_folder)
    entry = add_model.enter(desk.catalog, add_model.from_path(desk.catalog, path), desk.folder / "own")
    assert entry.pipeline == desk.catalog.get(like).pipeline
    assert not entry.license.commercial  # a folder does not say
    asked = {"width": 256, "height": 256, "steps": 1}
    (made,) = desk.pictures(task="create_image", model=entry.id, prompt="a fox", **asked)
    assert made.shape == (256, 256, 3)


def test_a_folder_states_whether_it_is_distilled(desk: Desk, twin_folder: Path) -> None:
    """klein's base model has the same class as the distilled one, but uses guidance."""
    path = desk.folder / "klein-base"
    shutil.copytree(twins.build("flux.2-klein", twin_folder), path)
    index = json.loads((path / "model_index.json").read_text())
    (path / "model_index.json").write_text(json.dumps({**index, "is_distilled": False}))
    entry = add_model.from_path(desk.catalog, path)
    tiny = entry.model_copy(update={"options": {**entry.options, "text_layers": [1, 2, 3]}, "bounds": {}})
    model = add_model.enter(desk.catalog, tiny, desk.folder / "own").id

    def drawn(guidance: float, negative: str) -> np.ndarray:
        asked = {"width": 64, "height": 64, "guidance": guidance, "negative_prompt": negative, "steps": 2}
        return desk.pictures(task="create_image", model=model, prompt="a fox", **asked)[0]

    assert not np.array_equal(drawn(4, ""), drawn(4, "green hats"))
    assert np.array_equal(drawn(1, ""), drawn(1, "green hats"))


def test_a_repository_by_name(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository in the catalog returns its entry; another one is added like it, with its own parts."""
    known = desk.catalog.get("flux.1-schnell")
    files: dict[str, Any] = {"model_index.json": json.dumps({"_class_name": "FluxPipeline"})}
    files |= {f"{part.subfolder}/config.json": "{}" for part in known.parts.values()}
    with local_hub() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        for name in ("black-forest-labs/FLUX.1-schnell", "artist/film-look"):
            served.add(name, files, card={"license": "apache-2.0"})
        with Hub() as hub:
            assert add_model.from_repository(desk.catalog, hub, "black-forest-labs/FLUX.1-schnell") == known
            added = add_model.from_repository(desk.catalog, hub, "artist/film-look")
    assert added.lora_family == "flux1"
    assert added.license.commercial
    assert {part.repo for part in added.parts.values()} == {"artist/film-look"}


def test_a_copy_is_bound_to_where_the_original_may_be_used(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, Any] = {"model_index.json": json.dumps({"_class_name": "HunyuanVideoPipeline"})}
    files |= {f"{part}/config.json": "{}" for part in desk.catalog.get("hunyuan-video").parts}
    with local_hub() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        served.add("artist/hunyuan-look", files, card={"license": "apache-2.0"})
        with Hub() as hub:
            added = add_model.from_repository(desk.catalog, hub, "artist/hunyuan-look")
    assert (added.license.name, added.license.territory) == ("Apache-2.0", ("EU", "GB", "KR"))
