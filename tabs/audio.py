"""Audio: voice-overs."""

from engines.requests.speech import Speak
from studio import Studio
from tabs.home import Card
from tabs.part import part
from tabs.speech_form import SpeechForm, speakers_line
from tabs.workspace import WorkspaceTab, workspace

_WORDS = """<button type="button" class="words-open" data-do="words" aria-haspopup="dialog">
<span>Pronunciations</span></button>
<dialog class="words-dialog" aria-labelledby="words-title">
<header><h2 id="words-title">Pronunciations</h2>
<button type="button" class="quiet" data-do="close" aria-label="Close">×</button></header>
<p>How words are pronounced in every voice-over from now on. A word in lower case matches any capitalization;
a word with capitals matches only as written. Spell it the way it sounds: “C41” as “see forty-one”.</p>
<form><label>Word<input name="word" maxlength="60" autocomplete="off" required></label>
<label>Pronounce as<input name="say" maxlength="200" autocomplete="off" required></label>
<button type="submit">Add</button></form>
<p class="wrong" role="alert"></p><ul></ul></dialog>"""


def _under_text() -> None:
    """Put the list of pronunciations and the speakers under the text."""
    part("words", _WORDS)
    speakers_line()


SPEECH = WorkspaceTab(Speak, "Speech", "Generate voice-over", {"text": _under_text}, SpeechForm)


def card(studio: Studio) -> Card:
    """Return the tab's card on Home."""
    return Card("audio", "A voice-over", "A text read aloud, with subtitles, ready for the edit.", "sound")


def build(studio: Studio) -> None:
    """Build the tab."""
    workspace(studio, "audio", [SPEECH])
