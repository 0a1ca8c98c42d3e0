"""Words said otherwise than they are written: a person's list, and a film-maker's shorthand."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.speech.pronouncing import respelled, used
from engines.speech.reading import spelled
from tests.engines.speech.saying import Booth, Listener


@pytest.mark.parametrize(
    ("text", "pairs", "said"),
    [
        ("Nguyen shot it.", {"Nguyen": "win"}, "win shot it."),
        ("Nguyen's film, Nguyenish", {"Nguyen": "win"}, "win's film, Nguyenish"),
        ("US and us and Us", {"us": "ours"}, "ours and ours and ours"),
        ("US and us and Us", {"US": "U S"}, "U S and us and Us"),
        ("US and us", {"US": "U S", "us": "ours"}, "U S and ours"),
        ("C-41, C41 and C41s", {"C41": "see forty-one"}, "C-41, see forty-one and C41s"),
        ("New York, York", {"York": "yawk", "New York": "the city"}, "the city, yawk"),
        ("a b", {"a": "b", "b": "a"}, "b a"),
        ("at f/2.8 in C++", {"f/2.8": "wide open", "C++": "see plus plus"}, "at wide open in see plus plus"),
        ("nothing", {}, "nothing"),
        (r"a \1 b", {"a": r"\g<0>"}, r"\g<0> \1 b"),
    ],
)
def test_whole_words_longest_first_and_case_as_written(text: str, pairs: dict[str, str], said: str) -> None:
    assert respelled(text, pairs) == said


def test_only_the_words_of_the_text_are_taken_along() -> None:
    assert used("The US army", {"US": "U S", "us": "ours", "Paris": "Paree"}) == {"US": "U S"}


@given(
    st.text(max_size=80), st.dictionaries(st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=5), max_size=4)
)
def test_any_list_can_be_applied(text: str, pairs: dict[str, str]) -> None:
    taken = used(text, pairs)
    assert taken.items() <= pairs.items()
    assert respelled(text, taken) == respelled(text, pairs)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("at f/2.8", "at f 2 point 8"),
        ("T/4", "f 4"),
        ("16:9 or 2.39:1", "16 by 9 or 2.39 to 1"),
        ("2½ kg", "2 and a half kg"),
        ("agent 007", "agent oh oh 7"),
        ("US$5", "$5"),
        ("6'2\" tall", "6 foot 2 tall"),
        ("in WWII", "in World War Two"),
        ("120 bpm", "120 beats per minute"),
        ("at 10:30, 9:16 am, 2026-05-03, 00:01:02, 0.05", "at 10:30, 9:16 am, 2026-05-03, 00:01:02, 0.05"),
    ],
)
def test_shorthand_is_written_out_and_times_are_left_alone(text: str, said: str) -> None:
    assert spelled(text) == said


@pytest.mark.slow
def test_a_listener_hears_the_word_that_was_put_in(tmp_path: Path, starter: Path) -> None:
    booth, listener = Booth(tmp_path, starter), Listener(starter / "asr-whisper-tiny.en")
    text = "The camera operator is called Xqzrt, and she is very good."
    plain = listener.words(booth.say(text).path)
    taught = listener.words(booth.say(text, pronunciations={"Xqzrt": "Jennifer"}).path)
    assert "jennifer" in taught
    assert "jennifer" not in plain
    assert booth.say(text, pronunciations={"Xqzrt": "Jennifer"}).files[0].provenance["request"]["pronunciations"]
