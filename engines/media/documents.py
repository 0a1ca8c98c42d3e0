"""Documents as text: plain texts and code, PDFs, film scripts in Final Draft's format, zips of code."""

import json
import subprocess
import sys
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, Literal, NamedTuple

from engines.media.extract import MAX_TEXT, Trouble, fdx_text
from engines.media.text_encoding import decode, decode_xml, unmarked_utf16
from errors import StudioError

READABLE = ("document", "subtitles")
"""The kinds of assets that are read as text."""
PDF, ZIP, FDX, RTF, TEXT = "application/pdf", "application/zip", "application/x-fdx", "application/rtf", "text/plain"
SUFFIXES = {PDF: ".pdf", ZIP: ".zip", FDX: ".fdx", RTF: ".rtf", TEXT: ".txt"}

_ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 180
"""How long a PDF or a zip may take to read."""
_HEAD = 65_536
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF32_BE = b"\0\0\xfe\xff"
_KEEP_CHARACTERS = 64_000_000
"""How many characters of documents read before are remembered."""


class Document(NamedTuple):
    """A document as text. ``files`` of a zip were read, ``skipped`` were no text or too large.

    ``guess`` names the encoding where the file did not say it.
    """

    text: str
    noun: Literal["PDF", "zip", "script", "text"]
    pages: int | None = None
    files: int = 1
    skipped: int = 0
    guess: str = ""


def document_type(path: Path) -> str | None:
    """The MIME type of a document, told by its content; None where it is none that can be read."""
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
    # Some programs put bytes of their own before a PDF; a text may only mention the mark.
    return PDF if b"%PDF-" in head[:1024] else None


def read_document(path: Path, mime: str, name: str) -> Document:
    """The text of a document; ``name`` is for the sentence where it has none.

    A PDF, zip or RTF is read by a process of its own that may use only so much time and memory. What was read before is
    remembered. Raises StudioError: bad_document, locked_document, scanned_document, long_document.
    """
    stat = path.stat()
    key = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
    document = _remembered.get(key)
    if document is None:
        document = _read(path, mime, f"“{name[:80]}”" if name else "The document")
        _remembered.put(key, document)
    return document


def _read(path: Path, mime: str, name: str) -> Document:
    if mime == PDF:
        found = _child("pdf", path, name)
        return Document(found["text"], "PDF", pages=found["pages"])
    if mime == ZIP:
        found = _child("zip", path, name)
        return Document(found["text"], "zip", files=found["files"], skipped=found["skipped"])
    if mime == RTF:
        return Document(_child("rtf", path, name)["text"], "text")
    if path.stat().st_size > 4 * MAX_TEXT:
        raise trouble("long", name)
    try:
        document = _text(path.read_bytes(), mime)
    except Trouble as error:
        raise trouble(str(error), name) from error
    if len(document.text) > MAX_TEXT:
        raise trouble("long", name)
    return document


def _text(content: bytes, mime: str) -> Document:
    if mime == FDX:
        return Document(fdx_text(decode_xml(content)), "script")
    text, guess = decode(content)
    return Document(text, "text", guess=guess)


def trouble(code: str, name: str) -> StudioError:
    """The sentence for a document that cannot be read."""
    what, why, next = _TROUBLES.get(code, _TROUBLES["bad"])
    return StudioError(f"{code}_document", what.format(name=name), why, next, status=422)


_TROUBLES = {
    "bad": ("{name} cannot be read.", "It is damaged or incomplete.", "Save it again, or choose another file."),
    "locked": ("{name} is locked with a password.", "", "Save it without the password, then attach that."),
    "scanned": (
        "{name} holds no text.",
        "Its pages are pictures, as a scanner makes them.",
        "Attach pages as pictures to a model that sees, or a version with text.",
    ),
    "empty": ("{name} holds no text files.", "", "Choose another file."),
    "office": ("{name} is an office document.", "", "Save it as PDF or as plain text, then attach that."),
    "long": (
        "{name} is too long.",
        f"More than {MAX_TEXT // 1_000_000} million letters are more than any model reads.",
        "Attach a part of it.",
    ),
    "slow": ("{name} took too long to read.", "It is very large or built oddly.", "Attach a part of it."),
}


def _child(kind: str, path: Path, name: str) -> dict[str, Any]:
    """What ``python -m engines.media.extract`` says of a file."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "engines.media.extract", kind, str(path)],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise trouble("slow", name) from error
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:  # it died of its limits, or of what it read
        raise trouble("bad", name) from error
    if "trouble" in found:
        raise trouble(str(found["trouble"]), name)
    return found


def _is_text(head: bytes) -> bool:
    wide = head[:2] in _UTF16 or head.startswith(_UTF32_BE) or unmarked_utf16(head)
    letters = decode(head[: len(head) // 4 * 4]).text if wide else head.decode("latin-1")
    odd = sum(letter < " " and letter not in "\t\n\f\r\x1b" for letter in letters)
    return "\0" not in letters and odd * 100 < len(letters)


class _Memory:
    """The documents read last. Safe from any thread."""

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


_remembered = _Memory()
