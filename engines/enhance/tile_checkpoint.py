"""The finished tiles of a picture that is being upscaled, on disk while another job runs."""

import logging
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engines.media.files import write_atomically

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

    def save(self, unfinished: Unfinished) -> bool:
        """Write it, replacing an earlier one. False if that is not possible, for example because the disk is full."""
        try:
            with write_atomically(self._path) as part, part.open("wb") as file:
                np.savez(file, **unfinished._asdict())
        except OSError as error:
            log.warning("%s cannot be written, so the picture is upscaled without a pause: %s", self._path, error)
            return False
        return True

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
