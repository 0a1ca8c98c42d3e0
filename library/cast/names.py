"""What a member of the cast may be called, and when two names are the same."""

import unicodedata

from db import fold
from errors import StudioError

NAME_LENGTH = 40


def name(text: str) -> str:
    """A name as it is typed after ``@``. Raises StudioError bad_name."""
    name = unicodedata.normalize("NFC", text.strip().removeprefix("@"))
    if not 0 < len(name) <= NAME_LENGTH or not name[0].isalpha() or name[-1] == "-" or not all(map(_fits, name)):
        raise StudioError(
            "bad_name",
            f"A name in the cast is one word of up to {NAME_LENGTH} characters.",
            "It is typed after an @: letters of any script, then also digits, - and _.",
            "Write “Mara” or “Red_Kettle”, for example.",
            status=422,
        )
    return name


def key(name: str) -> str:
    """What two names have in common that are the same to a reader: @mara is @Mara."""
    return fold(name)


def _fits(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" or character in "-_"
