"""The form of a voice-over: it says who speaks in the text."""

from collections.abc import Mapping
from typing import Any

from auth.accounts.principal import Principal
from engines.speech.speakers import unknown_speakers, used_speakers
from jobs.admission.speakers import known_speakers
from tabs.form import Form
from tabs.part import part

SPEAKERS = '<p class="speakers" aria-live="polite"></p>'


def speakers_line() -> None:
    """Put the line below the text that says which speakers it has."""
    part("speakers", SPEAKERS)


class SpeechForm(Form):
    """A form for a text to read aloud."""

    def advice(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        text, known = str(named.get("text") or ""), known_speakers(who, self.studio.catalog, self.studio.library)
        speakers = {
            "used": list(used_speakers(text, known)),
            "unknown": unknown_speakers(text, known),
            "known": list(known),
        }
        return {"about": {"speakers": speakers}}
