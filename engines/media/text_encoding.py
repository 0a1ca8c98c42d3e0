"""Bytes of somebody's text as letters: one reader for documents, entries of zips and names in zips.

Marks and UTF-8 are certain, UTF-8 with a few stray bytes in it too. Anything else is a guess by uchardet, Mozilla's
detector, which a short text of plain Latin letters can mislead: then the Western code page is taken.
"""

import codecs
import re
from typing import NamedTuple

import cchardet

_MARKS = ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_WESTERN = "cp1252"
_SURE = 0.5
"""Below this confidence a guess is no better than the Western code page."""
_PYTHON = {
    "ASCII": _WESTERN,
    "ISO-8859-1": _WESTERN,
    "ISO-8859-9": "cp1254",
    "GB18030": "gb18030",
    "UHC": "cp949",
    "SHIFT_JIS": "cp932",
}
_SAMPLE = 1_000_000
_BEFORE = 1000
"""Bytes before the first that is not ASCII that a guess may look at."""
_STRAY = 8
"""A text counts as UTF-8 with at least so many letters of several bytes for each stray byte."""
_ZEROS = 0.3
"""UTF-16 of Western text has a zero in nearly every second byte."""
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*encoding=["']([\w.-]+)["']""")
_DECLARABLE = re.compile(
    r"utf-8|ascii|iso8859-\d+|iso2022_jp|cp(125\d|437|85[02]|866|932|949)|koi8-[ru]|mac-\w+|"
    r"shift_jis|euc_(jp|kr)|gb2312|gbk|gb18030|big5"
)
"""Encodings in which a declaration can be read byte by byte, so that it may be true."""


class Decoded(NamedTuple):
    """A text; ``guess`` names the encoding where nothing in the file said it, else it is empty."""

    text: str
    guess: str = ""


def decode(content: bytes) -> Decoded:
    """The text of a file in whatever encoding it is. What cannot be read becomes U+FFFD; half letters too."""
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return Decoded(content.decode(codec, errors="replace"))
    if codec := unmarked_utf16(content):
        return Decoded(content.decode(codec, errors="replace"))
    try:
        return Decoded(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        text = content.decode("utf-8-sig", errors="replace")
    stray = text.count("\ufffd")
    if len(text) - len(text.encode("ascii", errors="ignore")) - stray >= _STRAY * stray:
        return Decoded(text)
    codec = _guess(content)
    return Decoded(content.decode(codec, errors="replace"), codec)


def decode_xml(content: bytes) -> str:
    """The text of an XML file: what its first line says of its encoding counts before any guess."""
    declared = _DECLARED.match(content[:200])
    try:
        if declared and _DECLARABLE.fullmatch(codec := codecs.lookup(declared[1].decode("ascii")).name):
            return content.decode(codec)
    except (LookupError, UnicodeError):
        pass  # it says wrong
    return decode(content).text


def unmarked_utf16(content: bytes) -> str:
    """The codec of UTF-16 without its mark, told by where its zeros are; empty for anything else."""
    head = content[:4096]
    if len(head) < 4 or b"\0" not in head:
        return ""
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > half * _ZEROS and not even:
        return "utf-16-le"
    return "utf-16-be" if even > half * _ZEROS and not odd else ""


def _guess(content: bytes) -> str:
    """The codec of a text that is not ASCII alone."""
    first = _NOT_ASCII.search(content)
    start = max(0, first.start() - _BEFORE) if first else 0
    sample = content[start : start + _SAMPLE]
    found = cchardet.detect(sample)
    name, sure = str(found["encoding"] or _WESTERN), found["confidence"] or 0
    codec = _PYTHON.get(name.upper(), name) if sure >= _SURE else _WESTERN
    try:
        sample.decode(codec, errors="ignore")
    except LookupError:  # a name that Python has no codec for
        return _WESTERN
    return codec.lower()
