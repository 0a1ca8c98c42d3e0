"""Small test requests (two steps, if the model allows that) for each task of a model, and a check of the results."""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from engines.catalog import Entry
from engines.media.clip import ClipReader
from tests.engines.image.image_worker import box_mask, noise
from tests.engines.media.clip_files import make_clip

FILMS = {"create_clip", "animate_image", "restyle_clip", "edit_clip", "fill_clip", "extend_clip"}
PAINTS = {"create_image", "change_image", "edit_image", "fill_image", "extend_image", *FILMS}

_FOLDER = TemporaryDirectory()
"""Of the clips to change; it is removed at the end."""

Put = Callable[[Image.Image | Path], str]
"""Uploads a picture, or the file of a clip, and returns its id."""


def requests(entry: Entry, put: Put, side: int) -> dict[str, dict[str, Any]]:
    """A request for each task of a diffusion model. Pictures are ``side`` px wide, or the model's minimum if larger."""
    return {task: _request(entry, task, put, side) for task in entry.tasks if task in PAINTS}


def _request(entry: Entry, task: str, put: Put, side: int) -> dict[str, Any]:
    steps = max(2, int(entry.bounds.get("steps", (2,))[0]))
    asked: dict[str, Any] = {"task": task, "model": entry.id, "prompt": "a red house", "seed": 5, "steps": steps}
    if task.startswith("create"):
        least = {name: int(entry.bounds.get(name, (side,))[0]) for name in ("width", "height")}
        asked |= {name: max(side, low) for name, low in least.items()}
        if entry.needs_references and task == "create_image":
            asked["references"] = [put(noise(side, side))]
    elif task in FILMS - {"animate_image"}:
        asked["clip"] = put(_clip(side))
    else:
        asked["image"] = put(noise(side, side))
    if task in FILMS:
        asked["seconds"] = entry.bounds.get("seconds", (0.5,))[0]
    if task in ("fill_image", "fill_clip"):
        quarter = side // 4
        asked["mask"] = put(box_mask(side, side, (quarter, quarter, 3 * quarter, 3 * quarter)))
    if task == "extend_image":
        asked["right"] = side // 2
    return asked


@cache
def _clip(side: int) -> Path:
    """Half a second of noise."""
    frames = [np.asarray(noise(side, side, seed)) for seed in range(9)]
    path = Path(_FOLDER.name) / f"{side}.mp4"
    return make_clip(path, [Fraction(n, 16) for n in range(9)], size=(side, side), frames=frames)


def check_result(path: Path) -> None:
    """Check that a picture or clip can be decoded and has more than one color."""
    pixels = _decoded(path)
    assert pixels.size > 0
    assert pixels.astype(float).std() > 1, f"{path.name} has only one color"


def _decoded(path: Path) -> np.ndarray:
    if path.suffix == ".mp4":
        with ClipReader(path) as reader:
            return np.stack([frame.pixels for frame in reader.read()])
    return np.asarray(Image.open(path).convert("RGB"))
