"""Read documents as text: plain text and code, PDF, Final Draft scripts, RTF, and ZIP files of text."""

import json
import subprocess
import sys
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, Literal, NamedTuple

from engines.media.extract import MAX_TEXT, ExtractionError, fdx_text
from engines.media.text_encoding import decode, decode_xml, unmarked_utf16
from errors import StudioError

READABLE = ("document", "subtitles")
"""The asset kinds that can be read as text."""
PDF, ZIP, FDX, RTF, TEXT = "application/pdf", "application/zip", "application/x-fdx", "application/rtf", "text/plain"
SUFFIXES = {PDF: ".pdf", ZIP: ".zip", FDX: ".fdx", RTF: ".rtf", TEXT: ".txt"}

_ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 180
"""Time limit in seconds for reading a PDF, ZIP or RTF file."""
_HEAD = 65_536
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF32_BE = b"\0\0\xfe\xff"
_KEEP_CHARACTERS = 64_000_000
"""Total characters of documents that are kept in memory."""


class Document(NamedTuple):
    """A document as text. Of a ZIP file, ``files`` were read and ``skipped`` were not text or too large.

    ``guess`` names the encoding if it had to be guessed.
    """

    text: str
    noun: Literal["PDF", "zip", "script", "text"]
    pages: int | None = None
    files: int = 1
    skipped: int = 0
    guess: str = ""


def document_type(path: Path) -> str | None:
    """Return a document's MIME type, detected from its content; None if it cannot be read as a document."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return ZIP
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"{\\rtf"):
        return RTF
    if _is_text(head):
        return FDX if "<FinalDraft" in decode(head[:2048]).text else TEXT
    # Some programs write other bytes before a PDF's header; a text may also mention the header.
    return PDF if b"%PDF-" in head[:1024] else None


def read_document(path: Path, mime: str, name: str) -> Document:
    """Return the text of a document; ``name`` is used in errors.

    A PDF, ZIP or RTF file is read in a child process with limited time and memory. Results are cached. Raises
    StudioError: bad_document, locked_document, scanned_document, empty_document, office_document, long_document,
    slow_document.
    """
    stat = path.stat()
    key = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
    document = _documents.get(key)
    if document is None:
        document = _read(path, mime, f"“{name[:80]}”" if name else "The document")
        _documents.put(key, document)
    return document


def _read(path: Path, mime: str, name: str) -> Document:
    if mime == PDF:
        result = _child("pdf", path, name)
        return Document(result["text"], "PDF", pages=result["pages"])
    if mime == ZIP:
        result = _child("zip", path, name)
        return Document(result["text"], "zip", files=result["files"], skipped=result["skipped"])
    if mime == RTF:
        return Document(_child("rtf", path, name)["text"], "text")
    if path.stat().st_size > 4 * MAX_TEXT:
        raise document_problem("long", name)
    try:
        document = _text(path.read_bytes(), mime)
    except ExtractionError as error:
        raise document_problem(str(error), name) from error
    if len(document.text) > MAX_TEXT:
        raise document_problem("long", name)
    return document


def _text(content: bytes, mime: str) -> Document:
    if mime == FDX:
        return Document(fdx_text(decode_xml(content)), "script")
    text, guess = decode(content)
    return Document(text, "text", guess=guess)


def document_problem(code: str, name: str) -> StudioError:
    """Return the error for a document that cannot be read."""
    what, why, next = _PROBLEMS.get(code, _PROBLEMS["bad"])
    return StudioError(f"{code}_document", what.format(name=name), why, next, status=422)


_PROBLEMS = {
    "bad": ("{name} cannot be read.", "It is damaged or incomplete.", "Save it again, or choose another file."),
    "locked": ("{name} is protected by a password.", "", "Save a copy without the password and use that."),
    "scanned": (
        "{name} has no text.",
        "Its pages are scanned pictures.",
        "Attach the pages as pictures to a vision model, or use a version with text.",
    ),
    "empty": ("{name} has no text files.", "", "Choose another file."),
    "office": ("{name} is an office document.", "", "Save it as PDF or plain text and use that."),
    "long": (
        "{name} is too long.",
        f"It has more than {MAX_TEXT // 1_000_000} million characters, which is more than any model can read.",
        "Use only a part of it.",
    ),
    "slow": (
        "{name} took too long to read.",
        "It is very large or unusually built.",
        "Use only a part of it.",
    ),
}


def _child(kind: str, path: Path, name: str) -> dict[str, Any]:
    """Return the output of ``python -m engines.media.extract`` for a file."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "engines.media.extract", kind, str(path)],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise document_problem("slow", name) from error
    try:
        result: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:  # it exceeded its limits, or crashed on the file
        raise document_problem("bad", name) from error
    if "trouble" in result:
        raise document_problem(str(result["trouble"]), name)
    return result


def _is_text(head: bytes) -> bool:
    wide = head[:2] in _UTF16 or head.startswith(_UTF32_BE) or unmarked_utf16(head)
    letters = decode(head[: len(head) // 4 * 4]).text if wide else head.decode("latin-1")
    odd = sum(letter < " " and letter not in "\t\n\f\r\x1b" for letter in letters)
    return "\0" not in letters and odd * 100 < len(letters)


class _Memory:
    """A thread-safe cache of recent documents."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[int, ...], Document] = OrderedDict()

    def get(self, key: tuple[int, ...]) -> Document | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def put(self, key: tuple[int, ...], document: Document) -> None:
        with self._lock:
            self._known[key] = document
            while len(self._known) > 1 and sum(len(one.text) for one in self._known.values()) > _KEEP_CHARACTERS:
                self._known.popitem(last=False)


_documents = _Memory()
