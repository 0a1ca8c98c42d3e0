"""Large pictures of the formats whose decoders hold the interpreter for the whole of a picture, decoded in a process of
their own: meanwhile the studio answers, and what such a decoder takes is given back at once."""

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
"""What fewer of them take is over in less time than a process needs to start."""
_ROWS = 128
_SECONDS, _PIXELS_A_SECOND = 30.0, 1_000_000
"""The longest that one may take, and how many pixels give it a second more: many times what an idle machine needs."""
_MOST_MEMORY = 4 * 2**30
_DAMAGED = 3
"""The exit status for a file that makes no sense. Others are the machine's: for the most part a lack of memory."""
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "LANG", "HOME")
"""The environment of a decoder of strangers' files: it holds no keys."""
_NEXT = "Try again when less is running here, or save it as JPEG or PNG and bring that in."


def is_slow(image: Image.Image) -> bool:
    """Whether a picture that is opened, not decoded, is one of these."""
    return image.format in _FORMATS and image.width * image.height > _PIXELS


def decoded(image: Image.Image, path: Path) -> Image.Image:
    """An opened picture, decoded.

    Raises ValueError where its file is damaged, StudioError where the machine lacks the time or the memory for it.
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
            found = _read(process, image)
        except ValueError as error:
            raise _trouble(process, late.is_set(), seconds) or error from error
        finally:
            timer.cancel()
            process.kill()
    vars(found).update(info=dict(image.info), format=image.format, n_frames=getattr(image, "n_frames", 1))
    return found


def _stop(process: "subprocess.Popen[bytes]", late: threading.Event) -> None:
    late.set()
    process.kill()


def _start(path: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "engines.media.apart", str(path.resolve())],
        cwd=_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        start_new_session=True,  # Ctrl-C in a terminal is for the studio
    )


def _read(process: "subprocess.Popen[bytes]", image: Image.Image) -> Image.Image:
    """A picture as ``_write`` sends it. Raises ValueError where it ends too early, or is larger than was said."""
    assert process.stdout
    said = json.loads(process.stdout.readline() or "null")
    if said is None:
        raise ValueError("it was not decoded")
    mode, (width, height) = said
    if width * height > image.width * image.height:
        raise ValueError("it is larger than its header says")
    found = Image.new(mode, (width, height))
    for top in range(0, height, _ROWS):
        size = width, min(_ROWS, height - top)
        rows = process.stdout.read(size[0] * size[1] * len(found.getbands()))
        found.paste(Image.frombytes(mode, size, rows), (0, top))
    return found


def _trouble(process: "subprocess.Popen[bytes]", late: bool, seconds: float) -> StudioError | None:
    """What kept a decoder from its end, where it was not the file."""
    assert process.stderr
    said = process.stderr.read().decode(errors="replace").strip()
    status = process.wait()
    log.info("A picture was not decoded (%s): %s", status, said)
    if late:
        why = f"Decoding it takes this machine more than {seconds:.0f} s."
        return StudioError("too_slow", "This picture could not be opened in time.", why, _NEXT, status=422)
    return None if status == _DAMAGED else no_memory(said)


def no_memory(said: str) -> StudioError:
    log.warning("No memory for a picture: %s", said)
    why = "The machine has too little memory for it at the moment."
    return StudioError("out_of_memory", "This picture could not be opened.", why, _NEXT, status=503)


def _write(image: Image.Image, pipe: IO[bytes]) -> None:
    """Send a picture of 8 bits a channel: its mode and size in a line, then its rows."""
    image.load()
    pipe.write(json.dumps([image.mode, image.size]).encode() + b"\n")
    for top in range(0, image.height, _ROWS):
        pipe.write(image.crop((0, top, image.width, min(image.height, top + _ROWS))).tobytes())
    pipe.flush()


def _main(path: Path) -> None:
    from engines.media.picture import opened

    os.nice(5)
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY if most < 0 else min(most, _MOST_MEMORY), most))
    try:
        _write(opened(path), sys.stdout.buffer)
    except MemoryError:
        raise
    except Exception as error:  # decoders of hostile files raise anything
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(_DAMAGED)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
