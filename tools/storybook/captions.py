"""Captions of scenes, in many wordings.

What a caption leaves out has its default: daylight, clear weather, the middle, a flat style, a thing's natural color.
"""

from random import Random

from engines.families.storybook import words
from tools.storybook.scene import Scene, Thing


def caption(scene: Scene, lot: Random) -> str:
    """A sentence that describes the scene."""
    if scene.relation in ("alone", "beside") and lot.random() < 0.12:
        return _in_words(scene, lot)
    what = _things(scene, lot)
    where = [_ground(scene, lot), *_around(scene, lot)]
    if len(where) > 1 and lot.random() < 0.12:
        lot.shuffle(where)
    opening = _opening(scene, lot)
    if not opening and lot.random() < 0.1:
        return f"{', '.join(where)}, {what}"
    if lot.random() < 0.12:
        return f"{opening}{what}, {', '.join(where)}"
    return f"{opening}{what} {' '.join(where)}"


def _in_words(scene: Scene, lot: Random) -> str:
    """Keywords separated by commas, as people type them."""
    things = [_named(thing, lot, bare=True) + _placed(scene, thing, lot, ", ") for thing in scene.things]
    ground = _ground(scene, lot)
    if " " in ground and "front of" not in ground:
        ground = ground.partition(" ")[2].removeprefix("a ").removeprefix("the ")
    parts = [*things, ground, *_around(scene, lot)]
    style = [_bare(words.STYLES[scene.style][0])] if scene.style != "flat" else []
    framing = [_bare(words.FRAMINGS[scene.framing][0])] if scene.framing != "medium" else []
    return ", ".join([*framing, *parts, *style])


def _bare(opening: str) -> str:
    return opening.removeprefix("a ").removeprefix("an ").removesuffix(" of")


def _opening(scene: Scene, lot: Random) -> str:
    framing = lot.choice(words.FRAMINGS[scene.framing]) + " " if scene.framing != "medium" else ""
    if scene.style == "flat" and (framing or lot.random() < 0.85):
        return framing
    return lot.choice(words.STYLES[scene.style]) + " " + framing


def _things(scene: Scene, lot: Random) -> str:
    first, last = scene.things[0], scene.things[-1]
    if scene.relation == "alone":
        return _named(first, lot) + _placed(scene, first, lot)
    if scene.relation == "in front":
        return f"{_named(last, lot)} in front of {_named(first, lot)}"
    if scene.relation == "above":
        return f"{_named(last, lot)} {lot.choice(('above', 'over'))} {_named(first, lot)}"
    if lot.random() < 0.3:
        first, last = last, first
    if lot.random() < 0.25:
        return f"{_named(first, lot)} {lot.choice(('to the', 'on the'))} {first.place} of {_named(last, lot)}"
    return f"{_named(first, lot)}{_placed(scene, first, lot)} and {_named(last, lot)}{_placed(scene, last, lot)}"


def _placed(scene: Scene, thing: Thing, lot: Random, joint: str = " ") -> str:
    if scene.relation in ("in front", "above") or (thing.place == "middle" and lot.random() < 0.6):
        return ""
    return joint + lot.choice(words.PLACES[thing.place])


def _named(thing: Thing, lot: Random, *, bare: bool = False) -> str:
    names = words.THINGS[thing.kind]
    name = names[0] if lot.random() < 0.7 else lot.choice(names)
    size = lot.choice(words.SIZES[thing.size]) if thing.size != "medium" else ""
    plain = thing.color in words.NATURAL[thing.kind] and lot.random() < 0.5
    color = "" if plain else thing.color
    if thing.kind == "person" and color:
        clothes = lot.choice(words.CLOTHES).format(color=color)
        described = " ".join(word for word in (size, name, clothes) if word)
    else:
        described = " ".join(word for word in (size, color, name) if word)
    if bare:
        return described
    if lot.random() < 0.08:
        return f"the {described}"
    return f"{'an' if described[0] in 'aeiou' else 'a'} {described}"


def _ground(scene: Scene, lot: Random) -> str:
    if scene.ground == "sea" and all(thing.kind == "boat" for thing in scene.things):
        return lot.choice(words.AFLOAT)
    choices = words.GROUNDS[scene.ground]
    return choices[0] if lot.random() < 0.35 else lot.choice(choices)


def _around(scene: Scene, lot: Random) -> list[str]:
    parts = []
    if scene.time != "day" or (scene.light == "none" and lot.random() < 0.35):
        choices = words.TIMES[scene.time]
        parts.append(choices[0] if lot.random() < 0.5 else lot.choice(choices))
    if scene.weather != "clear":
        parts.append(lot.choice(words.WEATHERS[scene.weather]))
    if scene.light != "none":
        parts.append(lot.choice(words.LIGHTS[scene.light]))
    return parts
