"""Free prompts, read with a small vocabulary."""

import subprocess
import sys

import pytest

from engines.families.storybook.vocabulary import known_words, read, unknown_words


def test_known_words_stay_unchanged() -> None:
    reading = read("a red house by the sea at sunset")
    assert (reading.prompt, reading.near, reading.unknown) == ("a red house by the sea at sunset", (), ())


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("a crimson villa", "a red house"),
        ("A Lake at Sundown", "a sea at sunset"),
        ("two boats", "boat"),
        ("a dog, a cat", "a dog, a cat"),
        ("a cottage by the ocean", "a cottage by the ocean"),
    ],
)
def test_synonyms_are_read_as_learned_words(written: str, read_as: str) -> None:
    assert read(written).prompt == read_as


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("a red house in the harbour, 35 mm", ("harbour", "35 mm")),
        ("Zebra", ("Zebra",)),
        ("a zebra and a zebra", ("zebra",)),
        ("ein Haus am Meer", ("ein Haus am Meer",)),
        ("", ()),
        ("  ,, !", ()),
        ("un café noir", ("un café noir",)),
    ],
)
def test_unknown_words_are_listed(prompt: str, unknown: tuple[str, ...]) -> None:
    assert unknown_words(prompt) == unknown


def test_dropping_a_word_leaves_no_dangling_phrase() -> None:
    assert read("a red house in the harbour, 35 mm, at sunset").prompt == "a red house, at sunset"
    assert read("in a zebra").prompt == ""


def test_the_read_prompt_has_only_learned_words_and_reads_the_same_again() -> None:
    reading = read("A huge golden castle on a hill above the misty lake, cinematic, with scarlet birds!")
    assert set(reading.prompt.replace(",", "").split()) <= known_words()
    assert read(reading.prompt).prompt == reading.prompt


def test_the_form_works_without_torch() -> None:
    code = (
        "import sys; from engines.families.storybook.vocabulary import unknown_words; unknown_words('a zebra');"
        "assert not {'torch', 'diffusers', 'transformers', 'PIL'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
