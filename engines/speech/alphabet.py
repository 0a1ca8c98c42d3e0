"""What an English voice can read: everything else is taken out before, and told."""

import re
import unicodedata

_SYMBOLS = frozenset("°©®™")
_MICRO = re.compile(r"(?<=\d)(\s?)\N{GREEK SMALL LETTER MU}(?=[A-Za-z]{1,2}\b)")
"""The Greek letter, where it is the sign of a unit."""
_BEFORE_MARK = re.compile(r"(?<=\w) +(?=[.,!?;:…])")


def readable(text: str) -> tuple[str, str]:
    """``text`` in the letters an English voice knows, line breaks kept, and the characters that were left out.

    Ligatures, full-width and decorated letters become plain ones. Letters of other scripts, emoji and control
    characters are left out.
    """
    kept: list[str] = []
    left_out: list[str] = []
    text = _MICRO.sub("\\1\N{MICRO SIGN}", text.replace("\r\n", "\n").replace("\r", "\n"))
    for character in unicodedata.normalize("NFC", text):
        plain = _plain(character)
        if all(_known(letter) for letter in plain):
            kept.append(plain)
        else:
            kept.append(" ")
            left_out.append(character)
    return _BEFORE_MARK.sub("", "".join(kept)) if left_out else "".join(kept), "".join(left_out)


def _plain(character: str) -> str:
    """The ordinary form of a letter that only looks different."""
    if character in "\u2028\u2029\v\f":
        return "\n"
    category = unicodedata.category(character)
    if character != "\n" and category in ("Cc", "Zs"):
        return " "
    if category in ("Cf", "Mn", "Me"):  # invisible, or an accent that no letter took up
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
