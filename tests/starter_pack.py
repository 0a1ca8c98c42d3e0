"""The starter models for tests: downloaded once per computer, shared by every run."""

import contextlib
import io
import os
from pathlib import Path

from engines.starter.__main__ import main
from engines.starter.fetch import missing
from engines.starter.manifest import read_manifest

FOLDER = Path(os.environ.get("C41_TEST_STARTER") or "~/.cache/c41-studio/test-starter").expanduser()


def ensure() -> Path:
    """Return the folder of the whole pack, downloaded if necessary (the downloader's lock lets one run at a time).

    Raises RuntimeError with the downloader's output if something is still missing.
    """
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        main(["fetch", str(FOLDER)])
    if left := missing(FOLDER, read_manifest()):
        raise RuntimeError(f"The tests need the starter models {', '.join(left)}.\n{said.getvalue()}")
    return FOLDER
