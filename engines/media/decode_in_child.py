"""Decode large pictures in a child process if their decoders hold the GIL for the whole picture.

The studio stays responsive, and the decoder's memory is freed at once.
"""

import json
import logging
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

from PIL import Image

from errors import StudioError

log = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[2]
_FORMATS = ("WEBP", "AVIF", "HEIF")
_PIXELS = 6_000_000
"""Pictures with fewer pixels decode faster than a process starts."""
_ROWS = 128
_SECONDS, _PIXELS_A_SECOND = 30.0, 1_000_000
"""Base time limit in seconds, and the pixels that add one second to it: many times what an idle computer needs."""
_MOST_MEMORY = 4 * 2**30
_DAMAGED = 3
"""Exit status for a damaged file. Other failures are mostly a lack of memory."""
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "LANG", "HOME")
"""Environment variables for the decoder of untrusted files; none of them holds a key."""
_NEXT = "Try again when this computer is less busy, or save the picture as JPEG or PNG and upload that."


def is_slow(image: Image.Image) -> bool:
    """Whether an opened, not yet decoded picture should be decoded in a child process."""
    return image.format in _FORMATS and image.width * image.height > _PIXELS


def decode_in_child(image: Image.Image, path: Path) -> Image.Image:
    """Return an opened picture, decoded.

    Raises ValueError if its file is damaged, StudioError too_slow or out_of_memory.
    """
    seconds = _SECONDS + image.width * image.height / _PIXELS_A_SECOND
    late = threading.Event()
    try:
        process = _start(path)
    except OSError as error:
        raise no_memory(str(error)) from error
    with process:
        timer = threading.Timer(seconds, _stop, (process, late))
        timer.start()
        try:
            decoded = _read(process, image)
        except ValueError as error:
            raise _problem(process, late.is_set(), seconds) or error from error
        finally:
            timer.cancel()
            process.kill()
    vars(decoded).update(info=dict(image.info), format=image.format, n_frames=getattr(image, "n_frames", 1))
    return decoded


def _stop(process: "subprocess.Popen[bytes]", late: threading.Event) -> None:
    late.set()
    process.kill()


def _start(path: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "engines.media.decode_in_child", str(path.resolve())],
        cwd=_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        start_new_session=True,  # Ctrl+C in a terminal only reaches the studio
    )


def _read(process: "subprocess.Popen[bytes]", image: Image.Image) -> Image.Image:
    """Read a picture that ``_write`` sends. Raises ValueError if it is incomplete, or larger than its header says."""
    assert process.stdout
    header = json.loads(process.stdout.readline() or "null")
    if header is None:
        raise ValueError("it was not decoded")
    mode, (width, height) = header
    if width * height > image.width * image.height:
        raise ValueError("it is larger than its header says")
    decoded = Image.new(mode, (width, height))
    for top in range(0, height, _ROWS):
        size = width, min(_ROWS, height - top)
        rows = process.stdout.read(size[0] * size[1] * len(decoded.getbands()))
        decoded.paste(Image.frombytes(mode, size, rows), (0, top))
    return decoded


def _problem(process: "subprocess.Popen[bytes]", late: bool, seconds: float) -> StudioError | None:
    """Return the error of a decoder that failed for another reason than its file, else None."""
    assert process.stderr
    stderr = process.stderr.read().decode(errors="replace").strip()
    status = process.wait()
    log.info("Decoding a picture failed with status %s: %s", status, stderr)
    if late:
        why = f"Decoding it takes more than {seconds:.0f} s on this computer."
        return StudioError("too_slow", "The picture took too long to open.", why, _NEXT, status=422)
    return None if status == _DAMAGED else no_memory(stderr)


def no_memory(message: str) -> StudioError:
    log.warning("Not enough memory for a picture: %s", message)
    why = "This computer does not have enough free memory for it right now."
    return StudioError("out_of_memory", "The picture could not be opened.", why, _NEXT, status=503)


def _write(image: Image.Image, pipe: IO[bytes]) -> None:
    """Send an 8-bit picture: one line with its mode and size, then its rows."""
    image.load()
    pipe.write(json.dumps([image.mode, image.size]).encode() + b"\n")
    for top in range(0, image.height, _ROWS):
        pipe.write(image.crop((0, top, image.width, min(image.height, top + _ROWS))).tobytes())
    pipe.flush()


def _main(path: Path) -> None:
    from engines.media.picture import open_upright

    os.nice(5)
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY if most < 0 else min(most, _MOST_MEMORY), most))
    try:
        _write(open_upright(path), sys.stdout.buffer)
    except MemoryError:
        raise
    except Exception as error:  # decoders of hostile files raise anything
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(_DAMAGED)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
