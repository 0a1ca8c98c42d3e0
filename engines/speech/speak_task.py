"""The task ``speak``: turn a text into a voice-over and its subtitles."""

from importlib.metadata import version

from engines.host.context import Context
from engines.media.resample import EDIT_RATE, resample
from engines.media.sound import normalize_loudness, save_sound
from engines.media.subtitles import save_subtitles
from engines.requests import Request, Speak
from engines.speech import voice_backend
from engines.speech.cues import cues
from engines.speech.narration import Narrator, SpokenSentence
from engines.speech.script import LEFT_OUT, Script, script
from engines.speech.track import Samples
from engines.speech.voice_backend import VoiceBackend
from errors import StudioError


def speak(request: Request, context: Context) -> None:
    """Make the sound, and an SRT file if requested.

    Raises StudioError ``nothing_to_say`` (422) if nothing in the text can be read aloud.
    """
    assert isinstance(request, Speak)
    lines = script(request.text, request.speakers or {})
    if not lines.sentences:
        raise _nothing_to_say(lines.left_out)
    backend = voice_backend.of(context.entry)
    samples, sentences = _speak(request, lines, backend, context)
    if not sentences:
        raise _nothing_to_say(lines.left_out)
    rate = EDIT_RATE if request.version > 1 else backend.rate
    samples = normalize_loudness(resample(samples, backend.rate, rate), rate, request.loudness)
    context.check()
    record = context.provenance(packages={name: version(name) for name in backend.packages})
    if lines.left_out:
        record["left_out"] = lines.left_out[:LEFT_OUT]
    path = context.new_file(f".{request.format}")
    plan = {
        "sentences": [sentence.plan for sentence in sentences],
        "notes": list(lines.notes),
        "model_rate": backend.rate,
    }
    context.later(lambda: save_sound(samples, rate, path, record | {"speech": plan}))
    if request.subtitles:
        spans = [span for sentence in sentences for span in sentence.phrases]
        context.add(save_subtitles(list(cues(spans)), context.new_file(".srt"), record))


def _speak(
    request: Speak, lines: Script, backend: VoiceBackend, context: Context
) -> tuple[Samples, list[SpokenSentence]]:
    """Return the joined samples, and the spoken sentences with their times."""
    count = len(lines.sentences)
    with context.lease(*backend.components(context.catalog)) as models:
        narrator = Narrator(request, lines, backend, models)
        reported = -1

        def before(number: int) -> None:
            nonlocal reported
            if number != reported:
                context.progress(number, count, "sentence")
                reported = number
            context.check()

        narration = narrator.speak(before, lambda text: context.text(f"{text} "))
        context.progress(count, count, "sentence")
    return narration


def _nothing_to_say(left_out: str) -> StudioError:
    why = f"The voices only read English and cannot read “{left_out[:40]}”." if left_out else ""
    return StudioError("nothing_to_say", "The text has no words to read.", why, "Enter some English words.", status=422)
