"""The size of a picture: a shape, and an area in megapixels that is shown as px, always one its model can make."""

import math
from functools import lru_cache
from itertools import product
from typing import Any

import gradio as gr
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engines.catalog import Entry
from tabs.part import part

ASPECTS = {"1:1": 1.0, "4:5": 4 / 5, "3:2": 3 / 2, "16:9": 16 / 9, "9:16": 9 / 16, "21:9": 21 / 9}
OWN = "own"

_Grid = tuple[float, float, float]
"""The least and the greatest side, and the step between legal sides."""

_ANY: _Grid = (64.0, 4096.0, 8.0)
_MEGAPIXELS = (0.15, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)
_NEAR = 0.25
"""How far (as a logarithm) a shape may be off and still go by its name."""

_SAME = 0.02
"""The relative difference up to which two areas count as equal."""

_SHAPE = 3.0
"""The weight of a wrong shape relative to a wrong area."""


class Size(BaseModel):
    """The requested size: a shape with megapixels, or custom sides in px. None means the model's best."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    aspect: str | None = None
    megapixels: float | None = Field(None, gt=0, le=64)
    width: int | None = Field(None, ge=1, le=100_000)
    height: int | None = Field(None, ge=1, le=100_000)

    @classmethod
    def of(cls, value: Any) -> "Size":
        """Return a control's value as a Size; the model's best if the value is invalid."""
        try:
            return cls.model_validate(value or {})
        except ValidationError:
            return cls()


def legal(entry: Entry, size: Size) -> tuple[int, int]:
    """Return the size (width, height in px) a model can make that is nearest to the requested one."""
    shape = size.aspect or usual(entry)
    if shape not in ASPECTS:
        area = best_area(entry)
        wanted = (size.width or math.sqrt(area), size.height or math.sqrt(area))
        return _at_most(entry, _nearest(entry, "width", wanted[0]), _nearest(entry, "height", wanted[1]))
    if shape == usual(entry) and size.megapixels is None and (own := _own_size(entry)):
        return own
    aspect = ASPECTS[shape]
    area = size.megapixels * 1e6 if size.megapixels else best_area(entry)
    return _nearest_size(_grid(entry, "width"), _grid(entry, "height"), entry.most_pixels or math.inf, aspect, area)


def _own_size(entry: Entry) -> tuple[int, int] | None:
    """Return a model's default size if it is legal and has the model's best area."""
    width, height = (int(entry.defaults.get(side, 0)) for side in ("width", "height"))
    legal = (_nearest(entry, "width", width), _nearest(entry, "height", height)) == (width, height)
    return (width, height) if legal and abs(width * height / best_area(entry) - 1) < _SAME else None


def usual(entry: Entry) -> str:
    """Return a model's default shape."""
    width, height = (entry.defaults.get(side, 512) for side in ("width", "height"))
    return min(ASPECTS, key=lambda name: abs(math.log(width / height / ASPECTS[name])))


def shapes(entry: Entry) -> list[str]:
    """Return the shapes a model can come close to; empty if it makes only one size."""
    if all(_grid(entry, side)[0] == _grid(entry, side)[1] for side in ("width", "height")):
        return []
    sides = {name: legal(entry, Size(aspect=name)) for name in ASPECTS}
    return [name for name, (width, height) in sides.items() if abs(math.log(width / height / ASPECTS[name])) < _NEAR]


def best_area(entry: Entry) -> float:
    """Return the area in px at which a model is best, after any built-in upscaling."""
    known = entry.pixels * float(entry.options.get("enlarge_by", 1)) ** 2
    return known or float(entry.defaults.get("width", 512) * entry.defaults.get("height", 512))


def offered_sizes(entry: Entry, size: Size) -> list[dict[str, Any]]:
    """Return the different sizes a model offers in the requested shape, smallest first: the standard one, without
    megapixels, the chosen one, and others."""
    shape = size.aspect if size.aspect in ASPECTS else usual(entry)
    found: dict[tuple[int, int], float | None] = {}
    for megapixels in (None, size.megapixels, *offered_megapixels(entry)):
        if megapixels is None or megapixels > 0:
            found.setdefault(legal(entry, Size(aspect=shape, megapixels=megapixels)), megapixels)
    sizes = [{"megapixels": found[sides], "width": sides[0], "height": sides[1]} for sides in found]
    return sorted(sizes, key=lambda one: one["width"] * one["height"])


def offered_megapixels(entry: Entry) -> list[float]:
    """Return the megapixels a model offers."""
    low, high = (_grid(entry, "width")[end] * _grid(entry, "height")[end] / 1e6 for end in (0, 1))
    most = min(high, entry.most_pixels / 1e6 or high)
    return [one for one in _MEGAPIXELS if low <= one <= most]


def _near_shapes(aspect: float) -> list[str]:
    """Return the shapes that sides may stand for, nearest first: 1344 × 768 is 16:9 in steps of 64."""
    off = {name: abs(math.log(aspect / known)) for name, known in ASPECTS.items()}
    return sorted((name for name in off if off[name] < _NEAR), key=off.__getitem__)


def held_size(entry: Entry | None, width: int, height: int) -> dict[str, Any]:
    """Return the control's value for sides in px: a shape with megapixels if that gives exactly these sides."""
    if entry and legal(entry, Size()) == (width, height):
        return {"aspect": usual(entry), "megapixels": None}
    for name, megapixels in product(_near_shapes(width / height), (None, width * height / 1e6)) if entry else ():
        if entry and legal(entry, Size(aspect=name, megapixels=megapixels)) == (width, height):
            return {"aspect": name, "megapixels": megapixels}
    return {"aspect": OWN, "width": width, "height": height}


def _grid(entry: Entry, side: str) -> _Grid:
    low, high, multiple = entry.bounds.get(side, _ANY)
    return low, high, multiple if multiple > 0 else _ANY[2]


def _nearest(entry: Entry, side: str, length: float) -> int:
    return _nearest_step(_grid(entry, side), length)


def _nearest_step(grid: _Grid, length: float) -> int:
    low, high, multiple = grid
    steps = round((min(max(length, low), high) - low) / multiple)
    return int(low + min(steps, (high - low) // multiple) * multiple)


@lru_cache(4096)
def _nearest_size(widths: _Grid, heights: _Grid, most_pixels: float, aspect: float, area: float) -> tuple[int, int]:
    """Return the legal size nearest to a shape and an area in px, of at most ``most_pixels``."""
    low, high, multiple = widths
    steps = (int(low + number * multiple) for number in range(int((high - low) // multiple) + 1))
    every = [(width, _nearest_step(heights, width / aspect)) for width in steps]
    small_enough = [(width, height) for width, height in every if width * height <= most_pixels] or every[:1]
    return min(small_enough, key=lambda size: _off(size, aspect, area))


def _at_most(entry: Entry, width: int, height: int) -> tuple[int, int]:
    """Return the size, or one of about its shape that does not exceed the model's largest good area."""
    most = float(entry.most_pixels or math.inf)
    if width * height <= most:
        return width, height
    return _nearest_size(_grid(entry, "width"), _grid(entry, "height"), most, width / height, most)


def _off(size: tuple[int, int], aspect: float, area: float) -> float:
    width, height = size
    return _SHAPE * abs(math.log(width / height / aspect)) + abs(math.log(width * height / area))


def size_part(task: str) -> gr.HTML:
    """Put the control on the page: shapes, and sizes such as “1344 × 768”. Its value is a Size."""
    shapes = "".join(_shape(task, name, aspect) for name, aspect in ASPECTS.items())
    return part(
        "size",
        f"""<fieldset class="size-pick" data-task="{task}"><legend class="label">Shape</legend>
        <div class="size-shapes">{shapes}<label><input type="radio" name="shape-{task}" value="{OWN}">
        <span><i class="size-own"></i>Custom</span></label></div>
        <div class="size-line"><label class="size-mega"><span class="visually-hidden">Size in px</span>
        <select name="megapixels"></select></label>
        <span class="size-sides" hidden><input type="number" name="width" aria-label="Width in px" inputmode="numeric">
        <span aria-hidden="true">×</span>
        <input type="number" name="height" aria-label="Height in px" inputmode="numeric"></span>
        <output class="size-out" aria-live="polite"></output></div></fieldset>""",
        value="",
    )


def _shape(task: str, name: str, aspect: float) -> str:
    wide, high = (18, 18 / aspect) if aspect >= 1 else (18 * aspect, 18)
    return (
        f'<label><input type="radio" name="shape-{task}" value="{name}">'
        f'<span><i style="width:{wide:.0f}px;height:{high:.0f}px"></i>{name.replace(":", " : ")}</span></label>'
    )
