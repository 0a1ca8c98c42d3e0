"""The forms for clips: sizes and durations the model can make, facts about it, and restoring a form from a clip."""

import json
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import yaml

from engines.catalog import Entry, shipped
from engines.requests import AnimateImage, CreateClip
from engines.requests.change_clip import EditClip, ExtendClip, FillClip, RestyleClip
from errors import StudioError
from studio import Studio
from tabs import length, size, video
from tabs.prompt_expansion import CLIP, CLIP_WITH_SOUND, SKETCH_CLIP, Guide, by_slots, question
from tabs.size import Size
from tabs.video_form import VideoForm
from tests.support.people import Person

SKETCH, WAN = "storybook-motion", "wan-2.2-ti2v-5b"
CHANGING = ("wan-2.1-1.3b", "wan-2.1-vace-1.3b", "lucy-edit")
IMAGE, SOURCE = "a" * 32, "b" * 32


@pytest.fixture
def films(data_folder: Path) -> None:
    """Make both models look installed; forms load no weights."""
    install(data_folder, SKETCH, WAN)


def install(data_folder: Path, *names: str) -> None:
    """Add copies of entries whose parts are there."""
    (data_folder / "catalog").mkdir(parents=True, exist_ok=True)
    there = shipped.entry("storybook-image").parts["scheduler"]
    for name in names:
        entry = shipped.entry(name)
        entry = entry.model_copy(update={"id": f"{name}.here", "parts": dict.fromkeys(entry.parts, there)})
        (data_folder / "catalog" / f"{name}.yaml").write_text(yaml.safe_dump(entry.model_dump(mode="json")))


@pytest.fixture
def changing(films: None, data_folder: Path) -> None:
    """Make models that change clips look installed, too."""
    install(data_folder, *CHANGING)


@pytest.fixture
def filmed(films: None, studio: Studio) -> Studio:
    """A studio with these models."""
    return studio


def form(studio: Studio, request: type[Any]) -> VideoForm:
    with gr.Blocks(analytics_enabled=False):
        return VideoForm(studio, request, "Generate clip")


def asked(made: VideoForm, person: Person, **held: Any) -> Any:
    """Return the request of a form with these values; the other controls keep their defaults."""
    said = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in held.items()}
    return made.read(person.who, [said.get(name, component.value) for name, component in made.controls.items()])


def test_size_and_duration_are_always_ones_the_model_can_make(filmed: Studio, ann: Person) -> None:
    create = form(filmed, CreateClip)
    usual = asked(create, ann, prompt="a boat")
    assert (usual.model, usual.width, usual.height, usual.seconds) == (f"{WAN}.here", 1280, 704, 5)
    tall = asked(create, ann, prompt="a boat", seconds="2.6", size={"aspect": "9:16"})
    assert (tall.seconds, tall.width < tall.height) == (2.5, True)
    assert [asked(create, ann, prompt="a boat", seconds=odd).seconds for odd in ("0", "99", "NaN", "x", [1])] == [
        0.5,
        60,
        0.5,
        5,
        5,
    ]
    sketch = asked(create, ann, prompt="a boat", seconds="2.2", size={"aspect": "16:9"}, model=f"{SKETCH}.here")
    assert (sketch.width, sketch.height, sketch.seconds) == (384, 384, 2.125)
    assert asked(create, ann, prompt="a boat", quality="draft").steps == 20


def test_animating_needs_a_picture(filmed: Studio, ann: Person) -> None:
    animate = form(filmed, AnimateImage)
    with pytest.raises(StudioError, match="Add a picture first"):
        asked(animate, ann, prompt="moving to the left")
    made = asked(animate, ann, prompt="moving to the left", image=IMAGE, model=f"{SKETCH}.here")
    assert (made.image, made.seconds, made.steps) == (IMAGE, 2.125, 10)
    assert "size" not in animate.controls, "the picture has one"


def test_a_clip_is_changed_with_the_models_own_settings(changing: None, studio: Studio, ann: Person) -> None:
    restyle = form(studio, RestyleClip)
    with pytest.raises(StudioError, match="Add a clip first"):
        asked(restyle, ann, prompt="watercolor")
    made = asked(restyle, ann, prompt="watercolor", clip=SOURCE)
    assert (made.model, made.clip, made.seconds, made.strength) == ("wan-2.1-1.3b.here", SOURCE, 5, 0.45)
    edited = asked(form(studio, EditClip), ann, prompt="make it snow", clip=SOURCE, model="lucy-edit.here")
    assert (edited.seconds, edited.steps) == (3.5, 35)
    filled = asked(form(studio, FillClip), ann, prompt="a door", clip=SOURCE, mask=IMAGE)
    assert (filled.model, filled.mask, filled.mask_clip) == ("wan-2.1-vace-1.3b.here", IMAGE, None)
    assert asked(form(studio, ExtendClip), ann, prompt="a door", clip=SOURCE, aspect="1:1").shape == (1, 1)
    created = form(studio, CreateClip)
    pictured = asked(created, ann, prompt="a boat", references=[IMAGE])
    assert (pictured.model, pictured.references) == ("wan-2.1-vace-1.3b.here", (IMAGE,))


def test_a_sketch_model_is_labeled_with_its_limits(filmed: Studio, ann: Person) -> None:
    create = form(filmed, CreateClip)
    held = {"prompt": "a red boat drives left by the quantum reactor", "model": f"{SKETCH}.here"}
    told = create.advice(ann.who, held)["about"]
    assert told["calm"].startswith("A small model running on the CPU")
    assert told["unknown"] == ["quantum reactor"]
    longer = [4, 6, 8, 10, 15, 20, 30, 45, 60]
    assert told["length"] == {"offered": [2.125, *longer], "at_once": 2.125, "usual": 2.125, "seconds": None}
    assert [group["name"] for group in told["vocabulary"]][-1] == "Motion"
    assert told["size"]["shapes"] == []
    assert {"negative_prompt", "guidance", "loras"} <= set(told["idle"])
    assert "last_image" in form(filmed, AnimateImage).advice(ann.who, held)["about"]["idle"]
    wan = create.advice(ann.who, {"prompt": "x"})["about"]
    assert wan["why"] == shipped.entry(WAN).name
    assert (wan["calm"], wan["unknown"], wan["length"]["offered"][:10:9]) == ("", [], [0.5, 5])
    assert [group["name"] for group in wan["vocabulary"]] == ["Camera", "Framing"]
    assert not {"negative_prompt", "guidance", "loras"} & set(wan["idle"])


def test_the_words_of_a_preset_apply_to_all_times_of_a_prompt(filmed: Studio, ann: Person) -> None:
    create, frame = form(filmed, CreateClip), {"id": "mine", "name": "Mine", "frame": "{idea}, 35 mm lens"}
    plain = asked(create, ann, prompt="a fox", preset=frame)
    timed = asked(create, ann, prompt="a fox\n0 s: it sits\n2 s: it runs", preset=frame)
    assert plain.prompt == "a fox, 35 mm lens"
    assert timed.prompt == "a fox, 35 mm lens\n0 s: it sits\n2 s: it runs"


def test_a_clip_restores_its_form(filmed: Studio, ann: Person) -> None:
    create = form(filmed, CreateClip)
    for held in (
        {"quality": "draft", "seed": "3"},
        {"seconds": "2.5", "size": {"aspect": "1:1", "megapixels": 0.25}, "steps": "9", "seed": "4"},
    ):
        made = asked(create, ann, prompt="a boat", **held)
        back = {
            name: value
            for name, value in create.reused_values(made.model_dump(mode="json")).items()
            if value is not None
        }
        assert asked(create, ann, **{name: value for name, value in back.items() if name in create.controls}) == made


@pytest.mark.parametrize("name", [SKETCH, WAN])
def test_the_default_size_and_duration_are_the_models_best(name: str) -> None:
    entry = shipped.entry(name)
    usual = (entry.defaults["width"], entry.defaults["height"])
    assert size.legal(entry, Size()) == usual
    assert size.legal(entry, Size.of(size.held_size(entry, *usual))) == usual
    assert length.usual(entry) == entry.defaults["seconds"]
    assert all(length.legal(entry, one) == one for one in length.offered_lengths(entry))


def test_the_number_of_durations_is_limited() -> None:
    entry: Entry = shipped.entry(WAN).model_copy(update={"bounds": {"seconds": (0.5, 20.5, 0.25)}})
    assert length.offered_lengths(entry) == [0.5, *range(1, 21), 20.5, 30, 45, 60]


def test_the_tab_starts_with_generating_and_is_small(filmed: Studio) -> None:
    with gr.Blocks(analytics_enabled=False) as page:
        video.build(filmed)
    shown = json.dumps(page.get_config_file(), default=str)
    assert shown.index("task-create_clip") < shown.index("task-animate_image") < shown.index("task-upscale_clip")
    assert len(page.blocks) <= 180
    card = video.card(filmed)
    assert [name for _, name in card.tasks] == [
        "Create",
        "Animate",
        "Continue",
        "Enlarge",
        "Frame rate",
        "Cut",
        "Join",
        "Color",
        "Sound",
        "Deliver",
    ]
    assert "from a prompt" in card.use


def test_expanding_an_idea_for_a_clip_adds_motion() -> None:
    written = by_slots("a red boat by the harbour", guide=CLIP)
    assert "camera" in written
    assert "lens" not in written
    assert by_slots("a boat drifting, the camera pans, sunset, calm", guide=CLIP).count(",") == 3, "nothing was open"
    assert "how it moves" in question("a boat", CLIP).messages[0].text


@pytest.mark.parametrize(
    ("model", "expected"),
    [("ltx-2", CLIP_WITH_SOUND), (WAN, CLIP), (SKETCH, SKETCH_CLIP)],
    ids=["sound", "wan", "sketch"],
)
def test_an_idea_is_expanded_with_sound_for_a_model_that_makes_it(model: str, expected: Guide, filmed: Studio) -> None:
    assert form(filmed, CreateClip).guide(shipped.entry(model)) is expected


def test_sound_is_added_unless_the_idea_has_it() -> None:
    assert any(word in by_slots("a fox runs", guide=CLIP_WITH_SOUND) for word in ("sounds", "music"))
    assert "music" not in by_slots("a fox says “Come!”", 3, CLIP_WITH_SOUND)
    assert "exact words in quotation marks" in question("a fox speaks", CLIP_WITH_SOUND).messages[0].text


def test_the_form_says_where_a_license_is_not_valid(
    filmed: Studio, ann: Person, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(data_folder, "hunyuan-video")
    hunyuan, create = "hunyuan-video.here", form(filmed, CreateClip)
    why = "its license (Tencent Hunyuan Community) is not valid in the EU, the UK and South Korea."
    monkeypatch.setattr(filmed.catalog, "country", "DE")
    auto = create.advice(ann.who, {"prompt": "x"})["about"]
    assert (auto["model"], auto["caution"]) == (
        shipped.entry(WAN).name,
        f"Auto leaves out HunyuanVideo: {why}",
    )
    named = create.advice(ann.who, {"prompt": "x", "model": hunyuan})["about"]
    assert named["caution"] == f"HunyuanVideo may not be used everywhere: {why}"
    with pytest.raises(StudioError, match="may not be used where your studio is"):
        filmed.jobs.estimate(ann.who, asked(create, ann, prompt="x", model=hunyuan))
    monkeypatch.setattr(filmed.catalog, "country", "US")
    assert create.advice(ann.who, {"prompt": "x", "model": hunyuan})["about"]["caution"] == ""


def test_a_model_without_a_prompt_says_so(filmed: Studio, ann: Person, data_folder: Path) -> None:
    install(data_folder, "svd-xt")
    moving, animate = "svd-xt.here", form(filmed, AnimateImage)
    told = animate.advice(ann.who, {"model": moving})["about"]
    assert told["calm"] == "Stable Video Diffusion XT does not use the prompt. It decides itself what moves."
    assert "negative_prompt" in told["idle"]
    made = asked(animate, ann, image=IMAGE, model=moving)
    assert (made.prompt, made.seconds) == ("", 3.5)
