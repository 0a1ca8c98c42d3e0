"""Prompt expansion: the parts of a full prompt."""

import pytest

from engines.catalog import shipped
from engines.families.storybook.prompts import unknown_words
from tabs.prompt_expansion import SKETCH, SKETCH_CLIP, Guide, by_slots, question


@pytest.mark.parametrize("idea", ["a red house", "Mara at the window, night.", "x"])
def test_slots_add_what_is_missing(idea: str) -> None:
    written = by_slots(idea)
    assert written.lower().startswith(idea.lower().rstrip("."))
    assert "mm lens" in written
    assert written == by_slots(idea), "the same idea is written out the same way"
    assert written != by_slots(idea, 1), "asked again it says something else"


def test_slots_keep_what_is_given() -> None:
    full = "a red house, soft window light, 35 mm lens, wide shot from above, calm"
    assert by_slots(full) == "A red house, soft window light, 35 mm lens, wide shot from above, calm."
    assert "light" not in by_slots("a lamp in the night").removeprefix("A lamp in the night")


@pytest.mark.parametrize(("guide", "model"), [(SKETCH, "storybook-image"), (SKETCH_CLIP, "storybook-motion")])
def test_a_model_with_a_small_vocabulary_gets_only_known_words(guide: Guide, model: str) -> None:
    written = [by_slots("a red boat", turn, guide) for turn in range(3)]
    assert len(set(written)) == 3
    assert [unknown_words(text, shipped.entry(model)) for text in written] == [()] * 3


def test_the_question_ends_with_the_idea_and_asks_for_one_paragraph() -> None:
    asked = question("@Mara by the sea")
    assert asked.messages[-1].text == "Idea: @Mara by the sea"
    assert "one paragraph" in asked.messages[0].text
    assert asked.max_tokens < 300
