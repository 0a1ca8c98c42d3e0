"""Comparing a transcript with the text: the real Whisper on real speech, and the comparison alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engines import protocol
from engines.memory import Cpu
from engines.speech.backends.hibari import HibariNetwork, Speaker
from engines.speech.check_task import in_words
from engines.speech.comparison import Findings, compare
from engines.speech.transcription import RATE, pieces
from tests.engines.speech.speech_worker import Booth

TEXT = (
    "The harbour was quiet that morning.",
    "The crew paid 350 dollars for 41 rolls of C41 film.",
    "It was the color of the old blue boat, and everybody knew it.",
)


@pytest.fixture(scope="module")
def speaker() -> Speaker:
    return HibariNetwork().load(Cpu())


@pytest.fixture(scope="module")
def booth(tmp_path_factory: pytest.TempPathFactory, starter: Path) -> Booth:
    return Booth(tmp_path_factory.mktemp("check"), starter)


def found(speaker: Speaker, said: str, heard: str, **pairs: str) -> list[tuple[str, str, str]]:
    """Return the state, text and heard words of each flag."""
    flags = compare([said], heard.split(), pairs, speaker.sounds).flags
    return [(flag.state, flag.text, flag.heard) for flag in flags]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("The color of the harbour.", "the color of the harbor"),
        ("Forty-one boats.", "41 boats"),
        ("It is C41 film.", "It is see 41 film."),
        ("He paid $42.50 at 10:30.", "he paid 42 dollars and 50 cents at 10.30"),
        ("On 3 May 2026 they left.", "On the 3rd of May 2026, they left."),
        ("24 fps at f/2.8", "24 frames per second at F2.8"),
        ("Their boat is over there.", "There boat is over they're."),
        ("Dr. Brown lives on the sea-side.", "Doctor Brown lives on the seaside."),
        ("It cost 50%.", "It cost fifty percent."),
        ("“Well,” — she said — “no…”", "Well she said no"),
    ],
)
def test_words_that_sound_the_same_match(speaker: Speaker, said: str, heard: str) -> None:
    assert found(speaker, said, heard) == []


def test_a_wrong_a_missing_and_an_extra_word(speaker: Speaker) -> None:
    said = "The old captain sold his boat in the spring."
    assert found(speaker, said, "The old captain bought his boat in the spring.") == [("wrong", "sold", "bought")]
    assert found(speaker, said, "The old captain sold boat in the spring.") == [("missing", "his", "")]
    assert found(speaker, said, "The old captain sold his little boat in the spring.") == [("extra", "", "little")]
    assert found(speaker, said, "The old captain sold his boat in the spring again.") == [("extra", "", "again.")]
    assert found(speaker, "", "hello") == [("extra", "", "hello")]
    assert [flag[0] for flag in found(speaker, said, "")] == ["missing"]


def test_pronunciations_define_what_should_be_heard(speaker: Speaker) -> None:
    assert found(speaker, "Nguyen shot it.", "Win shot it.", Nguyen="win") == []
    assert found(speaker, "In Aix en Provence we met.", "In X we met.", **{"Aix en Provence": "X"}) == []
    assert found(speaker, "Nguyen shot it.", "Engine shot it.", Nguyen="win") == [("wrong", "Nguyen", "Engine")]


def test_flags_point_to_their_words(speaker: Speaker) -> None:
    said = ["One boat left.", "Two boats stayed here."]
    heard = ["one", "boat", "left", "two", "goats", "stayed", "here"]
    record = compare(said, heard, {}, speaker.sounds).record(said)
    assert record["words"] == 7
    assert record["wrong"] == 1
    assert record["sentences"] == [
        {
            "at": 1,
            "text": "Two boats stayed here.",
            "flags": [{"start": 1, "end": 2, "state": "wrong", "text": "boats", "heard": "goats"}],
        }
    ]


def test_the_summary_is_a_sentence() -> None:
    assert in_words({"words": 84, "wrong": 2}) == "2 of 84 words may be wrong."
    assert in_words(Findings(84, ()).record([])) == "All 84 words match the text."


@pytest.mark.parametrize("repeated", [True, False])
def test_long_texts_are_compared_in_parts(speaker: Speaker, repeated: bool) -> None:
    words = ["boat", "gull", "light", "storm", "bridge"]
    text = ["wait"] * 9000 if repeated else [words[n * n % 7 % 5] for n in range(9000)]
    heard = [*text[:4000], *text[4010:]]
    flags = compare([" ".join(text)], heard, {}, speaker.sounds).flags
    assert sum(flag.words for flag in flags) == 10


def test_a_sound_is_split_in_silence(tmp_path: Path) -> None:
    rate, chance = 24_000, np.random.default_rng(1)
    loud = np.concatenate([np.concatenate([chance.normal(0, 0.1, 4 * rate), np.zeros(rate)]) for _ in range(14)])
    soundfile.write(tmp_path / "long.wav", loud, rate)
    parts = list(pieces(tmp_path / "long.wav"))
    assert sum(len(samples) for _, samples in parts) / RATE == pytest.approx(70, abs=0.05)
    assert parts[-1][0] == pytest.approx(70, abs=0.05)
    assert len(parts) >= 3
    for _, samples in parts[:-1]:
        assert 18 <= len(samples) / RATE <= 28
        assert np.abs(samples[-RATE // 10 :]).max() < 1e-3


# -- with Whisper


@pytest.mark.slow
def test_a_correct_reading_passes_and_a_wrong_one_is_flagged(booth: Booth) -> None:
    spoken = booth.say(" ".join(TEXT))
    right = booth.check(spoken.path, *TEXT)
    assert right["wrong"] <= 1, right  # the model is tiny
    other = list(TEXT)
    other[0] = "The harbour was noisy that morning."
    other[2] = "It was the color of the old blue and yellow boat, and everybody knew it."
    wrong = booth.check(spoken.path, *other)
    flags = {(one["at"], flag["state"], flag["text"]) for one in wrong["sentences"] for flag in one["flags"]}
    assert (0, "wrong", "noisy") in flags
    assert (2, "missing", "and yellow") in flags
    (report,) = [event.files[0] for event in booth.of(protocol.Result)]
    text = (booth.folder / f"out {booth.jobs}" / report.file).read_text()
    assert "“noisy” was heard as “quiet”." in text
    assert report.kind == "document"
    assert report.provenance["parents"]


@pytest.mark.slow
def test_silence_has_no_words(booth: Booth, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(24_000 * 3), 24_000)
    assert booth.check(tmp_path / "silence.wav", "Hello there.")["wrong"] == 2


def test_a_file_without_sound_is_refused(booth: Booth, tmp_path: Path) -> None:
    from engines.requests import CheckSpeech
    from engines.requests.base import AssetFacts
    from tests.engines.speech.speech_worker import SOUND

    (tmp_path / "letter.wav").write_text("Dear all")
    facts = AssetFacts(kind="sound", mime="audio/wav", bytes=8, seconds=1)
    given: Any = protocol.Input(path=str(tmp_path / "letter.wav"), facts=facts)
    ended = booth.do(CheckSpeech(sound=SOUND, sentences=("Hello.",)), {SOUND: given})
    assert isinstance(ended, protocol.Failed)
    assert ended.problem.code == "bad_media"
