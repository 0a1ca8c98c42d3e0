"""The finished tiles of a picture that is being upscaled, on disk while another job runs."""

import logging
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

log = logging.getLogger(__name__)

Pixels = npt.NDArray[np.uint8]


class Unfinished(NamedTuple):
    """A picture after ``tiles`` finished tiles: the input of the current pass, and its result so far.

    Parts of the result that are not upscaled yet are simply resized.
    """

    tiles: int
    picture: Pixels
    result: Pixels


class TileCheckpoint:
    """At most one unfinished picture in a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "tiles.npz"

    def save(self, unfinished: Unfinished) -> None:
        """Write it, replacing an earlier one. Raises OSError if the disk is full."""
        part = self._path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, **unfinished._asdict())
        part.replace(self._path)

    def load(self) -> Unfinished | None:
        """Return what was saved; None if there is nothing, or if it is damaged."""
        try:
            with np.load(self._path, allow_pickle=False) as saved:
                return Unfinished(int(saved["tiles"]), saved["picture"], saved["result"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            log.warning("%s cannot be read, so the picture is upscaled from the start: %s", self._path, error)
            return None
