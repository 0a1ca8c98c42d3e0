"""What encoders made of pictures is remembered for these pictures alone."""

from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from engines.catalog import SHIPPED, read
from engines.image import parts, reading
from engines.image.family import Family, Work
from engines.planning import Working
from engines.remembered import Remembered


def test_pictures_of_one_color_are_told_apart_by_their_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    class Reader(Family):
        name = "reader"

    def made(family: Family, work: Work, *_: Any) -> reading.Reading:
        return reading.Reading({"sizes": [picture.size for picture in work.references]}, "")

    monkeypatch.setattr(parts, "components", lambda *_: {})
    monkeypatch.setattr(reading, "_read", made)
    context: Any = SimpleNamespace(remembered=Remembered())
    entry = read(SHIPPED / "qwen-image-edit.yaml")

    def sizes(width: int, height: int) -> Any:
        white = Image.new("RGB", (width, height), "white")
        work = Work("edit_image", entry, "a fox", "", 64, 64, 4, 1.0, references=(white,))
        return reading.read(Reader(), work, context, Working(0, 0)).words["sizes"]

    assert sizes(64, 32) == [(64, 32)]
    assert sizes(32, 64) == [(32, 64)]
    assert sizes(64, 32) == [(64, 32)]
