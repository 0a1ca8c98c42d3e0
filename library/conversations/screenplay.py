"""An answer as a screenplay: Fountain for most writing programs, FDX for Final Draft."""

import io
import re
from xml.etree import ElementTree

_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FENCED = re.compile(r"^[ \t]*```[ \t]*(\w*)[^\n]*\n(.*?)^[ \t]*```[ \t]*$", re.M | re.S)
_HEADING = re.compile(r"^\s*(?:#+\s+)?\*{0,2}((?:INT|EXT|EST|I/E)[ ./].*?)\*{0,2}\s*$")
_BOLD_LINE = re.compile(r"^\s*\*\*([^*]+)\*\*((?:\s*\([^)]*\))*)\s*$")


def writable(text: str) -> str:
    """The text without characters that XML does not allow."""
    return _NOT_XML.sub("", text)


def fountain(text: str) -> str:
    """The script without what models often add around it: comments, code fences, bold headings."""
    return f"{_script(text)}\n"


def final_draft(text: str) -> str:
    """The script as a Final Draft file, with paragraph styles, dual dialogue and scene numbers."""
    from screenplain.export.fdx import to_fdx
    from screenplain.parsers import fountain

    # Start with an empty line: a script that begins with “Name: …” would be read as a title page.
    script = fountain.parse(io.StringIO(f"\n{_script(text)}\n"))
    out = io.StringIO()
    to_fdx(script, out)
    root = ElementTree.fromstring(out.getvalue().encode())
    numbers = [one.scene_number for one in script if hasattr(one, "scene_number")]
    for heading, number in zip(root.iterfind(".//Paragraph[@Type='Scene Heading']"), numbers, strict=True):
        if number:
            heading.set("Number", str(number))
    head = '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
    return head + ElementTree.tostring(root, encoding="unicode") + "\n"


def _script(text: str) -> str:
    """Only the scenes in code fences, if there are any. Lines that are entirely bold lose their bold markers."""
    text = writable(text)
    fenced = [inside for kind, inside in _FENCED.findall(text) if _is_scene(kind, inside)]
    lines = "\n\n".join(fenced).splitlines() if fenced else [one for one in text.splitlines() if "```" not in one]
    return "\n".join(_BOLD_LINE.sub(r"\1\2", _HEADING.sub(r"\1", line)) for line in lines).strip()


def _is_scene(kind: str, inside: str) -> bool:
    return kind.lower() in ("fountain", "screenplay") or any(_HEADING.match(line) for line in inside.splitlines())
