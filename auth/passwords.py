"""Passwords: which ones may be chosen, how they are kept (argon2id) and checked in the same time for everyone."""

import unicodedata
from functools import cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from errors import StudioError

SHORTEST = 8
LONGEST = 1024

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


def check_new(password: str) -> None:
    """Raise StudioError when a password may not be chosen."""
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
