"""How a person wants words to be spoken: their own list, which every voice-over of theirs follows."""

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert

from auth.principal import Principal
from db import Database
from errors import StudioError, not_found
from library.tables import Pronunciation

MAX_WORD, MAX_SAY, MAX_PAIRS = 60, 200, 500
"""Characters of a word and of how it is said, and words of a list: as many as a request takes."""


class PronunciationView(BaseModel):
    """A word, and what is read in its place."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    word: str
    say: str


def listed(database: Database, who: Principal) -> list[PronunciationView]:
    """A person's list, by the alphabet."""
    with database.session() as session:
        rows = session.scalars(select(Pronunciation).where(Pronunciation.owner_id == who.user_id))
        found = [PronunciationView.model_validate(row) for row in rows]
    return sorted(found, key=lambda pair: (pair.word.lower(), pair.word))


def pairs(database: Database, who: Principal) -> dict[str, str]:
    """The same as a mapping."""
    return {pair.word: pair.say for pair in listed(database, who)}


def put(database: Database, who: Principal, word: str, say: str) -> PronunciationView:
    """Write a word down, or change how it is said. Raises StudioError bad_pronunciation, list_full (422)."""
    pair = PronunciationView(word=" ".join(word.split()), say=" ".join(say.split()))
    for text, most, name in ((pair.word, MAX_WORD, "The word"), (pair.say, MAX_SAY, "How it is said")):
        if not any(letter.isalnum() for letter in text) or len(text) > most:
            raise StudioError(
                "bad_pronunciation",
                f"{name} needs letters or figures, at most {most} characters.",
                next="Change it and try again.",
                status=422,
            )
    mine = Pronunciation.owner_id == who.user_id
    with database.session(immediate=True) as session:
        count = session.scalar(select(func.count()).where(mine, Pronunciation.word != pair.word)) or 0
        if count >= MAX_PAIRS:
            raise StudioError(
                "list_full",
                f"The list holds {MAX_PAIRS} words and is full.",
                next="Take out one that is no longer needed.",
                status=422,
            )
        row = insert(Pronunciation).values(owner_id=who.user_id, word=pair.word, say=pair.say)
        session.execute(row.on_conflict_do_update(index_elements=["owner_id", "word"], set_={"say": pair.say}))
    return pair


def remove(database: Database, who: Principal, word: str) -> None:
    """Take a word off the list. Raises StudioError not_found."""
    mine = Pronunciation.owner_id == who.user_id
    with database.session() as session:
        gone = session.execute(
            delete(Pronunciation).where(mine, Pronunciation.word == word).returning(Pronunciation.word)
        )
        if gone.first() is None:
            raise not_found("word")
