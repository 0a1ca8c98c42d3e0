"""The task ``speak``: a text becomes a voice-over and its subtitles."""

from importlib.metadata import version

import numpy as np

from engines.context import Context
from engines.media.sound import Samples, loudness_normalise, save_sound
from engines.media.subtitles import save_subtitles
from engines.requests import Request, Speak
from engines.speech.alphabet import readable
from engines.speech.cues import cues
from engines.speech.hibari import RATE, Hibari, Voice, say
from engines.speech.phrases import Phrase, phrases
from engines.speech.track import Span, Track
from errors import StudioError

LEFT_OUT = 200
"""How many of the characters that were left out are told."""


def speak(request: Request, context: Context) -> None:
    """Make the sound, and the SRT file when it is wanted.

    Raises StudioError ``nothing_to_say`` (422) where no letter of the text can be read aloud.
    """
    assert isinstance(request, Speak)
    text, left_out = readable(request.text)
    said = list(phrases(text))
    if not said:
        raise _nothing_to_say(left_out)
    samples, heard = _spoken(request, said, context)
    if not heard:
        raise _nothing_to_say(left_out)
    samples = loudness_normalise(samples, RATE, request.loudness)
    context.check()
    record = context.provenance(
        packages={"hibari-tts": version("hibari-tts")}, **({"left_out": left_out[:LEFT_OUT]} if left_out else {})
    )
    path = context.new_file(f".{request.format}")
    context.later(lambda: save_sound(samples, RATE, path, record))
    if request.subtitles:
        context.add(save_subtitles(list(cues(heard)), context.new_file(".srt"), record))


def _spoken(request: Speak, said: list[Phrase], context: Context) -> tuple[Samples, list[tuple[str, Span]]]:
    """The joined samples, and which words are heard when."""
    voice = Voice.model_validate(context.entry.options["voices"][request.voice])
    track = Track(RATE, request.speed)
    heard: list[tuple[str, Span]] = []
    with context.lease(Hibari()) as (model,):
        for number, phrase in enumerate(said):
            context.progress(number, len(said), "sentence")
            chance = np.random.default_rng([request.seed or 0, number])
            span = track.add(say(model, phrase.text, voice, request.speed, chance), phrase.then)
            if span:
                heard.append((phrase.text, span))
                context.text(f"{phrase.text} ")
        context.progress(len(said), len(said), "sentence")
    return track.finish(), heard


def _nothing_to_say(left_out: str) -> StudioError:
    why = f"The voices read English and cannot read “{left_out[:40]}”." if left_out else "It holds no words."
    return StudioError("nothing_to_say", "There is nothing to say in this text.", why, "Write some words.", status=422)
