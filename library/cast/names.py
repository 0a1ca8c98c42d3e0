"""Valid names of cast members, and when two names are the same."""

import unicodedata

from db import fold
from errors import StudioError

NAME_LENGTH = 40


def name(text: str) -> str:
    """The name to type after ``@``. Raises StudioError bad_name."""
    name = unicodedata.normalize("NFC", text.strip().removeprefix("@"))
    if not 0 < len(name) <= NAME_LENGTH or not name[0].isalpha() or name[-1] == "-" or not all(map(_fits, name)):
        raise StudioError(
            "bad_name",
            f"A cast member's name is one word of up to {NAME_LENGTH} characters.",
            "It starts with a letter and can contain letters, digits, - and _.",
            "For example: “Mara” or “Red_Kettle”.",
            status=422,
        )
    return name


def key(name: str) -> str:
    """The form in which names are compared: @mara is the same as @Mara."""
    return fold(name)


def _fits(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" or character in "-_"
