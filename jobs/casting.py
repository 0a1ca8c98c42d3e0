"""Whom of the cast a prompt names, settled for the model that draws: by a LoRA, by pictures, or by words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engines.catalog import Catalog, Entry
from engines.image import families
from engines.loras import families as loras_for
from engines.requests import Drawing
from engines.requests.drawing import LoraUse, Mention
from engines.requests.mentions import key, known, named
from library.cast.views import CastLoraView, CastView

MOST = 8
"""As many as a request names."""
_SHORT = 90
"""Characters of the look that stand beside a LoRA, which knows it already."""
_LOOKS_WITH = "ip_adapter"
_NOUNS = {"character": "person", "product": "product", "place": "place"}


def settle(request: Drawing, entry: Entry, cast: Sequence[CastView], catalog: Catalog) -> tuple[Mention, ...]:
    """What stands for everyone of ``cast`` whom the prompt names, in the order of the prompt.

    A LoRA for the model's family goes first, then pictures where the model takes them for this (not more in all than
    the model takes; each gets one before anybody gets two), then words. A model that another one looks for (an
    IP-Adapter) does not know which picture is which: beside the pictures it reads the look.
    """
    members = meant(request.prompt, cast)
    loras = {one.id: lora for one in members if (lora := lora_for(one, entry))}
    own = tuple(getattr(request, "references", ()))
    tells = knows_which(entry, catalog)
    before = 1 if tells and hasattr(request, "image") else 0  # the picture that is worked on is picture 1
    drawn = [one for one in members if one.id not in loras]
    shared = _shared(drawn, own, sees(entry, catalog, request.task) - before - len(own))
    order = list(dict.fromkeys((*own, *(id for ids in shared.values() for id in ids))))
    mentions = []
    for one in members:
        if lora := loras.get(one.id):
            has_it = any(use.asset == lora.asset for use in request.loras)
            use = () if has_it else (LoraUse(asset=lora.asset, weight=lora.weight),)
            words = ", ".join(part for part in (lora.trigger, _short(one.look)) if part)
            mentions.append(Mention(name=one.name, how="lora", words=words or one.name, loras=use))
        elif pictures := shared.get(one.id):
            numbers = [before + order.index(id) + 1 for id in pictures]
            words = _in_pictures(one.kind, numbers) if tells else (one.look or one.name)
            mentions.append(Mention(name=one.name, how="references", words=words, references=tuple(pictures)))
        else:
            mentions.append(Mention(name=one.name, how="words", words=one.look or one.name))
    return tuple(mentions)


def lora_for(member: CastView, entry: Entry) -> CastLoraView | None:
    """The LoRA of a member that a model reads: that of its size before one whose size is not told."""
    held = {one.family: one for one in member.loras}
    return next((held[family] for family in loras_for.readable(entry.lora_family) if family in held), None)


def sees(entry: Entry, catalog: Catalog, task: str = "create_image") -> int:
    """How many pictures a model can go by in a task: none where another one looks for it that is not installed."""
    blind = catalog.helpers(entry, _LOOKS_WITH) and catalog.helper(entry, _LOOKS_WITH) is None
    return entry.references if not blind and families.looks(entry, task) else 0


def knows_which(entry: Entry, catalog: Catalog) -> bool:
    """Whether words may speak of “picture 2”: not to a model that another one looks for."""
    return not catalog.helpers(entry, _LOOKS_WITH)


def lines(request: Drawing, model: str) -> tuple[str, ...]:
    """What stands for each @name, and which of them nobody has: a sentence each, for people."""
    unknown = dict.fromkeys(at.name for at in named(request.prompt) if not known(at, _keys(request.mentions)))
    settled = (_line(one.name, one.how, len(one.references), model) for one in request.mentions)
    full = len(request.mentions) == MOST
    why = f"@{{}} stays a plain word: a prompt names up to {MOST} of the cast."
    return (*settled, *((why if full else "Nobody in the cast is called @{}.").format(name) for name in unknown))


def lines_of_job(request: Mapping[str, Any], model: str) -> tuple[str, ...]:
    """The same of a stored request, of whatever version: what stands for each name that was settled."""
    mentions = request.get("mentions") or ()
    return tuple(_line(one["name"], one["how"], len(one.get("references", ())), model) for one in mentions)


def _line(name: str, how: str, pictures: int, model: str) -> str:
    by = {"lora": f"the LoRA for {model}", "references": f"{pictures} picture{'s' if pictures > 1 else ''}"}
    return f"@{name}: by {by.get(how, 'words')}."


def _keys(mentions: Sequence[Mention]) -> dict[str, Mention]:
    return {key(one.name): one for one in mentions}


def meant(prompt: str, cast: Sequence[CastView]) -> tuple[CastView, ...]:
    """Whom a prompt names, in its order. Of two with one name the person's own counts, then the older one."""
    names: dict[str, CastView] = {}
    for one in sorted(cast, key=lambda one: (not one.mine, one.created_at)):
        names.setdefault(key(one.name), one)
    found = (known(at, names) for at in named(prompt))
    return tuple({key(at.name): names[key(at.name)] for at in found if at}.values())[:MOST]


def _shared(members: Sequence[CastView], own: Sequence[str], room: int) -> dict[str, list[str]]:
    """Which pictures stand for whom, at most ``room`` that are not the request's ``own``; in rounds."""
    given: dict[str, list[str]] = {}
    for one, picture in _rounds(members):
        if picture not in own:
            room -= 1
        if room >= 0:
            given.setdefault(one.id, []).append(picture)
    return given


def _rounds(members: Sequence[CastView]) -> Iterator[tuple[CastView, str]]:
    for turn in range(max((len(one.pictures) for one in members), default=0)):
        yield from ((one, one.pictures[turn].asset) for one in members if turn < len(one.pictures))


def _in_pictures(kind: str, numbers: Sequence[int]) -> str:
    told = [str(number) for number in numbers]
    which = f"picture {told[0]}" if len(told) == 1 else f"pictures {', '.join(told[:-1])} and {told[-1]}"
    return f"the style of {which}" if kind == "style" else f"the {_NOUNS[kind]} in {which}"


def _short(look: str) -> str:
    """The look up to its first comma or stop."""
    first = re.split(r"[,;.\n]", look, maxsplit=1)[0].strip()
    return first if len(first) <= _SHORT else first[:_SHORT].rpartition(" ")[0]
