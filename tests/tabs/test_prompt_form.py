"""The forms for pictures: the request for the chosen model, the facts about it, and restoring a form from a result."""

import json
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from auth.accounts.principal import Principal
from engines.catalog import shipped
from engines.requests import ChangeImage, CreateImage, ExtendImage, FillImage
from errors import StudioError
from studio import Studio
from tabs.prompt_form import PromptForm, _unknown
from tests.support.people import Person

pytestmark = pytest.mark.usefixtures("twin")
MODEL = "stable-diffusion-1.5.twin"
IMAGE, MASK = "a" * 32, "b" * 32


def form(studio: Studio, request: type[Any]) -> PromptForm:
    with gr.Blocks(analytics_enabled=False):
        return PromptForm(studio, request, "Generate")


WHO = Principal(user_id="x", name="x", role="member")


def read_form(made: PromptForm, **held: Any) -> Any:
    """Return the request of a form with these values; the other controls keep their defaults."""
    said = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in held.items()}
    return made.read(WHO, [said.get(name, component.value) for name, component in made.controls.items()])


def test_size_quality_and_preset_become_the_fields_of_the_request(studio: Studio) -> None:
    create = form(studio, CreateImage)
    preset = {"id": "product", "frame": "{idea}, on grey"}
    entry = studio.catalog.get(MODEL)
    asked = read_form(create, prompt="a watch.", preset=preset, quality="best", size={"aspect": "16:9"})
    assert isinstance(asked, CreateImage)
    assert asked.prompt == "a watch, on grey"
    assert asked.steps == entry.quality["best"]["steps"]
    assert asked.model == MODEL
    assert asked.width > asked.height
    typed = read_form(create, prompt="a watch", quality="best", steps="7", guidance="3.5", seed="12")
    assert (typed.steps, typed.guidance, typed.seed) == (7, 3.5, 12)
    assert read_form(create, prompt="a watch").steps == entry.quality["good"]["steps"]


def test_the_sides_of_a_picture_are_one_control(studio: Studio) -> None:
    extend = form(studio, ExtendImage)
    extend.controls["image"] = gr.HTML(IMAGE)
    asked = read_form(extend, prompt="more sea", sides={"left": 64, "right": 0, "top": 0, "bottom": 32})
    assert (asked.left, asked.right, asked.top, asked.bottom) == (64, 0, 0, 32)


def test_a_missing_input_is_reported_with_the_fields_name(studio: Studio) -> None:
    fill = form(studio, FillImage)
    with pytest.raises(StudioError, match="Add a picture first"):
        read_form(fill, prompt="a hat")
    with pytest.raises(StudioError, match="Paint over what should change first"):
        read_form(fill, prompt="a hat", image=IMAGE)
    assert read_form(fill, prompt="a hat", image=IMAGE, mask=MASK).mask == MASK


def test_unused_fields_are_not_sent_and_stay_in_the_form(studio: Studio, ann: Person) -> None:
    create = form(studio, CreateImage)
    entry = studio.catalog.get(MODEL)
    plain = entry.model_copy(update={"guidance": "embedded", "references": 0, "controls": ()})
    studio.catalog._entries = {MODEL: plain}  # type: ignore[attr-defined]
    held = {"prompt": "a dog", "negative_prompt": "rain", "references": [IMAGE], "control": "pose", "model": MODEL}
    asked = read_form(create, **held)
    assert (asked.negative_prompt, asked.references, asked.control) == ("", (), "none")
    told = create.advice(ann.who, {**held, "size": None, "quality": None})["about"]
    assert {"negative_prompt", "references", "control", "control_image"} <= set(told["idle"])
    assert "guidance" not in told["idle"]


def test_the_form_gets_facts_about_its_model(studio: Studio, ann: Person) -> None:
    create = form(studio, CreateImage)
    told = create.advice(ann.who, {"prompt": "a dog", "quality": "best", "size": {"aspect": "16:9"}, "model": None})[
        "about"
    ]
    entry = studio.catalog.get(MODEL)
    assert told["usual"]["steps"] == entry.quality["best"]["steps"]
    assert set(told["levels"]) == {"draft", "good", "best"}
    assert all(seconds.startswith("≈ ") for seconds in told["levels"].values())
    assert told["size"]["width"] > told["size"]["height"]
    assert (told["caution"], told["calm"]) == ("", "")


def test_a_picture_restores_the_form_it_was_made_with(studio: Studio) -> None:
    create = form(studio, CreateImage)
    made = read_form(create, prompt="a boat", quality="draft", size={"aspect": "3:2"}, seed="3")
    held = create.reused_values(made.model_dump(mode="json"))
    assert (held["quality"], held["steps"], held["preset"]) == ("draft", None, None)
    again = {name: value for name, value in held.items() if name in create.controls and value is not None}
    again |= {"seed": str(held["seed"])}
    assert read_form(create, **again) == made
    by_hand = create.reused_values(made.model_dump(mode="json") | {"steps": 9})
    assert (by_hand["quality"], by_hand["steps"]) == (None, 9)


def test_invalid_values_from_scripts_are_refused_with_a_reason(studio: Studio) -> None:
    change = form(studio, ChangeImage)
    nonsense: dict[str, Any] = {"quality": ["x"], "loras": {"a": 1}, "model": "none such", "steps": "many"}
    for name, value in nonsense.items():
        if name in change.controls and name != "quality":
            with pytest.raises(StudioError):
                read_form(change, prompt="x", image=IMAGE, **{name: value})


def test_a_sketch_model_lists_unknown_words() -> None:
    storybook = shipped.entry("storybook-image")
    assert _unknown(storybook, "a red house by the quantum reactor") == ["quantum reactor"]
    assert _unknown(shipped.entry("stable-diffusion-1.5"), "a quantum reactor") == []


@pytest.mark.parametrize("made", [{"width": "wide"}, {"model": ["a"], "height": {}}, {"quality": 5, "steps": []}])
def test_an_invalid_record_fills_nothing(studio: Studio, monkeypatch: Any, made: dict[str, Any]) -> None:
    create = form(studio, CreateImage)
    record = SimpleNamespace(title="Odd", provenance={"request": {"task": "create_image", **made}})
    monkeypatch.setattr(studio.library, "get", lambda *_: record)
    event = gr.EventData(None, {"asset": IMAGE})
    asked = SimpleNamespace(request=SimpleNamespace(state=SimpleNamespace(principal=WHO)))
    *_, told = create._fill(event, asked)  # type: ignore[arg-type]
    assert "filled" in told or json.loads(told)["problem"]["what"]


def test_the_downloaded_model_is_used(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    create, smaller = form(studio, CreateImage), "flux.1-dev-q4_k_s"
    submitted: list[tuple[Any, tuple[str, ...]]] = []

    def submit(who: Principal, request: Any, *, after: tuple[str, ...] = (), **_: Any) -> SimpleNamespace:
        submitted.append((request, after))
        return SimpleNamespace(id=f"job{len(submitted)}", model_dump=lambda **_: {})

    monkeypatch.setattr(studio.jobs, "submit", submit)
    monkeypatch.setattr(studio.library, "current_project", lambda who: "")
    values = ["a house" if name == "prompt" else component.value for name, component in create.controls.items()]
    event = gr.EventData(None, {"get": smaller})
    asked = SimpleNamespace(request=SimpleNamespace(state=SimpleNamespace(principal=WHO)))
    create._press(event, asked, *values)  # type: ignore[arg-type]
    (getting, _), (made, after) = submitted
    assert (getting.entry, made.model, made.prompt, after) == (smaller, smaller, "a house", ("job1",))
