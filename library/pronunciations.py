"""A person's own list of pronunciations, used in all of their voice-overs."""

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert

from auth.accounts.principal import Principal
from db import Database
from errors import StudioError, not_found
from library.tables import Pronunciation

MAX_WORD, MAX_SAY, MAX_PAIRS = 60, 200, 500
"""Maximum characters of a word and of its pronunciation, and words of a list: the limits of a request."""


class PronunciationView(BaseModel):
    """A word, and the text that is spoken instead."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    word: str
    say: str


def list_pronunciations(database: Database, who: Principal) -> list[PronunciationView]:
    """A person's list, in alphabetical order."""
    with database.session() as session:
        rows = session.scalars(select(Pronunciation).where(Pronunciation.owner_id == who.user_id))
        pronunciations = [PronunciationView.model_validate(row) for row in rows]
    return sorted(pronunciations, key=lambda pair: (pair.word.lower(), pair.word))


def pairs(database: Database, who: Principal) -> dict[str, str]:
    """The same as a mapping."""
    return {pair.word: pair.say for pair in list_pronunciations(database, who)}


def put(database: Database, who: Principal, word: str, say: str) -> PronunciationView:
    """Add a word, or change its pronunciation. Raises StudioError bad_pronunciation, list_full (422)."""
    pair = PronunciationView(word=" ".join(word.split()), say=" ".join(say.split()))
    for text, most, name in ((pair.word, MAX_WORD, "The word"), (pair.say, MAX_SAY, "The pronunciation")):
        if not any(letter.isalnum() for letter in text) or len(text) > most:
            raise StudioError(
                "bad_pronunciation",
                f"{name} needs at least one letter or digit, and at most {most} characters.",
                next="Change it, then try again.",
                status=422,
            )
    mine = Pronunciation.owner_id == who.user_id
    with database.session(immediate=True) as session:
        count = session.scalar(select(func.count()).where(mine, Pronunciation.word != pair.word)) or 0
        if count >= MAX_PAIRS:
            raise StudioError(
                "list_full",
                f"Your list is full: it has {MAX_PAIRS} words.",
                next="Remove a word that you no longer need.",
                status=422,
            )
        row = insert(Pronunciation).values(owner_id=who.user_id, word=pair.word, say=pair.say)
        session.execute(row.on_conflict_do_update(index_elements=["owner_id", "word"], set_={"say": pair.say}))
    return pair


def remove(database: Database, who: Principal, word: str) -> None:
    """Remove a word from the list. Raises StudioError not_found."""
    mine = Pronunciation.owner_id == who.user_id
    with database.session() as session:
        gone = session.execute(
            delete(Pronunciation).where(mine, Pronunciation.word == word).returning(Pronunciation.word)
        )
        if gone.first() is None:
            raise not_found("word")
