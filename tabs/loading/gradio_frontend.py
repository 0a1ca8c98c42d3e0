"""The files of Gradio's own front end that the page needs to start, so that they can be requested at once.

Gradio's scripts name what they load next in lists made by its bundler. If a later version writes them differently,
nothing is found: the page then still works, but its files are requested one after another.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import gradio

FRONTEND = Path(gradio.__file__).parent / "templates" / "frontend"

_ENTRY = re.compile(r'<script type="module"[^>]* src="\./assets/([^"]+)"></script>')
_STYLE = re.compile(r'<link rel="stylesheet"[^>]* href="\./assets/([^"]+)">')
_LIST = re.compile(r"m\.f=\[([^\]]*)\]")
_LOADED_LATER = re.compile(r"import\(`\./([^`]+)`\)[^`]*?__vite__mapDeps\(\[([\d,]*)\]\)")
_COMPONENT = re.compile(r"[{,](\w+):\{[^{}]*?\bcomponent:\(\)=>\w+\(\(\)=>import\(`\./([^`]+)`\)")


class FrontEnd(NamedTuple):
    """The names of scripts and style sheets in Gradio's ``assets`` folder."""

    scripts: list[str]
    styles: list[str]


def front_end(components: set[str], folder: Path = FRONTEND) -> FrontEnd:
    """Return the files that a page with these types of components loads before it can be used."""
    page = (folder / "index.html").read_text("utf-8")
    scripts = dict.fromkeys(_ENTRY.findall(page))
    styles = dict.fromkeys(_STYLE.findall(page))
    for entry in list(scripts):
        for chunk, needs in _loaded_later(folder / "assets" / entry):  # the start, the registry of components
            names = [chunk, *needs]
            used = _chunks(folder / "assets" / chunk, components)
            for inner, inner_needs in _loaded_later(folder / "assets" / chunk):
                if inner.startswith("Blocks-") or inner in used:
                    names += [inner, *inner_needs]
            scripts |= dict.fromkeys(name for name in names if name.endswith(".js"))
            styles |= dict.fromkeys(name for name in names if name.endswith(".css"))
    return FrontEnd(list(scripts), list(styles))


def _loaded_later(script: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each chunk a script imports when it needs it, and the files that the chunk needs."""
    text = script.read_text("utf-8")
    listed = re.findall(r'"\./([^"]+)"', "".join(_LIST.findall(text)[:1]))
    for chunk, needs in _LOADED_LATER.findall(text):
        yield chunk, [listed[int(number)] for number in needs.split(",") if number]


def _chunks(registry: Path, components: set[str]) -> set[str]:
    return {chunk for kind, chunk in _COMPONENT.findall(registry.read_text("utf-8")) if kind in components}
