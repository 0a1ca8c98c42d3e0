"""Everything that can be called, set, chosen or filled in is in docs/."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi.routing import APIRoute

from api import page_types, reference
from api.operations import rest
from engines.catalog import shipped
from engines.requests import REQUESTS
from settings import Settings
from studio import Studio

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture
def nothing() -> Studio:
    """A studio for building routes and endpoints, which are only inspected."""
    return cast(Studio, SimpleNamespace(jobs=None, library=None, conversations=None, catalog=None))


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", reference.pages())
def test_reference_pages_are_up_to_date(name: str) -> None:
    assert text(name) == reference.pages()[name], "write them anew: python -m api.reference"


@pytest.mark.slow
def test_the_types_of_the_views_are_up_to_date() -> None:
    assert page_types.FILE.read_text(encoding="utf-8") == page_types.text(), "write them anew: python -m api.page_types"


def test_the_table_of_rest_routes_is_complete_and_current(nothing: Studio) -> None:
    routes = [route for route in rest.router(nothing).routes if isinstance(route, APIRoute)]
    real = {f"{method} {route.path}" for route in routes for method in route.methods} - {"HEAD /api/assets/{id}/file"}
    assert set(re.findall(r"^\| `(\w+ /[^`]*)` \|", text("api.md"), re.MULTILINE)) == real


def test_the_headings_of_endpoints_are_complete_and_current(nothing: Studio) -> None:
    import gradio as gr

    from api.operations import gradio as endpoints

    with gr.Blocks() as blocks:
        endpoints.install(nothing)
    named: Any = blocks.get_api_info()["named_endpoints"]
    headings = re.findall(r"^### (/.+)$", text("api.md"), re.MULTILINE)
    assert sorted(name for heading in headings for name in re.findall(r"/\w+", heading)) == sorted(named)
    for endpoint in named.values():
        assert endpoint["description"]


def test_every_setting_model_and_field_is_documented() -> None:
    for name in Settings.model_fields:
        assert f"`C41_{name.upper()}`" in text("settings.md")
    for path in shipped.entry_files():
        assert f"`{path.stem}`" in text("models.md"), "an entry's file is called after its id"
    for task, request in REQUESTS.items():
        section = text("requests.md").partition(f"\n## {task}\n")[2].partition("\n## ")[0]
        for field in request.model_fields:
            assert f"| `{field}` |" in section


def test_every_stop_of_the_walks_is_in_the_code() -> None:
    walks = (
        text("development.md").partition("\n## Walks through the code\n")[2].partition("\n## ")[0].split("\n### ")[1:]
    )
    assert len(walks) == 4
    for walk in walks:
        stops = re.findall(r"^\d\. (.+?):", walk, re.MULTILINE)
        assert 1 <= len(stops) <= 6
        for path, *names in (re.findall(r"`([\w./]+)", stop) for stop in stops):
            code = (DOCS.parent / path).read_text(encoding="utf-8")
            for name in (part for dotted in names for part in dotted.split(".")):
                assert re.search(rf"^ *(async )?(def |class )?{name}\b", code, re.MULTILINE), f"{path} has no {name}"
    for owner, member in re.findall(r"`([A-Z]\w+)\.(\w+)", "".join(walks)):
        files = [path for path in DOCS.parent.glob("[aejl]*/**/*.py") if f"class {owner}" in path.read_text("utf-8")]
        assert any(f"def {member}(" in path.read_text("utf-8") for path in files), f"{owner} has no {member}"
