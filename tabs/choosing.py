"""Which model draws when nobody chooses, and why."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from engines.catalog import Entry
from errors import StudioError

_TOPICS = {
    "people": "person people man men woman women girl boy child children kid kids baby face portrait couple crowd "
    "family actor actress model bride groom dancer chef farmer fisherman worker selfie hands skin hair smile",
    "text": "text word words letter letters lettering headline title slogan logo sign signage poster label typography "
    "caption cover billboard",
    "things": "product bottle box watch shoe shoes sneaker bag chair table lamp car bike phone cup mug packshot "
    "packaging cosmetics perfume jewellery furniture food dish still-life object machine",
    "places": "landscape city street house building interior room kitchen beach sea harbour mountain forest desert "
    "skyline architecture village bridge garden river lake sky",
}
_KNOWN = {topic: frozenset(words.split()) for topic, words in _TOPICS.items()}
_QUOTED = re.compile(r"[“\"«][^”\"»]{2,60}[”\"»]")


class Chosen(NamedTuple):
    """A model, and in a few words why it; nothing where there was no choice."""

    entry: Entry
    why: str


class Needs(NamedTuple):
    """What of a request only some models can: so many pictures to go by, a structure to keep."""

    references: int = 0
    control: str = "none"

    def met_by(self, entry: Entry) -> bool:
        """Whether a model can do all of it."""
        enough = entry.references >= self.references >= entry.needs_references
        return enough and self.control in ("none", *entry.controls)


def choose(prompt: str, entries: Sequence[Entry], needs: Needs = Needs()) -> Chosen:
    """The model for a prompt out of the installed ones, the best first. Weights that clients' work may not use are
    never chosen, and a sketching one only where nothing better is. Raises StudioError ``choose_model`` (422)."""
    usable = [entry for entry in entries if entry.licence.commercial]
    if not usable:
        names = " or ".join(entry.name for entry in entries)
        raise StudioError(
            "choose_model",
            "No model that may be used for clients is installed for this.",
            f"{names} may not be used commercially, so it is not taken by itself." if names else "",
            "Choose it yourself, or get another on the Models page.",
            status=422,
        )
    able = [entry for entry in usable if needs.met_by(entry)] or usable
    equal = [entry for entry in able if entry.sketch == able[0].sketch]
    for topic in topics(prompt):
        for entry in equal:
            if topic in entry.good_at:
                return Chosen(entry, f"{topic} → {entry.name}" if len(entries) > 1 else "")
    if len(able) < len(usable) and able[0] is not usable[0]:
        return Chosen(able[0], f"what is asked → {able[0].name}")
    return Chosen(able[0], able[0].name if len(entries) > 1 else "")


def topics(prompt: str) -> list[str]:
    """What a prompt is about, the most certain first."""
    said = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", prompt.lower())
    found = {
        topic: min((said.index(word) for word in words if word in said), default=-1) for topic, words in _KNOWN.items()
    }
    if _QUOTED.search(prompt):
        found["text"] = 0
    order = [topic for topic in ("text", "people") if found[topic] >= 0]  # what shows first when it goes wrong
    rest = sorted((place, topic) for topic, place in found.items() if place >= 0 and topic not in order)
    return [*order, *(topic for _, topic in rest)]


def caution(entry: Entry, instead: str) -> str:
    """What must be known of a chosen model before its pictures go to a client; ``instead`` names another."""
    if entry.licence.commercial:
        return ""
    other = f" {instead} may." if instead else ""
    return f"{entry.name} may not be used for clients ({entry.licence.name}).{other}"
