"""Names of people and of access tokens: which are valid, and when two are the same."""

import unicodedata

from errors import StudioError

LONGEST = 40
_ALSO = frozenset("._- ")


def clean_name(name: str) -> str:
    """Return the name as stored. Raises StudioError if it is invalid."""
    name = _tidy(name)
    if not 1 <= len(name) <= LONGEST:
        raise StudioError("bad_name", "A name must have 1 to 40 characters.", next="Choose another name.", status=422)
    if not all(letter.isalnum() or letter in _ALSO for letter in name) or not any(map(str.isalnum, name)):
        raise StudioError(
            "bad_name",
            "This name contains characters that are not allowed.",
            "Use letters, digits, dots, dashes, underscores and spaces, and at least one letter or digit.",
            "Choose another name.",
            status=422,
        )
    return name


def clean_label(label: str) -> str:
    """Return the name of a token as stored. Raises StudioError unless it has 1 to 60 printable characters."""
    label = _tidy(label)
    if not 1 <= len(label) <= 60 or not label.isprintable():
        raise StudioError(
            "bad_label", "A token name must have 1 to 60 characters.", next="Name what the token is for.", status=422
        )
    return label


def key(name: str) -> str:
    """Return the key by which names are compared; two names with the same key are the same person. Takes any text."""
    return _tidy(name).casefold().encode(errors="replace").decode()


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())
