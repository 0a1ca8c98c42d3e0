"""Extract the text of a PDF, ZIP or RTF file: ``python -m engines.media.extract pdf|zip|rtf PATH`` prints JSON.

It limits its time and memory, because a malicious file may try to exhaust both.
"""

import json
import lzma
import re
import resource
import stat
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

from engines.media.text_encoding import decode, decode_xml, unmarked_utf16

MAX_TEXT = 20_000_000
"""The most characters of a document."""
_MEMORY = 3 * 2**30
_CPU_SECONDS = 170
_MAX_ENTRIES = 20_000
_MAX_ENTRY = 2_000_000
_HEAD = 8192
_LEFT_OUT = {"__MACOSX", ".git", "node_modules", "__pycache__", ".venv", "venv"}
_UTF8_NAME = 0x800
_FAR = {"cp932", "gb18030", "big5", "cp949", "ibm866", "koi8-r", "windows-1251"}
"""Encodings that can be recognized in a short name; Western ones are too similar."""
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_NO_TEXT = 20
"""Characters per page below which a PDF counts as scanned."""


class ExtractionError(Exception):
    """The reason for missing text: ``bad``, ``locked``, ``scanned``, ``empty``, ``office``, ``long`` or ``slow``."""


def pdf_text(path: Path) -> dict[str, Any]:
    """Return the text of a PDF, each page after its number. Raises Trouble."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise ExtractionError("locked")
        pages, letters = [], 0
        for number, page in enumerate(reader.pages, 1):
            text = page.extract_text().encode(errors="ignore").decode().strip()
            letters += len(text)
            if letters > MAX_TEXT:
                raise ExtractionError("long")
            pages.append(f"[page {number}]\n{text}")
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        raise ExtractionError("bad") from error
    if letters < _NO_TEXT * min(len(pages), 10):
        raise ExtractionError("scanned" if pages else "bad")
    return {"text": "\n\n".join(pages), "pages": len(pages)}


def zip_text(path: Path) -> dict[str, Any]:
    """Return the text files of a ZIP file, each after its path. Skips links and binary, too large and locked files.

    Raises Trouble.
    """
    try:
        with zipfile.ZipFile(path) as package:
            names = package.namelist()
            if "[Content_Types].xml" in names or "mimetype" in names[:1]:
                raise ExtractionError("office")
            wanted = [info for info in package.infolist() if not info.is_dir() and not _aside(info)]
            texts, skipped, letters = [], max(0, len(wanted) - _MAX_ENTRIES), 0
            for info in wanted[:_MAX_ENTRIES]:
                text = _entry(package, info)
                if text is None:
                    skipped += 1
                    continue
                letters += len(text)
                if letters > MAX_TEXT:
                    raise ExtractionError("long")
                texts.append(f"=== {entry_name(info)}\n{text}")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise ExtractionError("bad") from error
    if not texts:
        raise ExtractionError("empty")
    return {"text": "\n\n".join(texts), "files": len(texts), "skipped": skipped}


def rtf_file_text(path: Path) -> dict[str, Any]:
    """Return the text of an RTF file. Raises Trouble."""
    text = rtf_text(decode(path.read_bytes()).text)
    if len(text) > MAX_TEXT:
        raise ExtractionError("long")
    return {"text": text}


def rtf_text(rtf: str) -> str:
    """Return the plain text of Rich Text Format. Raises Trouble."""
    from striprtf.striprtf import rtf_to_text

    try:
        return str(rtf_to_text(rtf, errors="replace"))
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise ExtractionError("bad") from error


def fdx_text(xml: str) -> str:
    """Return the paragraphs of a Final Draft script, with scene headings and names in capitals. Raises Trouble."""
    try:
        root = ElementTree.fromstring(_DECLARATION.sub("", xml, count=1).encode(errors="replace"))
    except ElementTree.ParseError as error:
        raise ExtractionError("bad") from error
    return "\n\n".join(_paragraphs(root))


def _paragraphs(root: ElementTree.Element) -> Iterator[str]:
    for paragraph in root.iterfind("./Content//Paragraph"):  # dual dialogue nests paragraphs
        text = "".join(part.text or "" for part in paragraph.iterfind("Text")).strip()
        if text:
            yield text.upper() if paragraph.get("Type") in ("Scene Heading", "Character", "Transition") else text


def _aside(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is in a folder that tools create."""
    return not _LEFT_OUT.isdisjoint(PurePosixPath(info.filename).parts)


def entry_name(info: zipfile.ZipInfo) -> str:
    """Return an entry's name. Without the UTF-8 flag it is in the code page of the computer that packed it."""
    if info.flag_bits & _UTF8_NAME or info.filename.isascii():
        return info.filename
    raw = info.filename.encode("cp437")  # how the library decodes such names
    text, guess = decode(raw)
    return text if guess in _FAR or not guess else raw.decode("cp850")  # the code page of Western consoles


def _entry(package: zipfile.ZipFile, info: zipfile.ZipInfo) -> str | None:
    """Return the text of an entry; None if it is not text. Never unpacks more than it keeps."""
    if info.flag_bits & 1 or stat.S_ISLNK(info.external_attr >> 16) or info.file_size > _MAX_ENTRY:
        return None
    try:
        with package.open(info) as file:
            head = file.read(_HEAD)
            if b"\0" in head and head[:2] not in _WIDE and not unmarked_utf16(head):
                return None
            content = head + file.read(_MAX_ENTRY + 1 - len(head))
        if len(content) > _MAX_ENTRY or content.startswith(b"%PDF-"):
            return None
        if b"<FinalDraft" in content[:2048]:
            return fdx_text(decode_xml(content))
        text = decode(content).text
        return rtf_text(text) if text.startswith("{\\rtf") else text
    except (ExtractionError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, EOFError, OSError):
        return None  # a damaged entry does not affect others


_READERS = {"pdf": pdf_text, "zip": zip_text, "rtf": rtf_file_text}


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))


def main(kind: str, path: str) -> None:
    """Print the text of a file, or the reason why there is none, as JSON."""
    _limit()
    try:
        result = _READERS[kind](Path(path))
    except ExtractionError as error:
        result = {"trouble": str(error)}
    except MemoryError:
        result = {"trouble": "slow"}
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
