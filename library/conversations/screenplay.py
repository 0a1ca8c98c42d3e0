"""An answer as a screenplay: Fountain for most writing programs, FDX for Final Draft."""

import re

_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_HEADING = re.compile(r"^\s*(?:#+\s+)?\*{0,2}((?:INT|EXT|EST|I/E)[ ./].*?)\*{0,2}\s*$")


def writable(text: str) -> str:
    """The text without the characters that no XML file may hold."""
    return _NOT_XML.sub("", text)


def fountain(text: str) -> str:
    """The text in clean Fountain form."""
    from screenplay_tools.fountain.writer import Writer

    return f"{Writer().write(_script(text)).strip()}\n"


def final_draft(text: str) -> str:
    """The text as a Final Draft file."""
    from screenplay_tools.fdx.writer import Writer

    return str(Writer().write(_script(text)))


def _script(text: str) -> object:
    from screenplay_tools.fountain.parser import Parser

    parser = Parser()
    parser.add_text(_bare(text))
    parser.finalize()
    return parser.script


def _bare(text: str) -> str:
    """Without what models like to put around a scene: code fences, bold headings, a title of hashes.

    An empty line goes first: a screenplay that begins with “Name: …” would be read as a title page.
    """
    lines = [line for line in writable(text).splitlines() if not line.lstrip().startswith("```")]
    return "\n" + "\n".join(_HEADING.sub(r"\1", line) for line in lines)
