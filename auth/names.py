"""The names of people and of their tokens: what they may look like, and when two are the same."""

import unicodedata

from errors import StudioError

LONGEST = 40
_ALSO = frozenset("._- ")


def clean_name(name: str) -> str:
    """The name as it is kept. Raises StudioError for one that may not be used."""
    name = _tidy(name)
    if not 1 <= len(name) <= LONGEST:
        raise StudioError("bad_name", "A name has 1 to 40 characters.", next="Choose another name.", status=422)
    if not all(letter.isalnum() or letter in _ALSO for letter in name) or not any(map(str.isalnum, name)):
        raise StudioError(
            "bad_name",
            "This name cannot be used.",
            "A name is made of letters, digits, dots, dashes, underscores and spaces.",
            "Choose another name.",
            status=422,
        )
    return name


def clean_label(label: str) -> str:
    """The name of a token as it is kept: 1 to 60 printable characters. Raises StudioError for others."""
    label = _tidy(label)
    if not 1 <= len(label) <= 60 or not label.isprintable():
        raise StudioError(
            "bad_label", "A token needs a name of 1 to 60 characters.", next="Say what it is for.", status=422
        )
    return label


def key(name: str) -> str:
    """What two names share when they mean the same person. Any text has one that the database takes."""
    return _tidy(name).casefold().encode(errors="replace").decode()


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())
