"""Which model draws when nobody chooses, and why."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from engines.catalog import Entry
from engines.loras import families
from errors import StudioError
from jobs.casting import lora_for
from library.cast.views import CastView
from library.views import AssetView

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
    """What of a request only some models can: so many pictures to go by, a structure to keep, a size (each side, in px,
    by its field), LoRAs to read; and whom of the cast it names."""

    references: int = 0
    control: str = "none"
    sides: tuple[tuple[str, int], ...] = ()
    loras: tuple[AssetView, ...] = ()
    cast: tuple[CastView, ...] = ()

    def met_by(self, entry: Entry) -> bool:
        """Whether a model can go by so many pictures and keep the structure."""
        enough = entry.references >= self.references >= entry.needs_references
        return enough and self.control in ("none", *entry.controls)

    def drawn_by(self, entry: Entry) -> bool:
        """Whether the size is one of the model's."""
        bounds = ((side, entry.bounds[name]) for name, side in self.sides if name in entry.bounds)
        return all(low <= side <= high and (side - low) % step == 0 for side, (low, high, step) in bounds)


def choose(
    prompt: str,
    entries: Sequence[Entry],
    needs: Needs = Needs(),
    sees: Callable[[Entry], int] = lambda entry: 0,
    keeps: Callable[[Entry], bool] = lambda entry: True,
) -> Chosen:
    """The model for a prompt out of the installed ones, the best first. ``sees`` says how many pictures one could go
    by, ``keeps`` whether it could keep the structure: with the helpers that are here.

    Only a model that reads the LoRAs is chosen; then one that knows whom the prompt names by a LoRA, or by pictures;
    then one for what it is about. Weights that clients' work may not use are never chosen, and a sketching one only
    where nothing better is. Raises StudioError ``choose_model``, ``two_families``, ``no_reader`` (422).
    """
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
    readers = _readers(usable, entries, needs.loras)
    able = [entry for entry in readers if needs.met_by(entry)] or readers
    able = [entry for entry in able if sees(entry) >= needs.references and keeps(entry)] or able
    equal = [entry for entry in able if entry.sketch == able[0].sketch]
    equal = [entry for entry in equal if needs.drawn_by(entry)] or equal
    knowing = _knowing(equal, needs, sees)
    entry, topic = _for_topic(prompt, knowing)
    if len(knowing) < len(equal):
        return Chosen(entry, _why_it_knows(entry, needs))
    if len(readers) < len(usable):
        whose = f"“{needs.loras[0].title}” is" if len(needs.loras) == 1 else "the LoRAs are"
        return Chosen(entry, f"{whose} for {families.name(entry.lora_family)}")
    if topic:
        return Chosen(entry, f"{topic} → {entry.name}" if len(entries) > 1 else "")
    if len(able) < len(usable) and able[0] is not usable[0]:
        return Chosen(entry, f"what is asked → {entry.name}")
    return Chosen(entry, entry.name if len(entries) > 1 else "")


def _readers(usable: list[Entry], entries: Sequence[Entry], loras: Sequence[AssetView]) -> list[Entry]:
    """Those that read all of the LoRAs; one that no model reads says so itself when it is asked for."""
    wanted = {lora.family: lora for lora in loras if lora.family and not (lora.lora or {}).get("obstacle")}
    if not wanted:
        return usable
    if not any(wanted.keys() <= {*families.readable(reads)} for reads in families.table().names):
        said = [f"“{lora.title}” is a LoRA for {families.name(family)}" for family, lora in wanted.items()]
        raise StudioError(
            "two_families",
            f"{' and '.join(said)}.",
            "No model reads both.",
            "Take one of them out.",
            status=422,
        )
    reading = [entry for entry in entries if wanted.keys() <= {*families.readable(entry.lora_family)}]
    if found := [entry for entry in reading if entry in usable]:
        return found
    (family, lora), *_ = wanted.items()
    name = reading[0].name if reading else ""
    raise StudioError(
        "no_reader",
        f"“{lora.title}” is a LoRA for {families.name(family)}.",
        f"{name} may not be used for clients, so it is not taken by itself." if name else "No model for it is here.",
        f"Choose {name} yourself, or leave the LoRA out." if name else "Get one on the Models page, or leave it out.",
        status=422,
    )


def _knowing(entries: list[Entry], needs: Needs, sees: Callable[[Entry], int]) -> list[Entry]:
    """Those that know most of those named by a LoRA; of them, those that can go by most of the others' pictures."""

    def known(entry: Entry) -> tuple[int, int]:
        others = [one for one in needs.cast if lora_for(one, entry) is None]
        room = max(0, sees(entry) - needs.references)
        return len(needs.cast) - len(others), min(room, sum(bool(one.pictures) for one in others))

    most = max(map(known, entries))
    return [entry for entry in entries if known(entry) == most]


def _why_it_knows(entry: Entry, needs: Needs) -> str:
    tuned = [one.name for one in needs.cast if lora_for(one, entry)]
    if tuned:
        whose = f"{_all(f'{name}’s' for name in tuned)} LoRA{'s are' if len(tuned) > 1 else ' is'}"
        return f"{whose} for {families.name(entry.lora_family)}"
    shown = _all(f"{one.name}’s" for one in needs.cast if one.pictures)
    return f"{entry.name} can go by {shown} pictures"


def _all(names: Iterable[str]) -> str:
    """“A’s”, “A’s and B’s”, “A’s, B’s and C’s”."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _for_topic(prompt: str, entries: list[Entry]) -> tuple[Entry, str]:
    """The model for what a prompt is about, and what that is; the first, and nothing, where none is made for it."""
    fitting = ((entry, topic) for topic in topics(prompt) for entry in entries if topic in entry.good_at)
    return next(fitting, (entries[0], ""))


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
