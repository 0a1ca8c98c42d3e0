"""Pauses written into a text, and the actual length of the silence."""

import numpy as np
import pytest

from engines.speech.pauses import LONGEST
from engines.speech.phrases import Pause
from engines.speech.script import script
from tests.engines.speech.speech_worker import Booth

RATE = 48_000


@pytest.fixture(scope="module")
def booth(tmp_path_factory: pytest.TempPathFactory) -> Booth:
    folder = tmp_path_factory.mktemp("pauses")
    return Booth(folder, folder / "no starter models")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("[pause]", 1),
        ("[pause 2.5]", 2.5),
        ("[PAUSE 0,5]", 0.5),
        ("[pause: 2 s]", 2),
        ("[pause 3 seconds]", 3),
        ("[pause 250ms]", 0.25),
        ("[pause] [pause 0.5]", 1.5),
        ("[pause 0]", 0),
    ],
)
@pytest.mark.parametrize("text", ["One. {} Two.", "One {}. Two.", "One.{}Two.", "One.\n\n{}\n\nTwo."])
def test_pauses_are_parsed(text: str, written: str, seconds: float) -> None:
    lines = script(text.format(written))
    phrases = [phrase for sentence in lines.sentences for phrase in sentence.phrases]
    assert [phrase.text.rstrip(".").strip() for phrase in phrases] == ["One", "Two"]
    assert phrases[0].rest == seconds
    assert phrases[1].rest is None


def test_a_pause_inside_a_sentence_does_not_split_it() -> None:
    (sentence,) = script("To be [pause 0.7] or not to be.").sentences
    assert sentence.text == "To be or not to be."
    assert [(phrase.then, phrase.rest) for phrase in sentence.phrases] == [
        (Pause.CLAUSE, 0.7),
        (Pause.PARAGRAPH, None),
    ]


def test_pauses_before_and_after_all_words() -> None:
    lines = script("[pause 2] Now. [pause 3]")
    assert lines.before == 2
    assert lines.sentences[0].phrases[0].rest == 3


def test_a_too_long_pause_is_cut_with_a_note() -> None:
    lines = script("One. [pause 3600] Two.")
    assert lines.sentences[0].phrases[0].rest == LONGEST
    assert lines.notes == ("A pause of 3600 seconds was cut to 10, the maximum. Add longer pauses in the edit.",)
    assert script("One. [pause 10] Two.").notes == ()


@pytest.mark.parametrize("text", ["[pause", "pause]", "[pause much]", "[pausing 3]", "[pause -1]"])
def test_text_that_is_no_pause_is_read(text: str) -> None:
    (sentence,) = script(f"{text} here.").sentences
    assert "paus" in sentence.text
    assert all(phrase.rest is None for phrase in sentence.phrases)


def quiet(samples: np.ndarray) -> list[float]:
    """Return the length of each stretch of digital silence in seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.abs(samples) < 1e-6, [0]]).astype(int)))
    return [float((end - start) / RATE) for start, end in edges.reshape(-1, 2) if end - start > RATE / 20]


def test_silence_has_the_requested_length(booth: Booth) -> None:
    spoken = booth.say(
        "One. [pause 1.5] Two. Three.\n\nFour [pause 0.75] and five.", sentence_pause=0.3, paragraph_pause=1.1
    )
    *between, last = quiet(spoken.samples)[1:]
    assert between == pytest.approx([1.5, 0.3, 1.1, 0.75], abs=0.004)
    assert last == pytest.approx(0.25, abs=0.004)


def test_faster_speech_shortens_only_natural_pauses(booth: Booth) -> None:
    between = quiet(booth.say("One. [pause 1] Two. Three.", sentence_pause=0.6, speed=2).samples)[1:-1]
    assert between == pytest.approx([1, 0.3], abs=0.004)


def test_cut_pauses_are_in_the_provenance(booth: Booth) -> None:
    record = booth.say("One. [pause 11] Two.").files[0].provenance["speech"]
    assert record["notes"] == ["A pause of 11 seconds was cut to 10, the maximum. Add longer pauses in the edit."]
    first, second = record["sentences"]
    assert second["start"] - first["end"] == pytest.approx(10, abs=0.01)
