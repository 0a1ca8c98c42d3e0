"""What a prompt wants to see that Storybook cannot draw, and the words the page offers instead."""

import pytest

from engines.catalog import shipped
from engines.families.storybook import prompts
from engines.families.storybook.subjects import unknown_subjects

ENTRIES = {entry.id: entry for entry in shipped.entries()}


@pytest.mark.parametrize(
    ("prompt", "subjects"),
    [
        ("coffee", ("coffee",)),
        ("a cup of coffee in a room", ("cup", "coffee")),
        ("portrait of Clara", ("portrait", "Clara")),
        ("a red house with a coffee machine", ("coffee machine",)),
        ("two knights in a forest", ("knights",)),
        ("a red dragon above the mountain", ("dragon",)),
        ("a knight, a dragon", ("knight", "dragon")),
    ],
)
def test_an_unknown_subject_is_named(prompt: str, subjects: tuple[str, ...]) -> None:
    assert unknown_subjects(prompt) == subjects


@pytest.mark.parametrize(
    "prompt",
    [
        "a red house by the sea at sunset",
        "a cozy house in the woods",
        "an old man in the city",
        "a beautiful sunset by the sea",
        "two red houses",
        "portrait of a cat",
        "lots of small birds",
        "a dog running on the beach",
        "a house, cinematic lighting, 85 mm lens",
        "☕",
    ],
)
def test_what_only_describes_is_no_subject(prompt: str) -> None:
    assert unknown_subjects(prompt) == ()


def test_motions_are_no_subjects() -> None:
    entry = ENTRIES["storybook-motion"]
    assert prompts.unknown_subjects("a boat on the sea, the camera zooms in", entry) == ()
    assert prompts.unknown_subjects("a whale moving to the left", entry) == ("whale",)


@pytest.mark.parametrize("id", ["storybook-image", "storybook-motion"])
def test_every_offered_word_is_known(id: str) -> None:
    groups = prompts.word_groups(ENTRIES[id])
    assert [word for group in groups for word in group.words if prompts.unknown_words(word, ENTRIES[id])] == []


def test_models_with_an_open_vocabulary_have_none() -> None:
    assert prompts.word_groups(ENTRIES["z-image-turbo"]) == ()
    assert prompts.unknown_subjects("coffee", ENTRIES["z-image-turbo"]) == ()
