"""The forms that film: sizes and lengths as the model can, what is said of it, and the way back from a clip."""

import json
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import yaml

from engines.catalog import SHIPPED, Entry, read
from engines.requests import AnimateImage, CreateClip
from errors import StudioError
from studio import Studio
from tabs import length, size, video
from tabs.filming import Filmed
from tabs.size import Size
from tabs.writing_out import CLIP, by_slots, question
from tests.support.people import Person

SKETCH, WAN = "storybook-motion", "wan-2.2-ti2v-5b"
IMAGE = "a" * 32


@pytest.fixture
def films(data_folder: Path) -> None:
    """Both models installed as far as a form can see: forms load no weights."""
    (data_folder / "catalog").mkdir(parents=True)
    there = read(SHIPPED / "storybook-image.yaml").parts["scheduler"]
    for name in (SKETCH, WAN):
        entry = read(SHIPPED / f"{name}.yaml")
        entry = entry.model_copy(update={"id": f"{name}.here", "parts": dict.fromkeys(entry.parts, there)})
        (data_folder / "catalog" / f"{name}.yaml").write_text(yaml.safe_dump(entry.model_dump(mode="json")))


@pytest.fixture
def filmed(films: None, studio: Studio) -> Studio:
    """The studio with these models."""
    return studio


def form(studio: Studio, request: type[Any]) -> Filmed:
    with gr.Blocks(analytics_enabled=False):
        return Filmed(studio, request, "Film it")


def asked(made: Filmed, person: Person, **held: Any) -> Any:
    """The request of a form whose controls hold this, the others what they start from."""
    said = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in held.items()}
    return made.read(person.who, [said.get(name, component.value) for name, component in made.controls.items()])


def test_size_and_length_are_always_what_the_model_can_make(filmed: Studio, ann: Person) -> None:
    create = form(filmed, CreateClip)
    usual = asked(create, ann, prompt="a boat")
    assert (usual.model, usual.width, usual.height, usual.seconds) == (f"{WAN}.here", 1280, 704, 5)
    tall = asked(create, ann, prompt="a boat", seconds="2.6", size={"aspect": "9:16"})
    assert (tall.seconds, tall.width < tall.height) == (2.5, True)
    assert [asked(create, ann, prompt="a boat", seconds=odd).seconds for odd in ("0", "99", "NaN", "x", [1])] == [
        0.5,
        5,
        0.5,
        5,
        5,
    ]
    sketch = asked(create, ann, prompt="a boat", seconds="4", size={"aspect": "16:9"}, model=f"{SKETCH}.here")
    assert (sketch.width, sketch.height, sketch.seconds) == (384, 384, 2.125)
    assert asked(create, ann, prompt="a boat", quality="draft").steps == 20


def test_a_picture_is_animated_and_asked_for_first(filmed: Studio, ann: Person) -> None:
    animate = form(filmed, AnimateImage)
    with pytest.raises(StudioError, match="Bring in a picture first"):
        asked(animate, ann, prompt="moving to the left")
    made = asked(animate, ann, prompt="moving to the left", image=IMAGE, model=f"{SKETCH}.here")
    assert (made.image, made.seconds, made.steps) == (IMAGE, 2.125, 10)
    assert "size" not in animate.controls, "the picture has one"


def test_a_sketch_is_called_one_and_says_what_it_cannot(filmed: Studio, ann: Person) -> None:
    create = form(filmed, CreateClip)
    held = {"prompt": "a red boat drives left by the quantum reactor", "model": f"{SKETCH}.here"}
    told = create.told(ann.who, held)["about"]
    assert told["calm"].startswith("Sketch models on this computer's processor")
    assert told["unknown"] == ["quantum reactor"]
    assert told["length"] == {"offered": [2.125], "usual": 2.125, "seconds": None}
    assert told["size"]["shapes"] == []
    assert {"negative_prompt", "guidance", "loras"} <= set(told["idle"])
    wan = create.told(ann.who, {"prompt": "x"})["about"]
    assert wan["why"] == read(SHIPPED / f"{WAN}.yaml").name
    assert (wan["calm"], wan["unknown"], wan["length"]["offered"][::9]) == ("", [], [0.5, 5])
    assert not {"negative_prompt", "guidance", "loras"} & set(wan["idle"])


def test_a_clip_leads_back_to_its_form(filmed: Studio, ann: Person) -> None:
    create = form(filmed, CreateClip)
    for held in (
        {"quality": "draft", "seed": "3"},
        {"seconds": "2.5", "size": {"aspect": "1:1", "megapixels": 0.25}, "steps": "9", "seed": "4"},
    ):
        made = asked(create, ann, prompt="a boat", **held)
        back = {name: value for name, value in create.reused(made.model_dump(mode="json")).items() if value is not None}
        assert asked(create, ann, **{name: value for name, value in back.items() if name in create.controls}) == made


@pytest.mark.parametrize("name", [SKETCH, WAN])
def test_the_usual_size_and_length_of_a_model_are_those_it_was_made_for(name: str) -> None:
    entry = read(SHIPPED / f"{name}.yaml")
    usual = (entry.defaults["width"], entry.defaults["height"])
    assert size.legal(entry, Size()) == usual
    assert size.legal(entry, Size.of(size.held(entry, *usual))) == usual
    assert length.usual(entry) == entry.defaults["seconds"]
    assert all(length.legal(entry, one) == one for one in length.offered(entry))


def test_lengths_are_not_offered_by_the_hundred() -> None:
    entry: Entry = read(SHIPPED / f"{WAN}.yaml").model_copy(update={"bounds": {"seconds": (0.5, 20.5, 0.25)}})
    assert length.offered(entry) == [0.5, *range(1, 21), 20.5]


def test_the_tab_begins_with_what_films_and_is_light(filmed: Studio) -> None:
    with gr.Blocks(analytics_enabled=False) as page:
        video.build(filmed)
    shown = json.dumps(page.get_config_file(), default=str)
    assert shown.index("task-create_clip") < shown.index("task-animate_image") < shown.index("task-upscale_clip")
    assert len(page.blocks) <= 150
    card = video.card(filmed)
    assert [name for _, name in card.tasks] == ["Create", "Animate", "Enlarge", "Frame rate"]
    assert "From words" in card.use


def test_an_idea_for_a_clip_is_written_out_with_what_moves() -> None:
    written = by_slots("a red boat by the harbour", guide=CLIP)
    assert "camera" in written
    assert "lens" not in written
    assert by_slots("a boat drifting, the camera pans, sunset, calm", guide=CLIP).count(",") == 3, "nothing was open"
    assert "how it moves" in question("a boat", CLIP).messages[0].text
