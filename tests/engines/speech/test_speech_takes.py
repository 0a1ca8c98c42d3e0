"""New takes of one sentence: the others stay, nothing clicks, the level matches, and equal requests sound the same."""

from typing import Any

import numpy as np
import pytest

from engines import protocol
from engines.catalog import shipped
from engines.media.sound import measure_loudness
from engines.memory import Cpu
from engines.requests import Speak, Take
from engines.speech.backends import hibari
from engines.speech.backends.hibari import Hibari, HibariNetwork, Speaker
from engines.speech.narration import Narrator, SpokenSentence
from engines.speech.script import script
from errors import StudioError
from tests.engines.speech.speech_worker import Booth

RATE = 24_000
TEXT = "The harbour was quiet that morning. Only the gulls knew. Then the first boat came home, late and slow."
VOICES = Hibari(shipped.entry("hibari"))


@pytest.fixture(scope="module")
def speaker() -> Speaker:
    return HibariNetwork().load(Cpu())


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The phrases that the network actually speaks."""
    said: list[str] = []
    real = hibari._synthesize

    def listen(model: Any, words: str, reading: Any) -> Any:
        said.append(words)
        return real(model, words, reading)

    monkeypatch.setattr(hibari, "_synthesize", listen)
    return said


def raw(speaker: Speaker, *takes: Take, text: str = TEXT, **fields: Any) -> tuple[np.ndarray, list[SpokenSentence]]:
    """Return the speech before its loudness is set."""
    request = Speak(text=text, seed=3, takes=takes, **fields)
    return Narrator(request, script(text), VOICES, (speaker,)).speak(lambda number: None, lambda words: None)


def part(made: tuple[np.ndarray, list[SpokenSentence]], number: int) -> np.ndarray:
    samples, heard = made
    spans = [span for _, span in heard[number].phrases]
    return samples[round(spans[0].start * RATE) : round(spans[-1].end * RATE)]


def test_the_other_sentences_are_the_same_samples(speaker: Speaker) -> None:
    before, after = raw(speaker), raw(speaker, Take(sentence=1, seed=11))
    assert np.array_equal(part(before, 0), part(after, 0))
    assert np.array_equal(part(before, 2), part(after, 2))
    assert not np.array_equal(part(before, 1), part(after, 1)[: len(part(before, 1))])


def test_only_the_changed_sentence_is_spoken_again(spoken: list[str]) -> None:
    speaker = HibariNetwork().load(Cpu())
    raw(speaker)
    assert len(spoken) == 3
    spoken.clear()
    raw(speaker, Take(sentence=1, seed=11))
    assert spoken == ["Only the gulls knew."]


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch, spoken: list[str]) -> None:
    monkeypatch.setattr(hibari, "_CACHE_BYTES", 400_000)
    speaker = HibariNetwork().load(Cpu())
    raw(speaker)
    assert speaker._bytes <= 400_000
    assert len(speaker._kept) < 3


@pytest.mark.parametrize("voice", [None, "martin", "lily"])
def test_joins_do_not_click_and_the_level_matches(speaker: Speaker, voice: str | None) -> None:
    before, after = raw(speaker), raw(speaker, Take(sentence=1, seed=5, voice=voice))
    samples, heard = after
    inside = float(np.percentile(np.abs(np.diff(samples)), 99.9))
    for line in heard:
        for _, (start, end) in line.phrases:
            for edge in (round(start * RATE), round(end * RATE)):
                assert np.abs(np.diff(samples[max(0, edge - 48) : edge + 48])).max(initial=0) < inside / 4
    levels = [measure_loudness(part(made, 1), RATE) for made in (before, after)]
    assert levels[1] == pytest.approx(levels[0], abs=0.6)


def test_takes_differ_and_the_same_take_is_the_same(speaker: Speaker) -> None:
    one, same, other = (part(raw(speaker, Take(sentence=0, seed=seed)), 0) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert len(one) != len(other)


def test_slower_lasts_longer_and_other_words_are_read(speaker: Speaker) -> None:
    plain, slow = (part(raw(speaker, *takes), 1) for takes in ((), (Take(sentence=1, speed=0.7),)))
    assert len(slow) > 1.25 * len(plain)
    _, heard = raw(speaker, Take(sentence=1, say="Nobody but the gulls could possibly have known about it."))
    assert heard[1].text == "Only the gulls knew."
    assert heard[1].plan["say"].startswith("Nobody")
    assert heard[1].phrases[-1][1].end - heard[1].phrases[0][1].start > 1.5 * len(plain) / RATE


def test_the_last_used_take_counts(speaker: Speaker) -> None:
    kept = (Take(sentence=1, seed=11, used=False), Take(sentence=1, seed=12))
    back = (Take(sentence=1, seed=11), Take(sentence=1, seed=12, used=False))
    none = (Take(sentence=1, seed=11, used=False), Take(sentence=1, seed=12, used=False))
    assert np.array_equal(raw(speaker, *kept)[0], raw(speaker, Take(sentence=1, seed=12))[0])
    assert np.array_equal(raw(speaker, *back)[0], raw(speaker, Take(sentence=1, seed=11))[0])
    assert np.array_equal(raw(speaker, *none)[0], raw(speaker)[0])


def test_editing_a_sentence_keeps_its_neighbors(speaker: Speaker) -> None:
    edited = TEXT.replace("Only the gulls knew.", "A dog barked. Nobody came.")
    before, after = raw(speaker), raw(speaker, text=edited)
    assert np.array_equal(part(before, 2), part(after, 3))


@pytest.mark.parametrize("take", [Take(sentence=9), Take(sentence=0, voice="nobody"), Take(sentence=0, say="…")])
def test_an_invalid_take_is_an_error(speaker: Speaker, take: Take) -> None:
    with pytest.raises(StudioError) as told:
        raw(speaker, take)
    assert told.value.status == 422


def test_two_takes_of_a_sentence_cannot_both_be_used() -> None:
    with pytest.raises(ValueError, match="same sentence"):
        Speak(text=TEXT, takes=(Take(sentence=1, seed=1), Take(sentence=1, seed=2)))


def test_one_request_makes_the_same_file_in_a_fresh_studio(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Including its subtitles, which follow the take."""
    made = []
    for name in ("here", "there"):
        folder = tmp_path_factory.mktemp(name)
        booth = Booth(folder, folder / "none")
        if name == "here":
            booth.say(TEXT)
        made.append(booth.say(TEXT, takes=[{"sentence": 1, "seed": 7, "speed": 0.6}]))
    here, there = made
    assert [file.content_sha256 for file in here.files] == [file.content_sha256 for file in there.files]
    lines = here.files[0].provenance["speech"]["sentences"]
    assert [cue[0] for cue in here.cues] == pytest.approx([line["start"] for line in lines], abs=0.002)


def test_a_take_of_a_missing_sentence_is_an_error(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("missing")
    ended = Booth(folder, folder / "none").run("One. Two.", takes=[{"sentence": 2, "seed": 7}])
    assert isinstance(ended, protocol.Failed)
    assert (
        ended.problem.sentence == "The text has no sentence 2. It has 2, numbered from 0. Choose a number from 0 to 1."
    )
