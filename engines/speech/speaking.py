"""The task ``speak``: a text becomes a voice-over and its subtitles."""

from importlib.metadata import version

from engines.context import Context
from engines.media.sound import loudness_normalise, save_sound
from engines.media.subtitles import save_subtitles
from engines.requests import Request, Speak
from engines.speech.cues import cues
from engines.speech.hibari import RATE, Hibari
from engines.speech.narration import Heard, Narrator
from engines.speech.script import LEFT_OUT, Script, script
from engines.speech.track import Samples
from errors import StudioError


def speak(request: Request, context: Context) -> None:
    """Make the sound, and the SRT file when it is wanted.

    Raises StudioError ``nothing_to_say`` (422) where no letter of the text can be read aloud.
    """
    assert isinstance(request, Speak)
    lines = script(request.text)
    if not lines.sentences:
        raise _nothing_to_say(lines.left_out)
    samples, heard = _spoken(request, lines, context)
    if not heard:
        raise _nothing_to_say(lines.left_out)
    samples = loudness_normalise(samples, RATE, request.loudness)
    context.check()
    record = context.provenance(packages={"hibari-tts": version("hibari-tts")})
    if lines.left_out:
        record["left_out"] = lines.left_out[:LEFT_OUT]
    path = context.new_file(f".{request.format}")
    plan = {"sentences": [sentence.plan for sentence in heard], "notes": list(lines.notes)}
    context.later(lambda: save_sound(samples, RATE, path, record | {"speech": plan}))
    if request.subtitles:
        spans = [span for sentence in heard for span in sentence.phrases]
        context.add(save_subtitles(list(cues(spans)), context.new_file(".srt"), record))


def _spoken(request: Speak, lines: Script, context: Context) -> tuple[Samples, list[Heard]]:
    """The joined samples, and which words are heard when."""
    count = len(lines.sentences)
    with context.lease(Hibari()) as (speaker,):
        narrator = Narrator(request, lines, context.entry.options["voices"], speaker)
        told = -1

        def before(number: int) -> None:
            nonlocal told
            if number != told:
                context.progress(number, count, "sentence")
                told = number
            context.check()

        spoken = narrator.speak(before, lambda text: context.text(f"{text} "))
        context.progress(count, count, "sentence")
    return spoken


def _nothing_to_say(left_out: str) -> StudioError:
    why = f"The voices read English and cannot read “{left_out[:40]}”." if left_out else "It holds no words."
    return StudioError("nothing_to_say", "There is nothing to say in this text.", why, "Write some words.", status=422)
