"""Small engines that do what the prompt says, for tests of hosts and workers."""

import errno
import hashlib
import time
from pathlib import Path
from typing import Any

import yaml

from engines import protocol
from engines.host.context import Context, JobYielded
from engines.requests import CreateImage, Request
from errors import StudioError

MODEL = "test-model"
TASK = "create_image"
RUNNER = f"{__name__}:run"


def install_entry(own: Path) -> None:
    """Add an entry without parts, so that no weights are needed."""
    own.mkdir(parents=True, exist_ok=True)
    entry = {
        "id": MODEL,
        "name": "Test model",
        "use": "Tests.",
        "tasks": [TASK],
        "runtime": "onnx",
        "pipeline": "none",
        "parts": {},
        "license": {"name": "none", "commercial": True},
        "verified": "starter",
    }
    (own / "test.yaml").write_text(yaml.safe_dump(entry))


def envelope(folder: Path, job: str = "job", attempt: int = 1, **request: Any) -> protocol.Envelope:
    """Return a job for a test engine, or for a real one with ``model``."""
    asked = {"task": TASK, "model": MODEL, "prompt": "picture", "seed": 1, **request}
    return protocol.Envelope(
        job=job,
        attempt=attempt,
        request=asked,
        out_dir=str(folder / "out"),
        checkpoint_dir=str(folder / "checkpoint"),
    )


def _picture(context: Context) -> protocol.ResultFile:
    path = context.new_file(".png")
    path.write_bytes(b"picture")
    return protocol.ResultFile(
        file=path.name,
        kind="image",
        mime="image/png",
        content_sha256=hashlib.sha256(b"picture").hexdigest(),
        provenance=context.provenance(),
    )


def _full(context: Context) -> protocol.ResultFile:
    context.new_file(".png").write_bytes(b"half a pic")
    raise OSError(errno.ENOSPC, "No space left on device")


class Panic(BaseException):
    """What a Rust library raises: not an Exception."""


def run(request: Request, context: Context) -> None:  # noqa: C901 - one branch per prompt
    assert isinstance(request, CreateImage)
    context.new_file(".tmp").write_bytes(b"half")
    match request.prompt:
        case "picture":
            for step in range(3):
                context.progress(step + 1, 3)
            context.new_file(".tmp").unlink()
            context.later(lambda: _picture(context))
        case "say":
            context.text("word ")
            context.text("by word")
            context.add(_picture(context))
        case "problem":
            raise StudioError("bad_thing", "It is bad.", "It was made so.", "Make it good.")
        case "bug":
            raise KeyError("secret detail")
        case "panic":
            raise Panic
        case "full":
            context.later(lambda: _full(context))
        case "wrapped full":
            try:
                _full(context)
            except OSError as error:
                raise RuntimeError("encoder failed") from error
        case "memory once" if not (marker := context.checkpoint_dir / "once").exists():
            marker.touch()
            raise MemoryError
        case "memory once":
            context.new_file(".tmp").unlink()
            context.add(_picture(context))
        case "says memory once":
            context.text("Hello ")
            context.text("wor")
            if not (marker := context.checkpoint_dir / "once").exists():
                marker.touch()
                raise MemoryError
            context.text("ld")
            context.add(_picture(context))
        case "memory":
            raise MemoryError
        case "memory of another program":
            try:
                raise RuntimeError("cudaMalloc failed: out of memory")
            except RuntimeError as error:
                raise StudioError("out_of_memory", "Ollama is full.", "It says so.", "Free it.") from error
        case "yield":
            while not context.should_yield:
                context.progress(1, 2)
                time.sleep(0.01)
            (context.checkpoint_dir / "state").write_text("half way")
            raise JobYielded
        case "endless":
            while True:
                context.progress(1, 2)
                time.sleep(0.01)
        case "stumbles when cancelled":
            while not context.cancelled:
                time.sleep(0.01)
            raise RuntimeError("aborted")
