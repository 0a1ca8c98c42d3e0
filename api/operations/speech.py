"""The pronunciation list, takes and checks of voice-overs, and waveforms."""

import math
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api import speech
from api.bodies import Body, JsonObject, validate, wrong_shape
from api.operations.registry import Absent, Id, Json, Operations
from api.principal import Who
from errors import not_found
from jobs.views import JobView
from library import pronunciations, speech_checks
from library.pronunciations import PronunciationView
from studio import Studio

_COLUMNS = 900

_MOST_SECONDS = 13 * 3600
"""Longer than any sound in the library."""

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

operations = Operations()


class RetakeBody(Body):
    """A retake: the number of an earlier take, or the changes for a new one."""

    sentence: int
    take: int | None = Field(None, ge=0)
    seed: int | None = None
    speed: float | None = None
    voice: str | None = None
    say: str | None = None


class ShapeQuery(BaseModel):
    """The part of a sound whose waveform is wanted, in seconds; without an end, up to its end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: float = Field(0, ge=0, le=_MOST_SECONDS)
    end: float | None = Field(None, ge=0, le=_MOST_SECONDS)


class Waveform(BaseModel):
    """The waveform of a sound or a part of it: peaks from 0 to 100 in columns of equal duration.

    ``seconds`` is the duration of the whole sound, and 100 its loudest moment.
    """

    model_config = ConfigDict(frozen=True)

    seconds: float
    peaks: list[int]


def _retake_body(sentence: int, options: Json | None = None) -> Json:
    return {**(options or {}), "sentence": sentence}


def _check_body(text: str | None = None) -> Json:
    return {"text": text}


@operations.add("GET /api/pronunciations", Absent.PAGE)
def list_pronunciations(studio: Studio, who: Who) -> list[PronunciationView]:
    """List your pronunciations."""
    return pronunciations.list_pronunciations(studio.database, who)


@operations.add("PUT /api/pronunciations", Absent.PAGE)
def put_pronunciation(studio: Studio, who: Who, body: JsonObject) -> PronunciationView:
    """Set the pronunciation of a word: ``{"word", "say"}``."""
    word, say = body.get("word"), body.get("say")
    if not isinstance(word, str) or not isinstance(say, str) or body.keys() != {"word", "say"}:
        raise wrong_shape('{"word", "say"}')
    return pronunciations.put(studio.database, who, word, say)


@operations.add("DELETE /api/pronunciations", Absent.PAGE, status=204)
def remove_pronunciation(studio: Studio, who: Who, word: str) -> None:
    """Remove a word from the list."""
    pronunciations.remove(studio.database, who, word)


@operations.add("POST /api/assets/{id}/retake", arguments=_retake_body, status=201)
def retake(studio: Studio, who: Who, asset_id: Id, body: JsonObject) -> JobView:
    """Record a new take of a voice-over's sentence (counted from 0); options: speed, voice, say, an earlier take …"""
    new = validate(RetakeBody, body)
    if new.take is not None:
        return speech.choose_take(studio, who, asset_id, new.sentence, new.take)
    different = new.model_dump(include={"seed", "speed", "voice", "say"})
    return speech.retake(studio, who, asset_id, new.sentence, different)


@operations.add("POST /api/assets/{id}/check", arguments=_check_body, status=201)
def check_speech(studio: Studio, who: Who, asset_id: Id, body: JsonObject) -> JobView:
    """Check which words of a voice-over differ from its text, or from the given text. Returns the job."""
    text = body.get("text")
    if not isinstance(text, str | None) or body.keys() - {"text"}:
        raise wrong_shape('{"text"}, or {}')
    return speech.check_speech(studio, who, asset_id, text)


@operations.add("GET /api/assets/{id}/check", Absent.PAGE)
def newest_check(studio: Studio, who: Who, asset_id: Id) -> dict[str, Any] | None:
    """Return the result of a sound's latest check, or null."""
    studio.library.get(who, asset_id)
    return speech_checks.newest_check(studio.database, who, asset_id)


@operations.add("GET /api/assets/{id}/shape", Absent.PAGE)
def shape(
    studio: Studio, who: Who, asset_id: Id, response: Response, query: Annotated[ShapeQuery, Query()]
) -> Waveform:
    """Return the waveform of a sound, or of the part from ``start`` to ``end`` (in seconds)."""
    asset = studio.library.get(who, asset_id)
    if asset.kind != "sound":
        raise not_found("shape")
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    peaks = _peaks(studio.library.file(who, asset_id), query.start, query.end)
    return Waveform(seconds=asset.seconds or 0, peaks=peaks)


def _peaks(path: Path, start: float, end: float | None) -> list[int]:
    from engines.media.peaks import A_SECOND, columns_of  # decoding is not needed to serve the sign-in page

    levels = _levels(path)
    first = min(int(start * A_SECOND), len(levels) - 1)
    last = len(levels) if end is None else max(first + 1, math.ceil(end * A_SECOND))
    return columns_of(levels[first:last], _COLUMNS)


@lru_cache(maxsize=16)  # up to 4 MB each
def _levels(path: Path) -> "npt.NDArray[np.uint8]":
    from engines.media.peaks import levels

    return levels(path)
