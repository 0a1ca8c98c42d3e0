"""Storybook scenes, and how to generate random ones."""

from dataclasses import dataclass
from random import Random

from engines.families.storybook import words


@dataclass(frozen=True)
class Thing:
    """One thing in a scene. ``place``, ``size`` and ``color`` are words; ``x``, ``y`` (its foot) and ``scale`` (its
    height) are fractions of the picture's side, with y pointing down."""

    kind: str
    color: str
    size: str
    place: str
    x: float
    y: float
    scale: float
    variant: int = 0


@dataclass(frozen=True)
class Scene:
    """Everything in a picture: its things from back to front, and their surroundings.

    If there are two things, ``relation`` is the position of the last one relative to the first: beside, in front or
    above.
    """

    things: tuple[Thing, ...]
    relation: str
    ground: str
    time: str
    weather: str
    light: str
    framing: str
    style: str
    horizon: float
    seed: int


_X = {"left": 0.26, "middle": 0.5, "right": 0.74}
_SIZE = {"small": 0.7, "medium": 1.0, "big": 1.32}
_FRAMING = {"close": 1.45, "medium": 1.0, "wide": 0.72}
_OWN_SCALE = {"mountain": 1.15, "flower": 0.85, "cat": 0.88, "bird": 0.8, "car": 0.95, "lighthouse": 1.15, "dog": 0.92}


def random_scene(lot: Random) -> Scene:
    """A random scene, determined by ``lot``."""
    relation = lot.choices(("alone", "beside", "in front", "above"), (80, 12, 4, 4))[0]
    ground = lot.choice(tuple(words.GROUNDS))
    time = lot.choices(tuple(words.TIMES), (34, 20, 24, 22))[0]
    weather = "clear" if ground == "room" else lot.choices(tuple(words.WEATHERS), (76, 8, 8, 8))[0]
    framing = lot.choices(tuple(words.FRAMINGS), (9, 82, 9))[0] if relation == "alone" else "medium"
    style = lot.choices(tuple(words.STYLES), (82, 9, 9))[0]
    horizon = lot.uniform(0.56, 0.66)
    return Scene(
        _things(lot, relation, ground, framing, horizon),
        relation,
        ground,
        time,
        weather,
        _light(lot, ground, time, weather),
        framing,
        style,
        horizon,
        lot.randrange(2**31),
    )


def _light(lot: Random, ground: str, time: str, weather: str) -> str:
    if ground == "room" or weather != "clear" or lot.random() < 0.55:
        return "none"
    return {"day": "sun", "night": "moon"}.get(time, "none")


def _things(lot: Random, relation: str, ground: str, framing: str, horizon: float) -> tuple[Thing, ...]:
    kinds = words.INDOORS if ground == "room" else tuple(words.THINGS)
    if relation == "alone":
        place = "middle" if framing == "close" else lot.choices(("left", "middle", "right"), (30, 40, 30))[0]
        size = lot.choices(("small", "medium", "big"), (16, 66, 18))[0] if framing == "medium" else "medium"
        return (_thing(lot, lot.choice(kinds), size, place, _FRAMING[framing], (ground, horizon)),)
    if relation == "beside":
        first, second = lot.sample(kinds, 2)
        left = _thing(lot, first, "medium", "left", 0.75, (ground, horizon))
        return left, _thing(lot, second, "medium", "right", 0.75, (ground, horizon))
    if relation == "in front":
        back = lot.choice(("tree",) if ground == "room" else ("house", "tree", "mountain", "lighthouse"))
        front = lot.choice(("dog", "cat", "person", "flower"))
        behind = _thing(lot, back, "medium", "middle", 1.0, (ground, horizon))
        before = _thing(lot, front, "medium", "middle", 0.62, (ground, horizon))
        return behind, _moved(before, lot.choice((-0.14, 0.14)), 0.93 - before.y)
    below = lot.choice(("dog", "cat", "person") if ground == "room" else ("house", "car", "boat", "person", "dog"))
    under = _thing(lot, below, "medium", "middle", 0.72, (ground, horizon))
    over = _thing(lot, lot.choice(words.AIRBORNE), "medium", "middle", 0.64, (ground, horizon))
    return under, _moved(over, 0.0, 0.4 - over.y)


def _thing(lot: Random, kind: str, size: str, place: str, scale: float, where: tuple[str, float]) -> Thing:
    ground, horizon = where
    height = min(0.86, 0.52 * _OWN_SCALE.get(kind, 1.0) * _SIZE[size] * scale * lot.uniform(0.94, 1.06))
    foot = horizon + lot.uniform(0.14, 0.24) + (0.1 if scale > 1.2 else 0.0)
    if kind == "mountain":
        foot = horizon + 0.03
    elif kind == "boat" and ground == "sea":
        foot = horizon + lot.uniform(0.1, 0.15) + (0.1 if scale > 1.2 else 0.0)
    elif kind in words.AIRBORNE:
        foot = max(height + 0.05, lot.uniform(0.42, 0.56))
    color = lot.choice(words.COLORS) if lot.random() < 0.85 else lot.choice(words.NATURAL[kind])
    x = _X[place] + lot.uniform(-0.04, 0.04)
    return Thing(kind, color, size, place, x, min(foot, 0.96), height, lot.randrange(3))


def _moved(thing: Thing, right: float, down: float) -> Thing:
    return Thing(**{**thing.__dict__, "x": thing.x + right, "y": thing.y + down})
