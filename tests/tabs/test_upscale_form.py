"""The form for enlarging: its levels are models, each with its own time."""

from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from engines.requests import UpscaleClip, UpscaleImage
from studio import Studio
from tabs.upscale_form import UpscaleForm
from tests.support.people import Person

FAST, FINE = "realesrgan-fast", "realesrgan-x4plus"


@pytest.fixture
def photo_of(ann: Person, photo: Path) -> str:
    """A picture of ann's: its id."""
    return str(ann.client.post("/api/assets", params={"name": "p.png"}, content=photo.read_bytes()).json()["id"])


def form(studio: Studio, request: type[Any]) -> UpscaleForm:
    with gr.Blocks(analytics_enabled=False):
        return UpscaleForm(studio, request, "Enlarge")


def read(made: UpscaleForm, person: Person, **held: Any) -> Any:
    return made.read(person.who, [held.get(name, component.value) for name, component in made.controls.items()])


def test_a_level_chooses_the_model_unless_one_is_chosen(studio: Studio, ann: Person) -> None:
    picture, clip = form(studio, UpscaleImage), form(studio, UpscaleClip)
    assert [read(picture, ann, image="a" * 32, quality=level).model for level in ("", "draft", "good")] == [
        FINE,
        FAST,
        FINE,
    ]
    assert read(clip, ann, clip="a" * 32).model == FAST
    assert read(picture, ann, image="a" * 32, quality="draft", model="realesrgan-anime").model == "realesrgan-anime"


def test_each_level_says_how_long_it_takes(studio: Studio, ann: Person, photo_of: str) -> None:
    made = form(studio, UpscaleImage)
    empty = made.advice(ann.who, {"scale": 2})["about"]["levels"]
    assert empty == {"draft": "", "good": ""}
    levels = made.advice(ann.who, {"image": photo_of, "scale": 2})["about"]["levels"]
    assert all(time.startswith("≈") for time in levels.values())
    assert levels["draft"] != levels["good"]
    assert made.advice(ann.who, {"image": photo_of, "model": FAST})["about"]["levels"] == {}


def test_a_result_restores_its_level(studio: Studio) -> None:
    made = form(studio, UpscaleImage)
    assert made.reused_values({"model": FAST}) == {"model": None, "quality": "draft"}
    assert made.reused_values({"model": "realesrgan-anime"}) == {"model": "realesrgan-anime", "quality": None}
