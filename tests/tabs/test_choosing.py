"""Which model is taken when nobody chooses: what it is good at, never what clients' work may not use."""

from typing import Any

import pytest

from engines.catalog import SHIPPED, Entry, read
from errors import StudioError
from tabs.choosing import Needs, caution, choose, topics

PLAIN = read(SHIPPED / "stable-diffusion-1.5.yaml")


def model(name: str, *good_at: str, commercial: bool = True, **more: Any) -> Entry:
    licence = PLAIN.licence.model_copy(update={"commercial": commercial, "name": f"{name}'s own"})
    return PLAIN.model_copy(update={"id": name, "name": name, "good_at": good_at, "licence": licence, **more})


KLEIN, PORTRAITS = model("Klein", "things", references=4), model("Z-Image", "people", references=0, controls=())
POSTERS = model("Qwen", "text", references=0, controls=())
DEV = model("Dev", "things", "people", "text", commercial=False, instead="Klein", references=10)
SKETCH = model("Storybook", "people", sketch=True, references=0, controls=())


@pytest.mark.parametrize(
    ("prompt", "first"),
    [
        ("a woman waiting at the harbour", "people"),
        ("a perfume bottle on marble", "things"),
        ("a café with a sign that says “OPEN”", "text"),
        ("a misty valley", None),
        ("", None),
        ("a mountain lake with a boat on it", "places"),
        ("THE BRIDE, laughing", "people"),
    ],
)
def test_a_prompt_tells_what_it_is_about(prompt: str, first: str | None) -> None:
    assert (topics(prompt) or [None])[0] == first


def test_the_reason_is_said_in_words() -> None:
    installed = [KLEIN, PORTRAITS, POSTERS]
    assert choose("a woman at the harbour", installed).why == "people → Z-Image"
    assert choose("a watch on a table", installed).why == "things → Klein"
    assert choose("a poster that says “SALE”", installed).entry is POSTERS
    assert choose("fog", installed) == (KLEIN, "Klein")
    assert choose("a woman", [PORTRAITS]).why == "", "without a choice there is nothing to explain"


def test_weights_that_clients_may_not_have_are_never_taken_by_themselves() -> None:
    assert choose("a woman with a perfume bottle", [DEV, KLEIN]).entry is KLEIN
    with pytest.raises(StudioError, match="No model that may be used for clients") as told:
        choose("a woman", [DEV])
    assert "Dev" in told.value.problem.why
    assert caution(DEV, "Klein") == "Dev may not be used for clients (Dev's own). Klein may."
    assert caution(KLEIN, "") == ""


def test_a_sketch_is_taken_only_where_there_is_nothing_better() -> None:
    assert choose("a woman", [KLEIN, SKETCH]).entry is KLEIN
    assert choose("a woman", [SKETCH]).entry is SKETCH


def test_what_only_some_can_decides() -> None:
    assert choose("a woman", [PORTRAITS, KLEIN], Needs(references=2)) == (KLEIN, "what is asked → Klein")
    assert choose("a woman", [PORTRAITS, KLEIN], Needs(control="pose")).entry is KLEIN
    assert choose("a woman", [PORTRAITS], Needs(references=2)).entry is PORTRAITS, "it will say itself why not"
