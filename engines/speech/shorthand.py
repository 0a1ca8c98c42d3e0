"""Spell out film-makers' shorthand, numbers and units that the voice would misread."""

import re
from collections.abc import Callable

_FRACTIONS = {"½": "a half", "⅓": "a third", "⅔": "two thirds", "¼": "a quarter", "¾": "three quarters"}
_SHUTTERS = range(11, 8001)
"""Denominators of shutter speeds that are spelled out; the voice reads smaller ones correctly."""
_DAYS = 31

SIGNS = {"€": "euros", "£": "pounds", "$": "dollars", "¥": "yen", "₹": "rupees", "₩": "won"}
"""Currency signs, and how each is read on its own."""
_CODES = {"EUR": "€", "GBP": "£", "USD": "$"}
_SIGN = "[€£$¥₹₩]"
_NUMBER = r"\d+(?:[.,]\d+)*"
_MONEY = re.compile(
    rf"(?<![\w.,$€£¥₹₩–-])([-−])?(?:({_NUMBER})\s?[-–]\s?)?({_NUMBER})"
    rf"(\s?(?:hundred|thousand|million|billion)|[kKmM])?\s?({_SIGN}|EUR\b|GBP\b|USD\b)(?![\w$€£¥])"
)
_PLACES = {"INT": "interior", "EXT": "exterior", "EST": "establishing", "I": "interior", "E": "exterior"}
_HEADING = re.compile(
    r"(?<![\w./'’-])(?:(?:INT|EXT)\.?\s?/\s?(?:INT|EXT)|I/E)\b\.?"
    r"|(?<![\w./'’-])(?:INT|EXT)\.(?!\s?\d|\w)"
    r"|^(?:INT|EXT|EST)(?:\.(?!\w)|(?=\s[A-Z]{2}))(?=\s?[A-Z]|\s*$)"
    r"|(?<![\w./'’-])(?:Int|Ext)\.(?=\s[A-Z])"
)

_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_HEADING, lambda found: " ".join(_PLACES[place] for place in re.findall("[A-Z]+", found[0].upper()))),
    (re.compile(r"\bCONT['’]D\b"), "continued"),
    (re.compile(r"(\d)\s?([½⅓⅔¼¾])"), lambda found: f"{found[1]} and {_FRACTIONS[found[2]]}"),
    (re.compile(r"\b[fF][/-]?(\d+)\.(\d+)\b"), r"f \1 point \2"),  # f-stop
    (re.compile(r"\bT[/-]?(\d+)\.(\d+)\b"), r"T \1 point \2"),  # T-stop
    (re.compile(r"\b([fT])/(\d+)\b"), r"\1 \2"),
    (re.compile(r"\bF/(\d+)\b"), r"f \1"),
    (
        re.compile(r"(?<![\w./,$€£-])1/(\d{2,4})(?![\d/]|[.,]\d)(\s?(?:s|secs?|seconds?)\b)?"),
        lambda found: _part(found),
    ),
    (re.compile(r"\b(\d+(?:\.\d+)?):(1)\b(?!:)"), r"\1 to \2"),  # aspect ratio
    (re.compile(r"(?<![\d:])(\d{1,2}):([2-9])\b(?!:)"), r"\1 by \2"),  # a time has two digits after the colon
    (re.compile(r"\b(\d+)['′](\d+)[\"″”]"), r"\1 foot \2"),
    (re.compile(r"\bUS\$(?=\d)"), "$"),
    (_MONEY, lambda found: _money(*found.groups(default=""))),
    (re.compile(rf"(?<![\w,.])({_SIGN})(?=$|\s(?!\d)|[.,;:!?)](?!\d))"), lambda found: SIGNS[found[1]]),
    (re.compile(rf"(?<=[\w)])\s?−\s?(?={_SIGN}?\.?\d)"), " minus "),
    (re.compile(rf"−\s?(?={_SIGN}?\.?\d)"), "minus "),
    (re.compile(rf"(?<![\w.,)]|{_SIGN})(-?)\.(\d++)(?!\.\d)"), lambda found: _point(found[1], found[2])),
    (re.compile(r"(?<=\d)\s?µs\b"), " microseconds"),
    (re.compile(r"(?<=\d)\s?µ[lL]\b"), " microliters"),
    (re.compile(r"\bwww\.", re.I), "W W W dot "),
    (re.compile(r"\bWW(I{1,2})\b"), lambda found: f"World War {'One' if found[1] == 'I' else 'Two'}"),
    (re.compile(r"(?<![\w.,:/-])0(0+)([1-9]\d?)(?![\w:/-]|[.,]\d)"), lambda found: _zeros(found[1], found[2])),
    (re.compile(r"(?<=\d)\s?bpm\b"), " beats per minute"),
    (re.compile(r"(?<=\d)\s?W\b"), " watts"),
    (re.compile(r"(?<=\d)[kK]\b(?=\s?(?:Hz|people|euros|dollars|pounds|views))"), " thousand"),
)


def spell_out(text: str) -> str:
    """Return the text with the shorthand spelled out."""
    for pattern, words in _RULES:
        text = pattern.sub(words, text)
    return text


def _part(match: re.Match[str]) -> str:
    """Read “1/48” as a shutter speed. A fraction that may be a date needs the word “second” or “shutter” nearby."""
    number = int(match[1])
    shutter = match[2] or re.search(r"\bshutter(?:\s\w+){0,3}\s?$", match.string[: match.start()])
    if number not in _SHUTTERS or (number <= _DAYS and not shutter):
        return match[0]
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"one {number}{ending}" + (" of a second" if match[2] else "")


def _money(minus: str, low: str, high: str, scale: str, sign: str) -> str:
    """Move the currency sign to the front, as the voice expects: “20 €”, “1.500 €”, “19,90 €”."""
    amount = f"{_CODES.get(sign, sign)}{high if scale else _english(high)}{scale}"
    return ("minus " if minus else "") + (f"{_english(low)} to {amount}" if low else amount)


def _english(number: str) -> str:
    """Return a number with a decimal point."""
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d\d)?|\d+,\d{1,2}", number):
        return number.translate(str.maketrans(".,", ",."))
    return number


def _point(minus: str, figures: str) -> str:
    """Read “.25” digit by digit."""
    return " ".join([*(["minus"] if minus else []), "point", *figures])


def _zeros(more: str, number: str) -> str:
    """Read “007” digit by digit."""
    return " ".join(["oh"] * (len(more) + 1) + list(number))
