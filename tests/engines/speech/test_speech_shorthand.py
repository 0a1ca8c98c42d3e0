"""Voice-overs made by the real worker and voice, and transcribed by the real Whisper."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engines import protocol
from engines.catalog import shipped
from engines.media.intake import inspect
from engines.media.sound import measure_loudness
from engines.requests import Speak, parse
from errors import StudioError
from tests.engines.speech.speech_worker import Booth, Listener, plain, word_errors

RATE = 48_000
VOICES = [choice.value for choice in shipped.entry("hibari").choices["voice"]]
HARVARD = (
    "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. "
    "It's easy to tell the depth of a well. These days a chicken leg is a rare dish. "
    "Rice is often served in round bowls. The juice of lemons makes fine punch."
)


@pytest.fixture(scope="module")
def booth(tmp_path_factory: pytest.TempPathFactory) -> Booth:
    folder = tmp_path_factory.mktemp("a booth")
    return Booth(folder, folder / "no starter models")


@pytest.fixture(scope="module")
def listener(starter: Path) -> Listener:
    return Listener(starter / "asr-whisper-tiny.en")


def test_every_voice_is_described_and_tuned() -> None:
    entry = shipped.entry("hibari")
    assert VOICES[0] == Speak(text="Hello.").voice
    assert set(VOICES) == set(entry.options["voices"])
    assert all(choice.label and choice.help for choice in entry.choices["voice"])


@pytest.mark.slow
@pytest.mark.parametrize("voice", VOICES)
def test_every_voice_is_understood(booth: Booth, listener: Listener, voice: str) -> None:
    spoken = booth.say(HARVARD, voice=voice)
    heard = listener.words(spoken.path)
    assert word_errors(plain(HARVARD), heard) <= 0.15, heard
    assert measure_loudness(spoken.samples, RATE) == pytest.approx(-16, abs=0.5)


def test_voices_differ_in_pitch_as_they_should(booth: Booth) -> None:
    pitch = {voice: median_pitch(booth.say("Where are you going, my friend?", voice=voice).samples) for voice in VOICES}
    assert pitch["arthur"] < pitch["martin"] < 150 < pitch["ruth"] < pitch["clara"] < 240 < pitch["lily"], pitch


def median_pitch(samples: np.ndarray) -> float:
    """Return the median pitch of voiced frames in Hz, by autocorrelation."""
    found = []
    for start in range(0, len(samples) - 1200, 600):
        frame = samples[start : start + 1200] - samples[start : start + 1200].mean()
        same = np.correlate(frame, frame, "full")[1199:]
        lags = slice(RATE // 400, RATE // 70)
        if frame.std() > 0.02 and (best := np.argmax(same[lags])) and same[lags][best] > 0.5 * same[0]:
            found.append(RATE / (best + RATE // 400))
    return float(np.median(found))


@pytest.mark.slow
def test_numbers_titles_and_money_are_read_out(booth: Booth, listener: Listener) -> None:
    heard = " ".join(listener.words(booth.say("Dr. Brown paid 350 dollars on the 3rd of May.").path))
    assert "brown paid" in heard
    assert "350 dollars" in heard or "three hundred" in heard or "350" in heard
    assert "third of may" in heard or "3rd of may" in heard


def test_joins_do_not_click(booth: Booth) -> None:
    spoken = booth.say("Pop! Bang! Tick. Tock. Zip! Every one of these ends at once. Does it click?")
    samples = spoken.samples
    inside = float(np.percentile(np.abs(np.diff(samples)), 99.9))
    for start, end, _ in spoken.cues:
        for edge in (round(start * RATE), round(end * RATE)):
            around = samples[max(0, edge - 48) : edge + 48]  # 2 ms to each side
            assert np.abs(np.diff(around)).max(initial=0) < inside / 4
    for (_, end, _), (start, _, _) in itertools.pairwise(spoken.cues):
        assert np.abs(samples[round(end * RATE) + 48 : round(start * RATE) - 48]).max() < 1e-4


def test_subtitles_fit_the_sound(booth: Booth) -> None:
    spoken = booth.say("First a short one. Then a second sentence follows.\n\nAt last a new paragraph begins here.")
    assert [text.replace("\n", " ") for _, _, text in spoken.cues] == [
        "First a short one.",
        "Then a second sentence follows.",
        "At last a new paragraph begins here.",
    ]
    level = float(np.abs(spoken.samples).max())
    for start, end, _ in spoken.cues:
        heard = np.flatnonzero(np.abs(spoken.samples[round(start * RATE) : round(end * RATE)]) > level / 50)
        assert heard[0] / RATE < 0.1  # speech begins when its cue does, and ends with it
        assert (end - start) - heard[-1] / RATE < 0.2
    times = [time for start, end, _ in spoken.cues for time in (start, end)]
    assert times == sorted(times)
    assert times[-1] <= len(spoken.samples) / RATE
    kinds = [(file.kind, file.mime) for file in spoken.files]
    assert kinds == [("sound", "audio/wav"), ("subtitles", "application/x-subrip")]


def test_half_the_speed_takes_about_twice_as_long(booth: Booth) -> None:
    seconds = [
        booth.say("How long does it take to say this? Some seconds.", speed=s).files[0].seconds for s in (0.5, 1, 2)
    ]
    slow, natural, fast = (value or 0 for value in seconds)
    assert slow / natural == pytest.approx(2, rel=0.25)
    assert natural / fast == pytest.approx(2, rel=0.25)


@pytest.mark.parametrize("loudness", [-23.0, -16.0])
def test_loudness_is_as_requested(booth: Booth, loudness: float) -> None:
    spoken = booth.say("This is how loud it should be. Neither more, nor less.", loudness=loudness)
    assert measure_loudness(spoken.samples, RATE) == pytest.approx(loudness, abs=0.5)
    assert np.abs(spoken.samples).max() <= 10 ** (-1 / 20) + 1e-3


def test_the_same_seed_makes_the_same_sound(booth: Booth) -> None:
    text = "The same again. Please."
    first, again, other = (booth.say(text, seed=seed).files for seed in (7, 7, 8))
    assert [file.content_sha256 for file in first] == [file.content_sha256 for file in again]
    assert first[0].content_sha256 != other[0].content_sha256


def test_mp3_without_subtitles(booth: Booth) -> None:
    spoken = booth.say("An email wants a small file.", format="mp3", subtitles=False)
    assert len(spoken.files) == 1
    found = inspect(spoken.path, "voice.mp3")
    assert found.facts.kind == "sound"
    assert found.facts.seconds == pytest.approx(spoken.files[0].seconds, abs=0.1)
    assert len(soundfile.read(spoken.path)[0]) / RATE == pytest.approx(spoken.files[0].seconds or 0, abs=0.1)


def test_progress_and_text_grow_sentence_by_sentence(booth: Booth) -> None:
    booth.say("One. Two. Three.")
    steps = [(event.step, event.total, event.noun) for event in booth.of(protocol.Progress)]
    assert steps == [(step, 3, "sentence") for step in range(4)]
    assert "".join(event.delta for event in booth.of(protocol.Text)) == "One. Two. Three. "


def test_removed_characters_are_in_the_provenance(booth: Booth) -> None:
    files = booth.say("Привет! But this is English 😀.").files
    assert files[0].provenance["left_out"] == "Привет😀"
    assert files[0].provenance["packages"]["hibari-tts"]
    assert "left_out" not in booth.say("All English.").files[0].provenance


@pytest.mark.parametrize("text", ["...", "😀😀", "你好，世界", "— * —", "\u200b\u200bя"])
def test_a_text_without_words_is_an_error(booth: Booth, text: str) -> None:
    ended = booth.run(text)
    assert isinstance(ended, protocol.Failed)
    assert ended.problem.code == "nothing_to_say"


@pytest.mark.parametrize(
    "text",
    [
        "1" * 400,
        "9,999,999,999,999,999,999.5",
        "a" * 1000,
        "$" * 50 + "1",
        "[a](/b/) <b>x</b> {c}",
        "x\x00y",
        "Ⅷ½²",
        "é" * 300,
    ],
)
def test_unusual_texts_are_spoken(booth: Booth, text: str) -> None:
    assert (booth.say(text).files[0].seconds or 0) > 0.3


def cancel_after(booth: Booth, sentences: int) -> Callable[[protocol.Event], None]:
    def listen(event: protocol.Event) -> None:
        if isinstance(event, protocol.Progress) and event.step >= sentences:
            booth.worker.cancel(event.job)

    return listen


def test_it_stops_between_sentences(booth: Booth) -> None:
    booth.on_event = cancel_after(booth, 2)
    try:
        ended = booth.run("One sentence more. " * 2000)
    finally:
        booth.on_event = lambda event: None
    assert isinstance(ended, protocol.Cancelled)
    assert len(booth.of(protocol.Progress)) == 3
    assert not any(path.is_file() for path in (booth.folder / f"out {booth.jobs}").rglob("*"))


def test_an_oversized_text_is_refused_by_the_request() -> None:
    with pytest.raises(StudioError) as told:
        parse({"task": "speak", "text": "word " * 40_000})
    assert told.value.status == 422


def test_an_unknown_voice_is_refused(booth: Booth) -> None:
    with pytest.raises(StudioError) as told:
        booth.catalog.prepare(Speak(text="Hello.", voice="nobody"), {})
    assert "clara" in told.value.problem.sentence


@pytest.mark.slow
def test_a_long_text_keeps_its_samples_in_memory_once(booth: Booth) -> None:
    """Memory grows by the size of the samples and little else."""
    booth.say("Warm up.")
    text = "The quick brown fox jumps over the lazy dog near the river bank. " * 120
    before, most = resident(), [0]
    booth.on_event = lambda event: most.append(resident()) if isinstance(event, protocol.Progress) else None
    try:
        seconds = booth.say(text).files[0].seconds or 0
    finally:
        booth.on_event = lambda event: None
    assert max(most) - before < 1.5 * seconds * RATE * 4 + 60e6


def resident() -> int:
    """Return the bytes of memory that this process uses."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
