"""Passwords: which ones may be chosen, how they are kept (argon2id) and checked in the same time for everyone."""

import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from errors import StudioError

COMMON = Path(__file__).with_name("common_passwords.txt")
"""The passwords tried first by whoever guesses, or the words they begin with, one a line, in small letters."""
SHORTEST = 8
LONGEST = 1024

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


def check_new(password: str, name: str = "") -> None:
    """Raise StudioError when a password may not be chosen by the person of that name."""
    if len(password) < SHORTEST:
        raise StudioError(
            "short_password",
            "This password is too short.",
            f"It needs at least {SHORTEST} characters.",
            "A few words in a row are easy to remember and hard to guess.",
            status=422,
        )
    if len(password) > LONGEST:
        raise StudioError(
            "long_password", "This password is too long.", f"It may have {LONGEST} characters at most.", status=422
        )
    if _is_guessed(password, name):
        raise StudioError(
            "common_password",
            "This password is too easy to guess.",
            "It is one of the first that anybody would try: a common one, a single character, or your own name.",
            "Choose a few words in a row that belong together for you alone.",
            status=422,
        )


def _is_guessed(password: str, name: str) -> bool:
    """Whether it is common, also with digits and signs behind it, one character over and over, or the name."""
    plain = " ".join(unicodedata.normalize("NFKC", password).casefold().split())
    word = plain.rstrip("0123456789!?.,;:#*+-_$&@ ")
    own = unicodedata.normalize("NFKC", name).casefold()
    named = bool(own) and plain.replace(own, "").strip("0123456789!?.,;:#*+-_$&@ ") == ""
    return named or len(set(plain)) <= 1 or bool({plain, word} & _common())


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text(encoding="utf-8").split("\n")) - {""}


def check_same(password: str, again: str | None) -> None:
    """Raise StudioError when a password was typed in two ways. Scripts need not type it twice."""
    if again is not None and again != password:
        raise StudioError(
            "passwords_differ", "The two passwords are not the same.", next="Type them again.", status=422
        )


def hashed(password: str) -> str:
    """The argon2id hash to keep in place of the password."""
    return _hasher.hash(_normal(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether the password is the one that was kept. Takes as long when there is none."""
    if len(password) > LONGEST:
        return False
    try:
        _hasher.verify(kept or _nobody(), _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


@cache
def _nobody() -> str:
    return _hasher.hash("the password of nobody")


def _normal(password: str) -> bytes:
    """The same letters typed on another system are the same password."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
