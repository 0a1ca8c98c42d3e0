"""Decode text of unknown encoding, for documents, ZIP entries and their names.

Byte order marks and UTF-8 are certain, also UTF-8 with a few stray bytes. Anything else is guessed by uchardet,
Mozilla's detector. A short Latin text can mislead it; if it is unsure, the Western code page is used.
"""

import codecs
import re
from typing import NamedTuple

import cchardet

_MARKS = ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_WESTERN = "cp1252"
_SURE = 0.5
"""Confidence below which the Western code page is used instead."""
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
"""Bytes before the first non-ASCII byte that the detector gets."""
_STRAY = 8
"""A text counts as UTF-8 if it has at least this many multibyte characters for each stray byte."""
_ZEROS = 0.3
"""Share of zeros above which a text is UTF-16; Western text has a zero in nearly every second byte."""
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*encoding=["']([\w.-]+)["']""")
_DECLARABLE = re.compile(
    r"utf-8|ascii|iso8859-\d+|iso2022_jp|cp(125\d|437|85[02]|866|932|949)|koi8-[ru]|mac-\w+|"
    r"shift_jis|euc_(jp|kr)|gb2312|gbk|gb18030|big5"
)
"""Encodings that an XML declaration can name truthfully, because it is readable as ASCII in them."""


class DecodedText(NamedTuple):
    """A text; ``guess`` names the encoding if it was guessed, else it is empty."""

    text: str
    guess: str = ""


def decode(content: bytes) -> DecodedText:
    """Decode text of unknown encoding. Invalid bytes become U+FFFD."""
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return DecodedText(content.decode(codec, errors="replace"))
    if codec := unmarked_utf16(content):
        return DecodedText(content.decode(codec, errors="replace"))
    try:
        return DecodedText(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        text = content.decode("utf-8-sig", errors="replace")
    stray = text.count("\ufffd")
    if len(text) - len(text.encode("ascii", errors="ignore")) - stray >= _STRAY * stray:
        return DecodedText(text)
    codec = _guess(content)
    return DecodedText(content.decode(codec, errors="replace"), codec)


def decode_xml(content: bytes) -> str:
    """Decode an XML file; a declared encoding takes precedence over any guess."""
    declared = _DECLARED.match(content[:200])
    try:
        if declared and _DECLARABLE.fullmatch(codec := codecs.lookup(declared[1].decode("ascii")).name):
            return content.decode(codec)
    except (LookupError, UnicodeError):
        pass  # the declaration is wrong
    return decode(content).text


def unmarked_utf16(content: bytes) -> str:
    """Return the codec of UTF-16 without a byte order mark, detected by its zeros; empty for anything else."""
    head = content[:4096]
    if len(head) < 4 or b"\0" not in head:
        return ""
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > half * _ZEROS and not even:
        return "utf-16-le"
    return "utf-16-be" if even > half * _ZEROS and not odd else ""


def _guess(content: bytes) -> str:
    """Guess the codec of a text that is not pure ASCII."""
    first = _NOT_ASCII.search(content)
    start = max(0, first.start() - _BEFORE) if first else 0
    sample = content[start : start + _SAMPLE]
    detected = cchardet.detect(sample)
    name, sure = str(detected["encoding"] or _WESTERN), detected["confidence"] or 0
    codec = _PYTHON.get(name.upper(), name) if sure >= _SURE else _WESTERN
    try:
        sample.decode(codec, errors="ignore")
    except LookupError:  # a name that Python has no codec for
        return _WESTERN
    return codec.lower()
