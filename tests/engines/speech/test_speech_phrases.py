"""Texts as people paste them, split where a speaker would breathe."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.speech.alphabet import readable
from engines.speech.phrases import LONGEST, Pause, phrases


def cut(text: str) -> list[str]:
    return [phrase.text for phrase in phrases(readable(text)[0])]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…", "Five"]),
        ("Dr. Smith met Mrs. Jones. They left.", ["Dr. Smith met Mrs. Jones.", "They left."]),
        ("It cost $42.50. Cheap!", ["It cost $42.50.", "Cheap!"]),
        ("Meet at No. 5. No. I will not.", ["Meet at No. 5.", "No.", "I will not."]),
        ("“Stop!” he said. “Why?” She ran.", ["“Stop!” he said.", "“Why?”", "She ran."]),
        ("J. R. Smith of the U.S. Army, e.g. Bob.", ["J. R. Smith of the U.S. Army, e.g. Bob."]),
        ("They live in the U.S. He does not.", ["They live in the U.S.", "He does not."]),
        ("Then came plan B. But it failed.", ["Then came plan B.", "But it failed."]),
        ("Well... it worked. Well... It did.", ["Well... it worked.", "Well...", "It did."]),
        ("Wait!!! What?!?! Really...", ["Wait!!!", "What?!?!", "Really..."]),
        ("INT. KITCHEN - DAY\n\nANNA\nWhere is it?", ["INT. KITCHEN - DAY", "ANNA", "Where is it?"]),
        ("# Title\n- one\n- two\n1. three", ["Title", "one", "two", "1. three"]),
        ("a line that was wrapped\nat a width", ["a line that was wrapped at a width"]),
        (
            "A paragraph wrapped at fifty characters or so by\nJohn’s editor. Then more.",
            ["A paragraph wrapped at fifty characters or so by", "John’s editor.", "Then more."],
        ),
        (
            "A paragraph wrapped at sixty characters or so by the old\nEnglish editor. Then more.",
            ["A paragraph wrapped at sixty characters or so by the old English editor.", "Then more."],
        ),
        ("* * *\n\n…\n\nOnly this.", ["Only this."]),
        ("tab\tand\r\nline", ["tab and line"]),
    ],
)
def test_where_sentences_end(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


def test_what_comes_after_a_phrase() -> None:
    then = [phrase.then for phrase in phrases("One. Two.\n\nThree.")]
    assert then == [Pause.SENTENCE, Pause.PARAGRAPH, Pause.PARAGRAPH]


def test_a_very_long_sentence_is_cut_at_its_commas() -> None:
    clause = "the quick brown fox jumps over the lazy dog and then goes home again"
    parts = list(phrases(", ".join([clause] * 7) + "."))
    assert len(parts) >= 2
    assert all(len(part.text) <= LONGEST for part in parts)
    assert all(part.text.endswith(",") and part.then is Pause.CLAUSE for part in parts[:-1])
    assert parts[-1].then is Pause.PARAGRAPH


def test_a_long_sentence_without_commas_is_cut_between_words_or_anywhere() -> None:
    assert all(len(part) <= LONGEST and not part.startswith(" ") for part in cut("word " * 500))
    assert "".join(cut("x" * 5000)) == "x" * 5000


def test_stylized_letters_become_plain() -> None:
    assert readable("ＦＵＬＬ\u3000ｗｉｄｔｈ, 𝓯𝓪𝓷𝓬𝔂 ﬁlm, co\u00adop, cafe\u0301") == (
        "FULL width, fancy film, coop, café",
        "",
    )


def test_unreadable_characters_are_returned() -> None:
    text, left_out = readable("Привет, the show 👍🏽 goes on 😀. 20 °C © 5€")
    assert text.split() == [",", "the", "show", "goes", "on.", "20", "°C", "©", "5€"]
    assert left_out == "Привет👍🏽😀"


@given(st.text(max_size=400))
def test_any_text_is_cut_into_short_speakable_phrases(text: str) -> None:
    kept, _ = readable(text)
    for phrase in phrases(kept):
        assert 0 < len(phrase.text) <= LONGEST
        assert any(letter.isalnum() for letter in phrase.text)


@given(st.text(alphabet="aB1 .,!?…\"”)('\n-", max_size=300))
def test_no_letter_is_lost_or_moved(text: str) -> None:
    spoken = "".join(cut(text))
    assert [c for c in spoken if c.isalnum()] == [c for c in text if c.isalnum()]


@pytest.mark.parametrize("unit", [".", "a. ", "\n", "\n ", "a\n", "”.", ", ", "A.", "- \n", "…! ", "( ", "1"])
def test_hostile_texts_take_no_time(unit: str) -> None:
    began = time.process_time()
    cut((unit * 50_000)[:50_000])
    assert time.process_time() - began < 3
