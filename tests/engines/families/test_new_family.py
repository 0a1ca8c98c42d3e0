"""A family is one folder: once added, the studio finds it, generates with it and documents it."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api import reference
from engines.catalog import Catalog, shipped
from engines.diffusion import registry
from engines.hub import add_model
from errors import StudioError
from tests.engines.families.family_folder import family_folder
from tests.engines.image.image_worker import Desk

_FAMILY = '''"""Picturebook."""

from engines.families.stable_diffusion.family import StableDiffusion


class Picturebook(StableDiffusion):
    """Runs like Stable Diffusion."""

    name = "picturebook"
'''
_TWIN = '''"""The twin of Picturebook."""

from engines.families.stable_diffusion.twin import save
from engines.twins.twin import Twin

TWINS = {"picturebook": Twin(save, {"pixels": 128 * 128})}
'''


@pytest.fixture
def picturebook(tmp_path: Path) -> Iterator[None]:
    like = "stable-diffusion-1.5"
    with family_folder("picturebook", tmp_path, like, _FAMILY, _TWIN, lora_family="picturebook"):
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("picturebook")
def test_its_twin_generates_a_picture(twin_folder: Path, tmp_path: Path) -> None:
    desk = Desk(twin_folder, tmp_path)
    model = desk.twin("picturebook")
    (made,) = desk.pictures(task="create_image", model=model, prompt="a fox", width=64, height=64, steps=2)
    assert made.shape == (64, 64, 3)
    assert registry.of(desk.catalog.get(model)).name == "picturebook"


@pytest.mark.usefixtures("picturebook")
def test_it_is_in_the_catalog_and_on_the_reference_page(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "starter", tmp_path / "own")
    assert [entry.id for entry in catalog.for_task("create_image")].count("picturebook") == 1
    assert "## Picturebook\n`picturebook`\n" in reference.pages()["models.md"]
    assert "engines.families.picturebook.family" not in sys.modules  # listing does not import it


@pytest.mark.usefixtures("picturebook")
def test_a_model_of_its_class_is_recognized(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model_index.json").write_text(json.dumps({"_class_name": "PicturebookPipeline"}))
    found = add_model.detect_any(tmp_path / "model")
    assert (found.words, found.like, found.usable) == ("Picturebook checkpoint", "picturebook", True)


def test_without_the_folder_it_is_unknown() -> None:
    entry = shipped.entry("stable-diffusion-1.5").model_copy(update={"pipeline": "diffusers:PicturebookPipeline"})
    with pytest.raises(StudioError, match="is not supported") as refused:
        registry.of(entry)
    assert (refused.value.problem.code, refused.value.status) == ("unsupported_model", 422)
    assert not registry.can_use_references(entry, "fill_image")
