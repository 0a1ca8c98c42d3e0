"""The starter models that tests run on: fetched once a machine, shared by every run."""

import contextlib
import io
import os
from pathlib import Path

from engines.starter.__main__ import main
from engines.starter.fetch import missing
from engines.starter.manifest import read_manifest

FOLDER = Path(os.environ.get("C41_TEST_STARTER") or "~/.cache/c41-studio/test-starter").expanduser()


def ensure() -> Path:
    """The folder of the whole pack, fetched if need be (the fetcher's own lock lets one run at a time).

    Raises RuntimeError with the fetcher's words when something is still missing.
    """
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        main(["fetch", str(FOLDER)])
    if left := missing(FOLDER, read_manifest()):
        raise RuntimeError(f"The tests need the starter models {', '.join(left)}.\n{said.getvalue()}")
    return FOLDER
