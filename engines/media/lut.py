"""Check color lookup tables: .cube files of Adobe and DaVinci Resolve, with one or three dimensions or both."""

import math
import re
from pathlib import Path

from engines.media.text_encoding import decode
from errors import StudioError

SUFFIX = ".cube"
MIME = "application/x-cube-lut"

_SIZE_KEYS = {"LUT_1D_SIZE": (65_536, 1), "LUT_3D_SIZE": (129, 3)}
"""The largest size and the number of dimensions by keyword."""
_OTHER_KEYS = {"TITLE", "DOMAIN_MIN", "DOMAIN_MAX", "LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE", "LUT_IN_VIDEO_RANGE"}
_OTHER_KEYS |= {"LUT_OUT_VIDEO_RANGE"}
_HEAD = 8192
_MOST_BYTES = 128 * 2**20
_STARTS = re.compile(r"^\s*LUT_[13]D_SIZE\s", re.MULTILINE)


def is_lut(path: Path) -> bool:
    """Whether a file is a .cube file, judged by its first lines."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return b"\0" not in head and bool(_STARTS.search(decode(head).text))


def check_lut(path: Path, shown: str) -> None:
    """Raise StudioError bad_lut unless a .cube file is complete; ``shown`` names it in the error."""
    if path.stat().st_size > _MOST_BYTES:
        raise _bad(shown, "It is too large.")
    sizes: dict[str, int] = {}
    rows = 0
    for number, line in enumerate(decode(path.read_bytes()).text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if (key := words[0]) in _SIZE_KEYS:
            sizes[key] = _size(key, words, number, shown)
        elif key in _OTHER_KEYS:
            continue
        elif len(words) == 3 and all(map(_is_number, words)):
            rows += 1
        else:
            raise _bad(shown, f"Line {number} is neither a keyword nor three numbers.")
    expected = sum(size ** _SIZE_KEYS[key][1] for key, size in sizes.items())
    if rows != expected:
        raise _bad(shown, f"It has {rows:,} colors instead of {expected:,}.")


def _size(key: str, words: list[str], number: int, shown: str) -> int:
    most = _SIZE_KEYS[key][0]
    if len(words) != 2 or not words[1].isdecimal() or not 2 <= int(words[1]) <= most:
        raise _bad(shown, f"Line {number}: {key} must be from 2 to {most:,}.")
    return int(words[1])


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def _bad(shown: str, why: str) -> StudioError:
    return StudioError("bad_lut", f"{shown} cannot be used as a LUT.", why, "Export it again as .cube.", status=422)
