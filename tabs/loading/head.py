"""What the page loads before Gradio starts: one style sheet, one script, and hints for Gradio's own files.

What Gradio's ``head`` option adds arrives a second too late.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tabs.loading.bundle import bundle, source_map
from tabs.loading.gradio_frontend import FRONTEND, FrontEnd
from tabs.loading.hashed_files import HashedFiles

ASSETS = Path(__file__).parents[2] / "assets"
FOLDER = "c41/page"
"""Where the page requests hashed files, relative to its own address."""

_START = (Path(__file__).parent / "start.js").read_text("utf-8")


def head(
    files: HashedFiles, front_end: FrontEnd, theme: str, styles: Sequence[str], known: Mapping[str, object]
) -> str:
    """Return the markup for the end of the page's ``<head>``, and add the files it names to ``files``.

    ``theme`` is Gradio's style sheet of the theme, ``styles`` our own in ``assets/css``, in order. ``known`` is what
    scripts find in ``window.C41``.
    """
    own = [ASSETS / "css" / name for name in styles]
    gradios = [FRONTEND / "assets" / name for name in front_end.styles]
    sheet = "\n".join([theme, *(path.read_text("utf-8") for path in (*gradios, *own))])
    lines = [
        '<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">',
        '<meta name="color-scheme" content="dark light">',
        '<link rel="icon" type="image/svg+xml" href="c41/logo.svg">',
        f'<link rel="stylesheet" href="{FOLDER}/{files.add("studio.css", sheet)}">',
        f"<script>window.C41 = {_inline(known)};\n{_START}</script>",
        *(f'<link rel="modulepreload" href="assets/{name}">' for name in front_end.scripts),
        # Gradio loads no sheet that the page already links to; these are part of ours.
        *(f'<link rel="stylesheet" href="./assets/{name}" disabled>' for name in front_end.styles),
        f'<script type="module" src="{FOLDER}/{_script(files)}"></script>',
    ]
    return "\n".join(lines)


def _script(files: HashedFiles) -> str:
    """Add the page's script and its source map. Returns the script's name."""
    bundled = bundle(ASSETS / "js" / "studio.js", lambda path: f"./{files.add(path.name, path.read_text('utf-8'))}")
    mapped = files.add("studio.map", json.dumps(source_map(bundled, ASSETS / "page")))
    return files.add("studio.js", f"{bundled.script}//# sourceMappingURL={mapped}\n")


def _inline(value: object) -> str:
    """Return a value as JSON inside a ``<script>``."""
    return json.dumps(value).replace("<", "\\u003c")
