"""Components built from the fields of requests."""

import re
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from pydantic import Field

from engines.catalog import Catalog
from engines.requests import REQUESTS, CreateImage, FillImage, Speak, StylizeImage, UpscaleImage
from engines.requests.base import Seed
from tabs.controls import control, labels, shown_fields

ASSETS = Path(__file__).parents[2] / "assets"


@pytest.fixture(scope="module")
def catalog(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog(starter=starter, own=tmp_path_factory.mktemp("own"))


def made(catalog: Catalog, request: type[Any], name: str) -> Any:
    """Return the component of a field, without a page, which Gradio takes long to close."""
    return control(catalog, request.model_fields["task"].default, name, request.model_fields[name])


def test_every_field_has_a_component_with_a_name_and_help(catalog: Catalog) -> None:
    for request in REQUESTS.values():
        for name, field in shown_fields(catalog, request).items():
            component = made(catalog, request, name)
            if "slot" in (component.elem_classes or []) or isinstance(component, gr.HTML):
                assert field.title in component.html_template
            else:
                assert component.label.startswith(field.title)
                assert component.info or name in ("model", "voice"), name  # whose choices explain themselves


def test_bounds_steps_and_units_come_from_the_field(catalog: Catalog) -> None:
    speed = made(catalog, Speak, "speed")
    assert isinstance(speed, gr.Slider)
    assert (speed.minimum, speed.maximum, speed.step, speed.value) == (0.5, 2, 0.05, 1.0)
    assert made(catalog, Speak, "loudness").label == "Loudness (LUFS)"
    assert made(catalog, CreateImage, "width").step == 8
    assert made(catalog, CreateImage, "prompt").lines == 4


def test_few_choices_are_shown_side_by_side(catalog: Catalog) -> None:
    scale = made(catalog, UpscaleImage, "scale")
    assert isinstance(scale, gr.Radio)
    assert scale.choices == [("2×", 2), ("3×", 3), ("4×", 4)]


def test_voices_and_looks_have_samples(catalog: Catalog) -> None:
    voice, style = made(catalog, Speak, "voice"), made(catalog, StylizeImage, "style")
    assert (voice.value, style.value) == ("clara", "style-19")
    assert voice.html_template.count('data-do="play"') == voice.html_template.count('type="radio"') == 5
    assert style.html_template.count("<img") == style.html_template.count('type="radio"') == 26
    looks = re.findall(r'src="c41/([^"]+)"', style.html_template)
    assert all((ASSETS / look).is_file() for look in looks)


def test_an_empty_seed_stays_empty(catalog: Catalog) -> None:
    seed = made(catalog, Speak, "seed")
    assert isinstance(seed, gr.HTML)  # Gradio's own number input would turn it into 0
    assert seed.value == ""


def test_a_small_range_gets_a_counter(catalog: Catalog) -> None:
    many = made(catalog, CreateImage, "count")
    assert isinstance(many, gr.HTML)
    assert many.value == "1"
    assert 'min="1" max="16"' in many.html_template
    assert isinstance(made(catalog, FillImage, "feather"), gr.Slider)


def test_the_model_is_shown_only_if_there_is_a_choice(catalog: Catalog) -> None:
    assert "model" in shown_fields(catalog, UpscaleImage)
    assert "model" not in shown_fields(catalog, Speak)
    assert "task" not in shown_fields(catalog, Speak)


def test_suggestions_are_not_limits(catalog: Catalog) -> None:
    class Invented(UpscaleImage):
        fps: float = Field(
            60.0,
            title="Frame rate",
            description="x",
            json_schema_extra={"suggestions": {"24": 24, "29.97": "30000/1001"}},
        )

    rate = made(catalog, Invented, "fps")
    assert rate.allow_custom_value
    assert rate.choices == [("24", 24), ("29.97", "30000/1001")]


def test_short_text_and_checkbox(catalog: Catalog) -> None:
    class Invented(UpscaleImage):
        name: str = Field("", title="Name", description="x", max_length=9)
        loud: bool = Field(True, title="Loud", description="x")
        chance: Seed = None

    assert made(catalog, Invented, "name").lines == 1
    assert made(catalog, Invented, "name").max_length == 9
    assert isinstance(made(catalog, Invented, "loud"), gr.Checkbox)


def test_labels_cover_all_fields_and_values(catalog: Catalog) -> None:
    said = labels(catalog, Speak)
    assert said["voice"]["values"]["clara"] == "Clara"
    assert said["loudness"] == {"label": "Loudness", "unit": "LUFS", "values": {}}
    assert labels(catalog, UpscaleImage)["scale"]["values"] == {2: "2×", 3: "3×", 4: "4×"}
