"""Large pictures of the formats whose decoders hold the interpreter for the whole of a picture, decoded in a process of
their own: meanwhile the studio answers, and what such a decoder takes is given back at once."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

from PIL import Image

_ROOT = Path(__file__).resolve().parents[2]
_FORMATS = ("WEBP", "AVIF", "HEIF")
_PIXELS = 6_000_000
"""What fewer of them take is over in less time than a process needs to start."""
_ROWS = 128
_SECONDS = 60


def is_slow(image: Image.Image) -> bool:
    """Whether a picture that is opened, not decoded, is one of these."""
    return image.format in _FORMATS and image.width * image.height > _PIXELS


def decoded(image: Image.Image, path: Path) -> Image.Image:
    """An opened picture, decoded. Raises ValueError where its file is damaged, or not decoded within a minute."""
    with subprocess.Popen(
        [sys.executable, "-m", "engines.media.apart", str(path.resolve())],
        cwd=_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout
        timer = threading.Timer(_SECONDS, process.kill)
        timer.start()
        try:
            found = _read(process.stdout)
        finally:
            timer.cancel()
            process.kill()
    vars(found).update(info=dict(image.info), format=image.format, n_frames=getattr(image, "n_frames", 1))
    return found


def _read(pipe: IO[bytes]) -> Image.Image:
    """A picture as ``_write`` sends it. Raises ValueError where it ends too early."""
    said = json.loads(pipe.readline() or "null")
    if said is None:
        raise ValueError("it was not decoded")
    mode, (width, height) = said
    found = Image.new(mode, (width, height))
    for top in range(0, height, _ROWS):
        size = width, min(_ROWS, height - top)
        found.paste(Image.frombytes(mode, size, pipe.read(size[0] * size[1] * len(found.getbands()))), (0, top))
    return found


def _write(image: Image.Image, pipe: IO[bytes]) -> None:
    """Send a picture of 8 bits a channel: its mode and size in a line, then its rows."""
    pipe.write(json.dumps([image.mode, image.size]).encode() + b"\n")
    for top in range(0, image.height, _ROWS):
        pipe.write(image.crop((0, top, image.width, min(image.height, top + _ROWS))).tobytes())
    pipe.flush()


if __name__ == "__main__":
    from engines.media.picture import opened

    os.nice(5)
    _write(opened(Path(sys.argv[1])), sys.stdout.buffer)
