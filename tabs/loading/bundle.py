"""Joins the page's ES modules into one script, in the order of their imports. Each module becomes a function.

The modules keep to a subset that makes this a matter of lines: imports by name or ``* as`` at the top, exports in front
of the declaration, no cycles. Anything else is an error that names the line.
"""

import re
from collections.abc import Callable
from functools import cache
from os.path import normpath, relpath
from pathlib import Path
from typing import NamedTuple

_IMPORT = re.compile(r'^import\s+(?:\{(?P<names>[^}]*)\}|\*\s+as\s+(?P<all>\w+))\s+from\s+"(?P<path>\.[^"]+)";', re.M)
_DYNAMIC = re.compile(r'\bimport\("(\.[^"]+)"\)')
_EXPORT = re.compile(r"^export (?=(?:async )?(?:const|class|function\*?) (\w+))", re.M)
_DOCUMENTATION = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*$", re.M | re.S)
_ELSE = re.compile(r"^(?:import\b(?!\()|export\b).*", re.M)
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class Bundle(NamedTuple):
    """A script, the modules it consists of, and which line of which module each of its lines is."""

    script: str
    sources: list[Path]
    mappings: str


def bundle(entry: Path, lazy: Callable[[Path], str]) -> Bundle:
    """Join ``entry`` and all that it imports. ``lazy`` gives the address of a module that is imported when needed.

    Raises ValueError for an import cycle or a line outside the subset.
    """
    modules = _in_order(_path(entry))
    names = {path: f"module{number}" for number, path in enumerate(modules)}
    lines: list[str] = []
    mappings: list[str] = []
    source = line = 0  # a source map says by how much each number differs from the last one
    for number, (path, text) in enumerate(modules.items()):
        body, exported = _body(path, text, names, lazy)
        lines += [f"const {names[path]} = (() => {{", *body, f"return {{ {', '.join(exported)} }}; }})();"]
        mappings.append("")
        for here in range(len(body)):
            mappings.append("A" + _vlq(number - source) + _vlq(here - line) + "A")
            source, line = number, here
        mappings.append("")
    return Bundle("\n".join(lines) + "\n", list(modules), ";".join(mappings))


def source_map(bundled: Bundle, base: Path) -> dict[str, object]:
    """Return the source map of a bundle. Its sources are relative to ``base``."""
    sources = [relpath(path, _path(base)) for path in bundled.sources]
    return {"version": 3, "sources": sources, "names": [], "mappings": bundled.mappings}


def _path(path: Path) -> Path:
    """Return a path without ``..``. Unlike ``resolve`` it asks the disk nothing, which takes 20 ms here."""
    return Path(normpath(path))


def _in_order(entry: Path) -> dict[Path, str]:
    """Return the texts of all modules, each after those it imports."""
    done: dict[Path, str] = {}
    open_: list[Path] = []

    def visit(path: Path) -> None:
        if path in open_:
            raise ValueError(f"{path.name} imports itself: {' → '.join(one.name for one in (*open_, path))}")
        if path in done:
            return
        open_.append(path)
        text = path.read_text("utf-8")
        for found in _IMPORT.finditer(text):
            visit(_path(path.parent / found["path"]))
        done[open_.pop()] = text

    visit(entry)
    return done


def _body(path: Path, text: str, names: dict[Path, str], lazy: Callable[[Path], str]) -> tuple[list[str], list[str]]:
    """Return the lines of a module as the body of a function, as many as before, and the names it exports."""

    def local(found: re.Match[str]) -> str:
        module = names[_path(path.parent / found["path"])]
        taken = found["all"] or "{" + re.sub(r"\s+as\s+", ": ", found["names"]) + "}"
        return f"const {taken} = {module};"

    def address(found: re.Match[str]) -> str:
        return f'import("{lazy(_path(path.parent / found[1]))}")'

    text = _DOCUMENTATION.sub(lambda found: "\n" * found[0].count("\n"), text)
    exported = _EXPORT.findall(text)
    text = _EXPORT.sub("", _IMPORT.sub(local, _DYNAMIC.sub(address, text)))
    if odd := _ELSE.search(text):
        raise ValueError(f"{path.name}, line {text.count(chr(10), 0, odd.start()) + 1} cannot be bundled: {odd[0]}")
    return text.splitlines(), exported


@cache
def _vlq(number: int) -> str:
    """Return a number as a source map writes it: base 64, the sign in the lowest bit, the low digits first."""
    rest = abs(number) << 1 | (number < 0)
    digits = ""
    while True:
        rest, digit = rest >> 5, rest & 31
        digits += _BASE64[digit | 32 if rest else digit]
        if not rest:
            return digits
