"""Speakers in a text: a name at the start of a line changes the voice, and is not spoken."""

import unicodedata
from pathlib import Path

import pytest
import soundfile

from engines import protocol
from engines.requests import Speak, from_storage
from engines.speech.script import script
from engines.speech.speakers import unknown_speakers, used_speakers
from tests.engines.speech.speech_worker import Booth

VOICES = {"Clara": "clara", "Old Arthur": "arthur"}


def spoken(text: str) -> list[tuple[str | None, str]]:
    return [(sentence.voice, sentence.text) for sentence in script(text, VOICES).sentences]


def test_a_name_chooses_the_voice_until_the_next_name() -> None:
    text = "Harbor, dawn.\nCLARA: Good morning. Did you sleep?\n\nShe waits.\nold arthur:Not a wink."
    assert spoken(text) == [
        (None, "Harbor, dawn."),
        ("clara", "Good morning."),
        ("clara", "Did you sleep?"),
        ("clara", "She waits."),
        ("arthur", "Not a wink."),
    ]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Clara", "**CLARA:**"),
        ("Clara", "**Clara**:"),
        ("Clara", "CLARA (V.O.):"),
        ("Clara", "**CLARA** (CONT’D) :"),
        ("Clara", "\ufeffCLARA:"),
        ("Clara", "<p>CLARA:"),
        ("José", unicodedata.normalize("NFD", "JOSÉ:")),
        ("O’Brien", "O'BRIEN:"),
        ("Маша", "МАША:"),
        ("Weiß", "WEIß:"),
    ],
)
def test_a_name_may_be_written_in_several_ways(name: str, written: str) -> None:
    text, voices = f"Dawn.\r{written} Hello.", {name: "clara"}
    assert used_speakers(text, voices) == voices
    assert unknown_speakers(text, voices) == []
    found = script(text, voices)
    assert [(sentence.voice, sentence.text) for sentence in found.sentences] == [(None, "Dawn."), ("clara", "Hello.")]
    assert found.left_out == ""


@pytest.mark.parametrize("text", ["BOB: Hello.", "He said Clara: hello.", "Claras: hello.", "Arthur: hello."])
def test_anything_else_is_text(text: str) -> None:
    assert spoken(text) == [(None, text)]


def test_pauses_around_a_name_are_kept() -> None:
    found = script("[pause 1]\nCLARA: [pause 2] One.\n[pause 3]\nOLD ARTHUR: [pause 4] Two. [pause 5]", VOICES)
    assert found.before == 3
    assert [sentence.phrases[-1].rest for sentence in found.sentences] == [7, 5]


def test_a_line_that_goes_on_does_not_swallow_a_name() -> None:
    long = "This line is long enough to be continued on the next line, says the rule"
    assert spoken(f"{long}\nclara: hello")[0] == (None, long)


def test_the_names_in_use_and_the_unknown_ones() -> None:
    text = "CLARA: Hi.\nBOB: Who?\nNote: nothing.\nBOB: Me.\nMARY ANN: Oh."
    assert used_speakers(text, VOICES) == {"Clara": "clara"}
    assert unknown_speakers(text, VOICES) == ["BOB", "MARY ANN"]


def test_each_speaker_has_its_voice_and_a_take_may_change_it(starter: Path, tmp_path: Path) -> None:
    booth, text = Booth(tmp_path, starter), "CLARA: Good morning.\nARTHUR: Good night."
    fields = {"speakers": {"Clara": "clara", "Arthur": "arthur"}, "voice": "lily"}
    both = booth.say(text, **fields)
    lines = both.files[0].provenance["speech"]["sentences"]
    assert [(line["voice"], line["text"]) for line in lines] == [("clara", "Good morning."), ("arthur", "Good night.")]
    other = booth.say(text, **fields, takes=[{"sentence": 1, "voice": "ruth"}])
    assert [line["voice"] for line in other.files[0].provenance["speech"]["sentences"]] == ["clara", "ruth"]
    ended = booth.run(text, speakers={"Clara": "nobody"})
    assert isinstance(ended, protocol.Failed)
    assert "“nobody” is not a voice" in ended.problem.what


def test_a_result_is_48_khz_and_an_old_request_makes_its_old_sound(starter: Path, tmp_path: Path) -> None:
    booth = Booth(tmp_path, starter)
    new, old = booth.say("Clara: good morning."), booth.say("Clara: good morning.", version=1)
    rates = [soundfile.info(made.path).samplerate for made in (new, old)]
    assert rates == [48_000, 24_000]
    assert new.files[0].seconds == old.files[0].seconds
    assert new.files[0].provenance["speech"]["model_rate"] == 24_000
    samples, _ = soundfile.read(new.path)
    assert abs(samples).max() < 10 ** (-0.9 / 20)
    stored = {"task": "speak", "text": "Clara: good morning.", "seed": 1}
    assert from_storage(stored).version == 1
    assert Speak(text="Hello").version == 2
