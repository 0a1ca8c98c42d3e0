"""Reduce a text to the characters that an English voice can read, and report the others."""

import re
import unicodedata

_SYMBOLS = frozenset("°©®™")
_MICRO = re.compile(r"(?<=\d)(\s?)\N{GREEK SMALL LETTER MU}(?=[A-Za-z]{1,2}\b)")
"""The Greek letter as a unit prefix."""
_BEFORE_MARK = re.compile(r"(?<=\w) +(?=[.,!?;:…])")


def readable(text: str) -> tuple[str, str]:
    """Return ``text`` in letters that an English voice can read, with its line breaks, and the removed characters.

    Ligatures, full-width and decorated letters become plain ones. Letters of other scripts, emoji and control
    characters are removed.
    """
    letters: list[str] = []
    left_out: list[str] = []
    text = _MICRO.sub("\\1\N{MICRO SIGN}", text.replace("\r\n", "\n").replace("\r", "\n"))
    for character in unicodedata.normalize("NFC", text):
        plain = _plain(character)
        if all(_known(letter) for letter in plain):
            letters.append(plain)
        else:
            letters.append(" ")
            left_out.append(character)
    return _BEFORE_MARK.sub("", "".join(letters)) if left_out else "".join(letters), "".join(left_out)


def _plain(character: str) -> str:
    """Return the plain form of a stylized character."""
    if character in "\u2028\u2029\v\f":
        return "\n"
    category = unicodedata.category(character)
    if character != "\n" and category in ("Cc", "Zs"):
        return " "
    if category in ("Cf", "Mn", "Me"):  # invisible, or an accent that combines with no letter
        return ""
    if character not in "…\N{MICRO SIGN}" and unicodedata.decomposition(character).startswith(
        ("<wide>", "<font>", "<compat>")
    ):
        return unicodedata.normalize("NFKC", character)
    return character


def _known(character: str) -> bool:
    category = unicodedata.category(character)
    if category.startswith("L"):
        return character in "ªºµ" or unicodedata.name(character, "").startswith("LATIN")
    if category == "Nd":
        return character.isascii()
    if category == "Sk":  # accents on their own; the skin tones of emoji
        return character.isascii()
    return character in _SYMBOLS or category not in ("So", "Co", "Cn", "Cs")
