"""The automatic choice of a model, and why."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from engines.catalog import Entry
from engines.catalog.territory import is_licensed, region_names
from engines.loras import families
from errors import StudioError
from jobs.admission.cast import lora_for
from library.cast.views import CastView
from library.views import AssetView

_TOPICS = {
    "people": "person people man men woman women girl boy child children kid kids baby face portrait couple crowd "
    "family actor actress model bride groom dancer chef farmer fisherman worker selfie hands skin hair smile",
    "text": "text word words letter letters lettering headline title slogan logo sign signage poster label typography "
    "caption cover billboard",
    "things": "product bottle box watch shoe shoes sneaker bag chair table lamp car bike phone cup mug packshot "
    "packaging cosmetics perfume jewelry jewellery furniture food dish still-life object machine",
    "places": "landscape city street house building interior room kitchen beach sea harbor harbour mountain forest "
    "desert skyline architecture village bridge garden river lake sky",
}
_TOPIC_WORDS = {topic: frozenset(words.split()) for topic, words in _TOPICS.items()}
_QUOTED = re.compile(r"[“\"«][^”\"»]{2,60}[”\"»]")


class ModelChoice(NamedTuple):
    """A model, and a short reason; empty if there was no choice."""

    entry: Entry
    why: str


class Needs(NamedTuple):
    """What a request needs that only some models offer: a number of reference pictures, a control type, a last frame, a
    size (each side in px by its field), LoRAs; and the cast members it names."""

    references: int = 0
    control: str = "none"
    last_frame: bool = False
    sides: tuple[tuple[str, int], ...] = ()
    loras: tuple[AssetView, ...] = ()
    cast: tuple[CastView, ...] = ()

    def met_by(self, entry: Entry) -> bool:
        """Whether a model accepts that many reference pictures, the control type and the last frame."""
        enough = entry.references >= self.references >= entry.needs_references
        return enough and self.control in ("none", *entry.controls) and entry.last_frame >= self.last_frame

    def drawn_by(self, entry: Entry) -> bool:
        """Whether the model accepts the size."""
        bounds = ((side, entry.bounds[name]) for name, side in self.sides if name in entry.bounds)
        return all(low <= side <= high and (side - low) % step == 0 for side, (low, high, step) in bounds)


def choose(
    prompt: str,
    entries: Sequence[Entry],
    needs: Needs = Needs(),
    sees: Callable[[Entry], int] = lambda entry: 0,
    keeps: Callable[[Entry], bool] = lambda entry: True,
    country: str = "",
) -> ModelChoice:
    """The model for a prompt, out of the installed ``entries`` (the best first). ``sees`` says how many reference
    pictures an entry accepts, ``keeps`` whether it can follow the control type, with the helpers that are installed;
    ``country`` is where the studio is.

    The model must support the LoRAs; of these, one that knows the named cast members by a LoRA or by pictures is
    preferred, then one for the subject of the prompt. Weights that may not be used for client work, or not here, are
    never chosen, a sketch model only if there is nothing better. Raises StudioError ``choose_model``,
    ``two_families``, ``no_reader`` (422).
    """
    usable = [entry for entry in entries if may_choose(entry, country)]
    if not usable:
        raise _no_choice(entries, country)
    readers = _entries_reading_loras(usable, entries, needs.loras)
    able = [entry for entry in readers if needs.met_by(entry)] or readers
    able = [
        entry for entry in able if keeps(entry) and (not needs.references or sees(entry) >= needs.references)
    ] or able
    equal = [entry for entry in able if entry.sketch == able[0].sketch]
    equal = [entry for entry in equal if needs.drawn_by(entry)] or equal
    knowing = _entries_knowing_cast(equal, needs, sees)
    entry, topic = _for_topic(prompt, knowing)
    if len(knowing) < len(equal):
        return ModelChoice(entry, _why_it_knows(entry, needs))
    if len(readers) < len(usable):
        whose = f"“{needs.loras[0].title}” is" if len(needs.loras) == 1 else "the LoRAs are"
        return ModelChoice(entry, f"{whose} for {families.name(entry.lora_family)}")
    if topic:
        return ModelChoice(entry, f"{topic} → {entry.name}" if len(entries) > 1 else "")
    if len(able) < len(usable) and able[0] is not usable[0]:
        return ModelChoice(entry, f"your settings → {entry.name}")
    return ModelChoice(entry, entry.name if len(entries) > 1 else "")


def may_choose(entry: Entry, country: str) -> bool:
    """Whether a model may be chosen automatically: its license allows client work, and is valid in the studio's
    country."""
    return entry.license.commercial and bool(is_licensed(entry.license.territory, country))


def _no_choice(entries: Sequence[Entry], country: str) -> StudioError:
    """The error if none of the installed models may be chosen."""
    private = [entry for entry in entries if not entry.license.commercial]
    if len(private) == len(entries):
        what = "No installed model for this may be used for client work."
        names = " or ".join(entry.name for entry in private)
        why = f"The license of {names} does not allow it, so the studio never chooses it for you." if names else ""
    else:
        what = "The studio cannot choose an installed model for you."
        reasons = (f"{entry.name} may not be used for client work." for entry in private)
        why = " ".join((*reasons, left_out(entries, country)))
    return StudioError(
        "choose_model", what, why, "Choose one yourself, or download another on the Models page.", status=422
    )


def _entries_reading_loras(usable: list[Entry], entries: Sequence[Entry], loras: Sequence[AssetView]) -> list[Entry]:
    """The models that support all of the LoRAs; a LoRA that no model supports is refused later, with its own reason."""
    wanted = {lora.family: lora for lora in loras if lora.family and not (lora.lora or {}).get("obstacle")}
    if not wanted:
        return usable
    if not any(wanted.keys() <= {*families.readable(reads)} for reads in families.table().names):
        sentences = [f"“{lora.title}” is a LoRA for {families.name(family)}" for family, lora in wanted.items()]
        raise StudioError(
            "two_families",
            f"{' and '.join(sentences)}.",
            "No model supports both.",
            "Remove one of them.",
            status=422,
        )
    reading = [entry for entry in entries if wanted.keys() <= {*families.readable(entry.lora_family)}]
    if able := [entry for entry in reading if entry in usable]:
        return able
    (family, lora), *_ = wanted.items()
    never = reading[0] if reading else None
    name = never.name if never else ""
    reason = f"in {region_names(never.license.territory)}" if never and never.license.commercial else "for client work"
    raise StudioError(
        "no_reader",
        f"“{lora.title}” is a LoRA for {families.name(family)}.",
        f"{name} may not be used {reason}, so the studio never chooses it for you."
        if name
        else "No model for it is installed.",
        f"Choose {name} yourself, or remove the LoRA."
        if name
        else "Download one on the Models page, or remove the LoRA.",
        status=422,
    )


def _entries_knowing_cast(entries: list[Entry], needs: Needs, sees: Callable[[Entry], int]) -> list[Entry]:
    """The models with LoRAs for the most cast members; of these, those that can use pictures of the most others."""

    def match(entry: Entry) -> tuple[int, int]:
        others = [one for one in needs.cast if lora_for(one, entry) is None]
        room = max(0, sees(entry) - needs.references)
        return len(needs.cast) - len(others), min(room, sum(bool(one.pictures) for one in others))

    if not needs.cast:
        return entries
    best = max(map(match, entries))
    return [entry for entry in entries if match(entry) == best]


def _why_it_knows(entry: Entry, needs: Needs) -> str:
    tuned = [one.name for one in needs.cast if lora_for(one, entry)]
    if tuned:
        whose = f"{_all(f'{name}’s' for name in tuned)} LoRA{'s are' if len(tuned) > 1 else ' is'}"
        return f"{whose} for {families.name(entry.lora_family)}"
    shown = _all(f"{one.name}’s" for one in needs.cast if one.pictures)
    return f"{entry.name} can use {shown} pictures"


def _all(names: Iterable[str]) -> str:
    """“A’s”, “A’s and B’s”, “A’s, B’s and C’s”."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _for_topic(prompt: str, entries: list[Entry]) -> tuple[Entry, str]:
    """The model for the subject of a prompt, and that subject; the first model and no subject if none fits."""
    fitting = ((entry, topic) for topic in topics(prompt) for entry in entries if topic in entry.strengths)
    return next(fitting, (entries[0], ""))


def topics(prompt: str) -> list[str]:
    """The subjects of a prompt, the most certain first."""
    prompt_words = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", prompt.lower())
    positions = {
        topic: min((prompt_words.index(word) for word in words if word in prompt_words), default=-1)
        for topic, words in _TOPIC_WORDS.items()
    }
    if _QUOTED.search(prompt):
        positions["text"] = 0
    order = [topic for topic in ("text", "people") if positions[topic] >= 0]  # where mistakes show first
    rest = sorted((place, topic) for topic, place in positions.items() if place >= 0 and topic not in order)
    return [*order, *(topic for _, topic in rest)]


def caution(entry: Entry, instead: str, country: str = "") -> str:
    """The license warning for a chosen model; ``instead`` names a model that may be used for client work."""
    if not entry.license.commercial:
        other = f" {instead} may." if instead else ""
        return f"{entry.name} may not be used for client work ({entry.license.name}).{other}"
    if is_licensed(entry.license.territory, country):
        return ""
    return f"{entry.name} may not be used everywhere: {_validity(entry)}"


def left_out(entries: Sequence[Entry], country: str) -> str:
    """Which models are never chosen automatically because of where their licenses are valid; empty if none."""
    barred = [entry for entry in entries if not is_licensed(entry.license.territory, country)]
    sentences = [f"Auto leaves out {entry.name}: {_validity(entry)}" for entry in barred if entry.license.commercial]
    if sentences and not country:
        sentences.append("The owner can set the studio's country (C41_COUNTRY).")
    return " ".join(sentences)


def _validity(entry: Entry) -> str:
    """Where the license of a model is not valid, as a clause."""
    return f"its license ({entry.license.name}) is not valid in {region_names(entry.license.territory)}."
