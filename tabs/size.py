"""How large a picture is to be: a shape and an amount of pixels, always as its model can."""

import math
from itertools import product
from typing import Any

import gradio as gr
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engines.catalog import Entry
from tabs.parts import part

ASPECTS = {"1:1": 1.0, "4:5": 4 / 5, "3:2": 3 / 2, "16:9": 16 / 9, "9:16": 9 / 16, "21:9": 21 / 9}
OWN = "own"

_ANY = (64.0, 4096.0, 8.0)
_MEGAPIXELS = (0.15, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)
_NEAR = 0.25
"""How far off a shape may be, as a logarithm, to be still called by its name."""

_SAME = 0.02
"""How much two areas may differ, in parts of one, to count as one."""

_SHAPE = 3.0
"""How much more a wrong shape matters than a wrong area."""


class Size(BaseModel):
    """What a person asked for: a shape with megapixels, or sides of their own in px. None: as the model is best."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    aspect: str | None = None
    megapixels: float | None = Field(None, gt=0, le=64)
    width: int | None = Field(None, ge=1, le=100_000)
    height: int | None = Field(None, ge=1, le=100_000)

    @classmethod
    def of(cls, value: Any) -> "Size":
        """What a control holds; as the model likes it where that makes no sense."""
        try:
            return cls.model_validate(value or {})
        except ValidationError:
            return cls()


def legal(entry: Entry, size: Size) -> tuple[int, int]:
    """The legal size of a model nearest to what is asked for: width and height in px."""
    shape = size.aspect or usual(entry)
    if shape not in ASPECTS:
        area = best_area(entry)
        wanted = (size.width or math.sqrt(area), size.height or math.sqrt(area))
        return _at_most(entry, _nearest(entry, "width", wanted[0]), _nearest(entry, "height", wanted[1]))
    if shape == usual(entry) and size.megapixels is None and (own := _own_size(entry)):
        return own
    aspect = ASPECTS[shape]
    area = size.megapixels * 1e6 if size.megapixels else best_area(entry)
    return min(_candidates(entry, aspect), key=lambda found: _off(found, aspect, area))


def _own_size(entry: Entry) -> tuple[int, int] | None:
    """The size of a model's defaults, where it is as large as the model is best."""
    width, height = (int(entry.defaults.get(side, 0)) for side in ("width", "height"))
    legal = (_nearest(entry, "width", width), _nearest(entry, "height", height)) == (width, height)
    return (width, height) if legal and abs(width * height / best_area(entry) - 1) < _SAME else None


def usual(entry: Entry) -> str:
    """The shape that a model makes when none is asked for: that of its defaults."""
    width, height = (entry.defaults.get(side, 512) for side in ("width", "height"))
    return min(ASPECTS, key=lambda name: abs(math.log(width / height / ASPECTS[name])))


def shapes(entry: Entry) -> list[str]:
    """The shapes that a model comes near to; none where it knows one size alone."""
    if all(_grid(entry, side)[0] == _grid(entry, side)[1] for side in ("width", "height")):
        return []
    sides = {name: legal(entry, Size(aspect=name)) for name in ASPECTS}
    return [name for name, (width, height) in sides.items() if abs(math.log(width / height / ASPECTS[name])) < _NEAR]


def best_area(entry: Entry) -> float:
    """The area at which a model is best, in px; of one whose drawings are enlarged, after that."""
    known = entry.pixels * float(entry.options.get("enlarge_by", 1)) ** 2
    return known or float(entry.defaults.get("width", 512) * entry.defaults.get("height", 512))


def offered(entry: Entry) -> list[float]:
    """The megapixels that a model can be asked for."""
    low, high = (_grid(entry, "width")[end] * _grid(entry, "height")[end] / 1e6 for end in (0, 1))
    most = min(high, entry.most_pixels / 1e6 or high)
    return [one for one in _MEGAPIXELS if low <= one <= most]


def _near_shapes(aspect: float) -> list[str]:
    """The shapes that sides may have been meant to have, the nearest first: 1344 x 768 is 16:9 in steps of 64."""
    off = {name: abs(math.log(aspect / known)) for name, known in ASPECTS.items()}
    return sorted((name for name in off if off[name] < _NEAR), key=off.__getitem__)


def held(entry: Entry | None, width: int, height: int) -> dict[str, Any]:
    """What the control holds for sides in px: a shape with megapixels where that leads back to just these."""
    if entry and legal(entry, Size()) == (width, height):
        return {"aspect": usual(entry), "megapixels": None}
    for name, megapixels in product(_near_shapes(width / height), (None, width * height / 1e6)) if entry else ():
        if entry and legal(entry, Size(aspect=name, megapixels=megapixels)) == (width, height):
            return {"aspect": name, "megapixels": megapixels}
    return {"aspect": OWN, "width": width, "height": height}


def _grid(entry: Entry, side: str) -> tuple[float, float, float]:
    low, high, multiple = entry.bounds.get(side, _ANY)
    return low, high, multiple if multiple > 0 else _ANY[2]


def _nearest(entry: Entry, side: str, length: float) -> int:
    low, high, multiple = _grid(entry, side)
    steps = round((min(max(length, low), high) - low) / multiple)
    return int(low + min(steps, (high - low) // multiple) * multiple)


def _candidates(entry: Entry, aspect: float) -> list[tuple[int, int]]:
    low, high, multiple = _grid(entry, "width")
    widths = (int(low + n * multiple) for n in range(int((high - low) // multiple) + 1))
    every = [(width, _nearest(entry, "height", width / aspect)) for width in widths]
    return [found for found in every if _small_enough(entry, *found)] or every[:1]


def _small_enough(entry: Entry, width: int, height: int) -> bool:
    return width * height <= (entry.most_pixels or math.inf)


def _at_most(entry: Entry, width: int, height: int) -> tuple[int, int]:
    """The size itself, or one of about its shape that is not larger than the model draws well."""
    if _small_enough(entry, width, height):
        return width, height
    area = float(entry.most_pixels)
    return min(_candidates(entry, width / height), key=lambda found: _off(found, width / height, area))


def _off(found: tuple[int, int], aspect: float, area: float) -> float:
    width, height = found
    return _SHAPE * abs(math.log(width / height / aspect)) + abs(math.log(width * height / area))


def size_part(task: str) -> gr.HTML:
    """The control: shapes to choose from, megapixels, and what comes out as “1344 x 768”. Its value is a Size."""
    shapes = "".join(_shape(task, name, aspect) for name, aspect in ASPECTS.items())
    return part(
        "size",
        f"""<fieldset class="size-pick" data-task="{task}"><legend class="label">Shape</legend>
        <div class="size-shapes">{shapes}<label><input type="radio" name="shape-{task}" value="{OWN}">
        <span><i class="size-own"></i>Own</span></label></div>
        <div class="size-line"><label class="size-mega"><span class="visually-hidden">Megapixels</span>
        <select name="megapixels"></select></label>
        <span class="size-sides" hidden><input type="number" name="width" aria-label="Width in px" inputmode="numeric">
        <span aria-hidden="true">x</span>
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
