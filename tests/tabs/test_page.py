"""The page as Gradio gets it: no unintended public events, small enough to open fast."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

import tabs
from app import HERE
from engines.twins import install_entry
from errors import StudioError
from studio import Studio
from tests.support.people import Person


@pytest.fixture
def page(studio: Studio) -> gr.Blocks:
    return tabs.build(studio)


def config(page: gr.Blocks) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(page.get_config_file(), default=str))
    return found


def test_every_event_of_the_page_is_private_and_named(page: gr.Blocks) -> None:
    events = config(page)["dependencies"]
    assert events
    for event in events:
        assert event["api_visibility"] == "private", event["api_name"]
        assert not re.search(r"_\d+$", event["api_name"]), event["api_name"]
    assert max(Counter(event["api_name"] for event in events).values()) == 1


def test_no_tab_is_large(page: gr.Blocks) -> None:
    def count(block: Any) -> int:
        return 1 + sum(count(child) for child in getattr(block, "children", []))

    tabs_found = [block for block in page.blocks.values() if isinstance(block, gr.Tab)]
    assert [tab.label for tab in tabs_found] == ["Home", *(title for _, title, _ in (*tabs.TABS, *tabs.MENU_PAGES))]
    assert max(count(tab) for tab in tabs_found) <= 180


def test_a_task_waits_for_a_model(page: gr.Blocks) -> None:
    shown = json.dumps(config(page))
    assert "task-create_image" in shown, "Storybook is always there"
    assert "task-edit_image" not in shown


def test_a_task_appears_with_its_model(twin_folder: Path, data_folder: Path, request: pytest.FixtureRequest) -> None:
    install_entry("flux.2-klein-4b", twin_folder, data_folder / "catalog")
    assert "task-edit_image" in json.dumps(config(request.getfixturevalue("page")))


def test_the_page_loads_only_local_files() -> None:
    ours = (file for file in (HERE / "assets").rglob("*.[cj]s*") if file.parent.name != "vendor")
    for file in ours:
        assert not re.search(r"https?://(?!www\.w3\.org)", file.read_text()), file


def test_scripts_import_only_existing_files() -> None:
    for file in (HERE / "assets" / "js").rglob("*.js"):
        for name in re.findall(r'^(?:import .* from | +import\()"([^"]+)"', file.read_text(), re.MULTILINE):
            assert (file.parent / name).is_file(), f"{file.name} -> {name}"


def test_a_form_builds_a_request_from_its_controls(studio: Studio, ann: Person) -> None:
    from engines.requests import Speak, UpscaleImage
    from tabs.form import Form

    with gr.Blocks(analytics_enabled=False):
        speech = Form(studio, Speak, "Generate voice-over")
        enlarge = Form(studio, UpscaleImage, "Enlarge")
    values = {"text": "Hello.", "voice": "ruth", "seed": None}
    request = speech.read(ann.who, [values.get(name, component.value) for name, component in speech.controls.items()])
    assert isinstance(request, Speak)
    assert (request.text, request.voice, request.seed, request.speed) == ("Hello.", "ruth", None, 1.0)
    with pytest.raises(StudioError, match="Text to read aloud"):
        speech.read(ann.who, [None for _ in speech.controls])
    with pytest.raises(StudioError, match="Add a picture first"):
        enlarge.read(ann.who, [component.value for component in enlarge.controls.values()])
