"""Password rules, hashing (argon2id) and checks that take the same time for known and unknown names."""

import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from errors import StudioError

COMMON = Path(__file__).with_name("common_passwords.txt")
"""The passwords an attacker tries first, or the words they begin with, one per line, in lower case."""
SHORTEST = 8
LONGEST = 1024

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


def check_new(password: str, name: str = "") -> None:
    """Raise StudioError if the person of that name may not choose this password."""
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
            "long_password", "This password is too long.", f"The maximum is {LONGEST} characters.", status=422
        )
    if _is_guessed(password, name):
        raise StudioError(
            "common_password",
            "This password is too easy to guess.",
            "It is a common password, one repeated character, or your own name.",
            "Choose a few words in a row that only you would put together.",
            status=422,
        )


def _is_guessed(password: str, name: str) -> bool:
    """Return whether it is common (digits and signs at the end ignored), one repeated character, or the name."""
    plain = " ".join(unicodedata.normalize("NFKC", password).casefold().split())
    word = plain.rstrip("0123456789!?.,;:#*+-_$&@ ")
    own = unicodedata.normalize("NFKC", name).casefold()
    named = bool(own) and plain.replace(own, "").strip("0123456789!?.,;:#*+-_$&@ ") == ""
    return named or len(set(plain)) <= 1 or bool({plain, word} & _common())


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text(encoding="utf-8").split("\n")) - {""}


def check_same(password: str, again: str | None) -> None:
    """Raise StudioError if the repeated password differs. Scripts may omit it (None)."""
    if again is not None and again != password:
        raise StudioError("passwords_differ", "The two passwords do not match.", next="Type them again.", status=422)


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _hasher.hash(_normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Return whether the password matches the stored hash. Takes equally long if there is none."""
    if len(password) > LONGEST:
        return False
    try:
        _hasher.verify(stored or _nobody(), _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def needs_rehash(stored: str) -> bool:
    """Return whether the hash was made with other parameters than the current ones."""
    return _hasher.check_needs_rehash(stored)


@cache
def _nobody() -> str:
    return _hasher.hash("the password of nobody")


def _normal(password: str) -> bytes:
    """Normalize to NFC, so that the same letters typed on another system are the same password."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
