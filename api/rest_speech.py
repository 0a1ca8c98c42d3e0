"""REST: the pronunciation list, takes, checks, and the shape of a sound."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.bodies import JsonObject
from api.principal import Who
from api.speech import check_speech, choose_take, retake
from errors import StudioError, not_found, reason
from jobs.views import JobView
from library import checks, pronunciations
from library.pronunciations import PronunciationView
from studio import Studio

_COLUMNS = 900
_LONGEST_SHAPE = 2 * 3600
"""Seconds of sound whose shape is drawn."""


class _Again(BaseModel):
    """What a retake is asked with: a number of an earlier take, or what is to be different in a new one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentence: int
    take: int | None = Field(None, ge=0)
    seed: int | None = None
    speed: float | None = None
    voice: str | None = None
    say: str | None = None


class Shape(BaseModel):
    """How loud a sound is over its time: peaks from 0 to 100 in columns of equal length."""

    model_config = ConfigDict(frozen=True)

    seconds: float
    peaks: list[int]


def add_to(router: APIRouter, studio: Studio) -> None:
    """Add the routes of speech."""
    _add_words(router, studio)
    _add_takes(router, studio)

    @router.get("/api/assets/{id}/shape")
    def shape(who: Who, id: str, response: Response) -> Shape:
        """The shape of a sound, to draw it."""
        asset = studio.library.get(who, id)
        if asset.kind != "sound" or (asset.seconds or 0) > _LONGEST_SHAPE:
            raise not_found("shape")
        response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
        return Shape(seconds=asset.seconds or 0, peaks=_peaks(studio.library.file(who, id)))


def _add_words(router: APIRouter, studio: Studio) -> None:
    @router.get("/api/pronunciations")
    def list_pronunciations(who: Who) -> list[PronunciationView]:
        """The words of one's own list, and how each is said."""
        return pronunciations.listed(studio.database, who)

    @router.put("/api/pronunciations")
    def put_pronunciation(who: Who, body: JsonObject) -> PronunciationView:
        """Write down how a word is said: ``{"word", "say"}``."""
        word, say = body.get("word"), body.get("say")
        if not isinstance(word, str) or not isinstance(say, str) or body.keys() != {"word", "say"}:
            raise StudioError(
                "bad_value", "The request cannot be understood.", next='Send {"word", "say"}.', status=422
            )
        return pronunciations.put(studio.database, who, word, say)

    @router.delete("/api/pronunciations", status_code=204)
    def remove_pronunciation(who: Who, word: str) -> None:
        """Take a word off the list."""
        pronunciations.remove(studio.database, who, word)


def _add_takes(router: APIRouter, studio: Studio) -> None:
    @router.post("/api/assets/{id}/retake", status_code=201)
    def say_again(who: Who, id: str, body: JsonObject) -> JobView:
        """Say one sentence of a voice-over again, or go back to an earlier ``take`` of it."""
        try:
            asked = _Again.model_validate(body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = str(first["loc"][0])[:60]
            raise StudioError("bad_value", f"“{name}” cannot be that.", reason(first), status=422) from error
        if asked.take is not None:
            return choose_take(studio, who, id, asked.sentence, asked.take)
        return retake(studio, who, id, asked.sentence, asked.model_dump(include={"seed", "speed", "voice", "say"}))

    @router.post("/api/assets/{id}/check", status_code=201)
    def check(who: Who, id: str, body: JsonObject) -> JobView:
        """Listen to a voice-over and compare: with its own text, or with ``{"text"}``."""
        text = body.get("text")
        if not isinstance(text, str | None) or body.keys() - {"text"}:
            raise StudioError(
                "bad_value", "The request cannot be understood.", next='Send {"text"}, or {}.', status=422
            )
        return check_speech(studio, who, id, text)

    @router.get("/api/assets/{id}/check")
    def found(who: Who, id: str) -> dict[str, Any] | None:
        """What the newest check of a sound found; null where there was none."""
        studio.library.get(who, id)
        return checks.newest_check(studio.database, who, id)


@lru_cache(maxsize=64)
def _peaks(path: Path) -> list[int]:
    from engines.media.peaks import peaks  # decoding is not needed to serve the sign-in page

    return peaks(path, _COLUMNS)
