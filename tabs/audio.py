"""Audio: make it heard."""

from engines.requests.speech import Speak
from studio import Studio
from tabs.bench import Making, bench
from tabs.home import Card
from tabs.parts import part

_WORDS = """<button type="button" class="words-open" data-do="words" aria-haspopup="dialog">
<span>Pronunciations</span></button>
<dialog class="words-dialog" aria-labelledby="words-title">
<header><h2 id="words-title">Pronunciations</h2>
<button type="button" class="quiet" data-do="close" aria-label="Close">✕</button></header>
<p>How your words are said, in everything spoken from now on. Written small, a word is found in any case;
with a capital letter only as it stands. Spell it the way it sounds: “C41” as “see forty-one”.</p>
<form><label>Word<input name="word" maxlength="60" autocomplete="off" required></label>
<label>Say<input name="say" maxlength="200" autocomplete="off" required></label>
<button type="submit">Add</button></form>
<p class="wrong" role="alert"></p><ul></ul></dialog>"""


def _words() -> None:
    """The list of pronunciations, under the text it is for."""
    part("words", _WORDS)


SPEECH = Making(Speak, "Speech", "Speak it", {"text": _words})


def card(studio: Studio) -> Card:
    """The tab on Home."""
    return Card("audio", "A voice-over", "A text read aloud, with subtitles, ready for the edit.", "sound")


def build(studio: Studio) -> None:
    """The tab."""
    bench(studio, "audio", [SPEECH])
