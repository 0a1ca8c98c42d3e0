"""Custom pronunciations and film-makers' shorthand."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.speech.alphabet import readable
from engines.speech.phrases import phrases
from engines.speech.pronunciation import respell, used_respellings
from engines.speech.shorthand import spell_out
from tests.engines.speech.speech_worker import Booth, Listener


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
def test_whole_words_match_longest_first_and_by_case(text: str, pairs: dict[str, str], said: str) -> None:
    assert respell(text, pairs) == said


def test_only_pairs_in_the_text_are_returned() -> None:
    assert used_respellings("The US army", {"US": "U S", "us": "ours", "Paris": "Paree"}) == {"US": "U S"}


@given(
    st.text(max_size=80), st.dictionaries(st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=5), max_size=4)
)
def test_any_list_can_be_applied(text: str, pairs: dict[str, str]) -> None:
    taken = used_respellings(text, pairs)
    assert taken.items() <= pairs.items()
    assert respell(text, taken) == respell(text, pairs)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("at f/2.8", "at f 2 point 8"),
        ("T/4", "T 4"),
        ("T2.8", "T 2 point 8"),
        ("at −5 °C", "at minus 5 °C"),
        ("5−3 and −£5", "5 minus 3 and minus £5"),
        (".25 or -.5 or −.5", "point 2 5 or minus point 5 or minus point 5"),
        ("20 €, 5£, 100 ¥ and 20 million €", "€20, £5, ¥100 and €20 million"),
        ("20–30 € or −5 €", "20 to €30 or minus €5"),
        ("1.500 € or 19,90 € or 100 EUR", "€1,500 or €19.90 or €100"),
        ("the € fell", "the euros fell"),
        ("$.50, € 5, 5 $10 bills", "$.50, € 5, 5 $10 bills"),
        ("1/48 or 1/2000", "one 48th or one 2000th"),
        ("1/125s, a shutter of 1/24", "one 125th of a second, a shutter of one 24th"),
        ("1/2, 3/4, 1/8, on 1/15, 24/7", "1/2, 3/4, 1/8, on 1/15, 24/7"),
        ("INT. KITCHEN - DAY", "interior KITCHEN - DAY"),
        ("INT./EXT. CAR", "interior exterior CAR"),
        ("12A EXT. ROAD", "12A exterior ROAD"),
        ("EST. MANOR", "establishing MANOR"),
        ("EST. 1985, at 9 PM EST.", "EST. 1985, at 9 PM EST."),
        ("call EXT. 42", "call EXT. 42"),
        ("ALVA (CONT'D)", "ALVA (continued)"),
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
def test_shorthand_is_spelled_out_and_times_stay_unchanged(text: str, said: str) -> None:
    assert spell_out(text) == said


@pytest.mark.parametrize("text", ["20 µm", "20 \N{GREEK SMALL LETTER MU}m"])
def test_both_characters_for_micro_are_read(text: str) -> None:
    assert readable(text) == ("20 µm", "")


@pytest.mark.parametrize("text", ["INT./EXT. CAR - NIGHT", "EST. MANOR - DAY", "I/E. CAR"])
def test_a_scene_heading_is_one_sentence(text: str) -> None:
    assert [phrase.text for phrase in phrases(text)] == [text]


@pytest.mark.slow
def test_the_custom_pronunciation_is_heard(tmp_path: Path, starter: Path) -> None:
    booth, listener = Booth(tmp_path, starter), Listener(starter / "asr-whisper-tiny.en")
    text = "The camera operator is called Xqzrt, and she is very good."
    plain = listener.words(booth.say(text).path)
    taught = listener.words(booth.say(text, pronunciations={"Xqzrt": "Jennifer"}).path)
    assert "jennifer" in taught
    assert "jennifer" not in plain
    assert booth.say(text, pronunciations={"Xqzrt": "Jennifer"}).files[0].provenance["request"]["pronunciations"]
