"""Resolve the cast members named in a prompt for the chosen model: by a LoRA, reference pictures, or a description."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engines.catalog import Catalog, Entry
from engines.diffusion import registry
from engines.loras import families as loras_for
from engines.requests import PromptRequest
from engines.requests.mentions import key, known_mentions, mentioned_names
from engines.requests.prompt import LoraUse, Mention
from library.cast.views import CastLoraView, CastView

MOST = 8
"""The most cast members one request can name."""
_SHORT = 90
"""Characters of the look to add to a LoRA, which knows it already."""
_REFERENCE_ENCODER = "ip_adapter"
_NOUNS = {"character": "person", "product": "product", "place": "place"}


def resolve_cast(
    request: PromptRequest, entry: Entry, cast: Sequence[CastView], catalog: Catalog
) -> tuple[Mention, ...]:
    """How the model depicts each member of ``cast`` named in the prompt, in the order of the prompt.

    A LoRA for the model's family comes first, then reference pictures if the model accepts them for this task (no more
    in total than it accepts; everyone gets one before anyone gets two), then the description. A model that needs an
    IP-Adapter cannot tell its pictures apart: it also gets the description.
    """
    members = mentioned_members(request.prompt, cast)
    loras = {one.id: lora for one in members if (lora := lora_for(one, entry))}
    own = tuple(getattr(request, "references", ()))
    tells = numbers_pictures(entry, catalog)
    before = 1 if tells and hasattr(request, "image") else 0  # the picture being edited is picture 1
    without_lora = [one for one in members if one.id not in loras]
    shared = _divide_references(without_lora, own, most_references(entry, catalog, request.task) - before - len(own))
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
    """The member's LoRA that works with a model: one for its exact size before one of unknown size."""
    loras_by_family = {one.family: one for one in member.loras}
    return next(
        (loras_by_family[family] for family in loras_for.readable(entry.lora_family) if family in loras_by_family), None
    )


def most_references(entry: Entry, catalog: Catalog, task: str = "create_image") -> int:
    """How many reference pictures a model accepts in a task: 0 if it needs an IP-Adapter that is not installed."""
    blind = (
        catalog.auxiliary_models(entry, _REFERENCE_ENCODER)
        and catalog.auxiliary_model(entry, _REFERENCE_ENCODER) is None
    )
    return entry.references if not blind and registry.can_use_references(entry, task) else 0


def numbers_pictures(entry: Entry, catalog: Catalog) -> bool:
    """Whether a prompt may refer to “picture 2”: not for a model that uses an IP-Adapter or otherwise mixes them."""
    return registry.numbers_references(entry) and not catalog.auxiliary_models(entry, _REFERENCE_ENCODER)


def lines(request: PromptRequest, model: str) -> tuple[str, ...]:
    """One sentence for each @name: how it is depicted, or that nobody in the cast has it."""
    unknown = dict.fromkeys(
        at.name for at in mentioned_names(request.prompt) if not known_mentions(at, _keys(request.mentions))
    )
    sentences = (_line(one.name, one.how, len(one.references), model) for one in request.mentions)
    full = len(request.mentions) == MOST
    why = f"@{{}} is treated as plain text: a prompt can name up to {MOST} cast members."
    return (*sentences, *((why if full else "Nobody in the cast is called @{}.").format(name) for name in unknown))


def lines_of_job(request: Mapping[str, Any], model: str) -> tuple[str, ...]:
    """The same for a stored request of any version: how each resolved name is depicted."""
    mentions = request.get("mentions") or ()
    return tuple(_line(one["name"], one["how"], len(one.get("references", ())), model) for one in mentions)


def _line(name: str, how: str, pictures: int, model: str) -> str:
    by = {"lora": f"the LoRA for {model}", "references": f"{pictures} picture{'s' if pictures > 1 else ''}"}
    return f"@{name}: uses {by.get(how, 'the description')}."


def _keys(mentions: Sequence[Mention]) -> dict[str, Mention]:
    return {key(one.name): one for one in mentions}


def mentioned_members(prompt: str, cast: Sequence[CastView]) -> tuple[CastView, ...]:
    """The cast members named in a prompt, in order. If two share a name, the person's own wins, then the older one."""
    names: dict[str, CastView] = {}
    for one in sorted(cast, key=lambda one: (not one.mine, one.created_at)):
        names.setdefault(key(one.name), one)
    mentions = (known_mentions(at, names) for at in mentioned_names(prompt))
    return tuple({key(at.name): names[key(at.name)] for at in mentions if at}.values())[:MOST]


def _divide_references(members: Sequence[CastView], own: Sequence[str], room: int) -> dict[str, list[str]]:
    """Share reference pictures among members in rounds, at most ``room`` that are not the request's ``own``."""
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
    numbers_text = [str(number) for number in numbers]
    which = (
        f"picture {numbers_text[0]}"
        if len(numbers_text) == 1
        else f"pictures {', '.join(numbers_text[:-1])} and {numbers_text[-1]}"
    )
    return f"the style of {which}" if kind == "style" else f"the {_NOUNS[kind]} in {which}"


def _short(look: str) -> str:
    """The look up to its first comma or period."""
    first = re.split(r"[,;.\n]", look, maxsplit=1)[0].strip()
    return first if len(first) <= _SHORT else first[:_SHORT].rpartition(" ")[0]
