"""Thumbnails of a picture in every built-in look, made in the background while someone looks at them.

They are made by one thread of the lowest priority, apart from the queue, so that no job waits for them. Whoever looks
asks again and again; when nobody has asked for a moment, the work stops.
"""

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engines.media.files import write_atomically

log = logging.getLogger(__name__)

STYLES = 26
"""The number of looks."""

SIDE = 256
"""The longer side of a thumbnail, in px."""

_PATIENCE = 3.0
"""Seconds without a question after which the work stops."""
_PICTURES = 100
"""How many pictures' thumbnails are kept."""


class StyleThumbnails:
    """The thumbnails of recent pictures. ``folder`` returns where they are stored, ``network`` the looks' network file.

    Thread-safe.
    """

    def __init__(self, folder: Callable[[], Path], network: Callable[[], Path]) -> None:
        self._folder = folder
        self._network = network
        self._lock = threading.Lock()
        self._wanted: dict[str, tuple[Path, float]] = {}
        self._failed: set[str] = set()
        self._thread: threading.Thread | None = None

    def ask(self, picture_id: str, picture: Path) -> tuple[list[str], bool]:
        """Return the looks whose thumbnails exist, and whether those are all there will be. Until then, ask again."""
        made = [style for style in map(style_name, range(STYLES)) if self.path(picture_id, style).is_file()]
        with self._lock:
            if len(made) == STYLES or picture_id in self._failed:
                return made, True
            self._wanted[picture_id] = (picture, time.monotonic())
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="style thumbnails", daemon=True)
                self._thread.start()
        return made, False

    def path(self, picture_id: str, style: str) -> Path:
        """Return where a thumbnail is stored once it exists."""
        return self._folder() / picture_id / f"{style}.webp"

    def _work(self) -> None:
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)  # of this thread alone, on Linux
        session = None
        while (next_one := self._next()) is not None:
            picture_id, picture = next_one
            try:
                session = session or styles_session(self._network())
                self._make(session, picture_id, picture)
            except Exception:
                log.exception("No style thumbnails of %s", picture_id)
                self._failed.add(picture_id)
            with self._lock:
                self._wanted.pop(picture_id, None)

    def _next(self) -> tuple[str, Path] | None:
        """Return the picture that someone asked for last; None ends the thread."""
        with self._lock:
            self._wanted = {id: ask for id, ask in self._wanted.items() if time.monotonic() - ask[1] < _PATIENCE}
            if not self._wanted:
                self._thread = None
                return None
            picture_id = max(self._wanted, key=lambda id: self._wanted[id][1])
            return picture_id, self._wanted[picture_id][0]

    def _make(self, session: Any, picture_id: str, picture: Path) -> None:
        """Make the missing thumbnails of a picture, as long as someone asks for them."""
        from PIL import Image

        from engines.enhance.style_transfer import apply_style
        from engines.media.picture import open_picture

        small = open_picture(picture).convert("RGB")
        small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        self.path(picture_id, "").parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._prune()
        for number in range(STYLES):
            path = self.path(picture_id, style_name(number))
            if path.is_file():
                continue
            if not self._is_wanted(picture_id):
                return
            with write_atomically(path) as part:
                apply_style(session, small, number).save(part, "webp", quality=80)

    def _is_wanted(self, picture_id: str) -> bool:
        with self._lock:
            asked = self._wanted.get(picture_id)
            newest = max((at for _, at in self._wanted.values()), default=0.0)
        return asked is not None and asked[1] == newest and time.monotonic() - asked[1] < _PATIENCE

    def _prune(self) -> None:
        """Delete the thumbnails of all but the latest pictures."""
        folders = sorted(self._folder().iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
        for folder in folders[_PICTURES:]:
            shutil.rmtree(folder, ignore_errors=True)


def style_name(number: int) -> str:
    """Return the value of a look in a request."""
    return f"style-{number:02}"


def styles_session(path: Path) -> Any:
    """Return the network of the looks, which runs in the thread that calls it, with its priority."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
