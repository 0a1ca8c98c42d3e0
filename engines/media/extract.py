"""Takes the text out of a PDF or a zip: ``python -m engines.media.extract pdf|zip PATH``, one JSON object.

It runs with limits on time and memory, for what it reads may be made to exhaust both.
"""

import json
import lzma
import resource
import stat
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

MAX_TEXT = 20_000_000
"""The most letters of a document that are read."""
_MEMORY = 3 * 2**30
_CPU_SECONDS = 170
_MAX_ENTRIES = 20_000
_MAX_ENTRY = 2_000_000
_HEAD = 8192
_LEFT_OUT = {"__MACOSX", ".git", "node_modules", "__pycache__", ".venv", "venv"}
_NO_TEXT = 20
"""Letters a page below which a PDF counts as scanned."""


class Trouble(Exception):
    """Why there is no text: ``bad``, ``locked``, ``scanned``, ``empty``, ``office``, ``long`` or ``slow``."""


def pdf_text(path: Path) -> dict[str, Any]:
    """The text of a PDF, each page under its number. Raises Trouble."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Trouble("locked")
        pages, letters = [], 0
        for number, page in enumerate(reader.pages, 1):
            text = page.extract_text().encode(errors="ignore").decode().strip()
            letters += len(text)
            if letters > MAX_TEXT:
                raise Trouble("long")
            pages.append(f"[page {number}]\n{text}")
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        raise Trouble("bad") from error
    if letters < _NO_TEXT * min(len(pages), 10):
        raise Trouble("scanned" if pages else "bad")
    return {"text": "\n\n".join(pages), "pages": len(pages)}


def zip_text(path: Path) -> dict[str, Any]:
    """The text files of a zip, each under its path; what is binary, too large, locked or a link is skipped. Raises
    Trouble.
    """
    try:
        with zipfile.ZipFile(path) as package:
            names = package.namelist()
            if "[Content_Types].xml" in names or "mimetype" in names[:1]:
                raise Trouble("office")
            wanted = [info for info in package.infolist() if not info.is_dir() and not _aside(info)]
            texts, skipped, letters = [], max(0, len(wanted) - _MAX_ENTRIES), 0
            for info in wanted[:_MAX_ENTRIES]:
                text = _entry(package, info)
                if text is None:
                    skipped += 1
                    continue
                letters += len(text)
                if letters > MAX_TEXT:
                    raise Trouble("long")
                texts.append(f"=== {info.filename}\n{text}")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise Trouble("bad") from error
    if not texts:
        raise Trouble("empty")
    return {"text": "\n\n".join(texts), "files": len(texts), "skipped": skipped}


def fdx_text(xml: str) -> str:
    """The paragraphs of a script in Final Draft's format, scene headings and names in capitals. Raises Trouble."""
    try:
        root = ElementTree.fromstring(xml.encode())
    except ElementTree.ParseError as error:
        raise Trouble("bad") from error
    return "\n\n".join(_paragraphs(root))


def _paragraphs(root: ElementTree.Element) -> Iterator[str]:
    for paragraph in root.iterfind("./Content//Paragraph"):
        text = "".join(part.text or "" for part in paragraph.iterfind("Text")).strip()
        if text:
            yield text.upper() if paragraph.get("Type") in ("Scene Heading", "Character", "Transition") else text


def _aside(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is nobody's work: what tools leave."""
    return not _LEFT_OUT.isdisjoint(PurePosixPath(info.filename).parts)


def _entry(package: zipfile.ZipFile, info: zipfile.ZipInfo) -> str | None:
    """The text of an entry; None where it is none. Never more of it is unpacked than is kept."""
    if info.flag_bits & 1 or stat.S_ISLNK(info.external_attr >> 16) or info.file_size > _MAX_ENTRY:
        return None
    try:
        with package.open(info) as file:
            head = file.read(_HEAD)
            if b"\0" in head:
                return None
            content = head + file.read(_MAX_ENTRY + 1 - len(head))
        return None if len(content) > _MAX_ENTRY else content.decode("utf-8-sig")
    except (UnicodeDecodeError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, EOFError, OSError):
        return None  # a damaged entry costs only itself


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))


def main(kind: str, path: str) -> None:
    """Print what a file holds, or its trouble."""
    _limit()
    try:
        found = (pdf_text if kind == "pdf" else zip_text)(Path(path))
    except Trouble as error:
        found = {"trouble": str(error)}
    except MemoryError:
        found = {"trouble": "slow"}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
