"""Actions on finished voice-overs: new takes of sentences, and checking the words."""

import hashlib
import json
import random
from collections.abc import Mapping
from typing import Any

from api.bodies import validate
from auth.accounts.principal import Principal
from engines.requests import CheckSpeech, Speak, Take, from_storage, parse
from engines.requests.base import MAX_SEED
from engines.speech.pronunciation import respell, used_respellings
from engines.speech.script import Script, script
from errors import StudioError
from jobs.views import FINISHED, JobView
from library import pronunciations
from library.views import AssetView
from studio import Studio


def retake(studio: Studio, who: Principal, asset_id: str, sentence: int, different: Mapping[str, Any]) -> JobView:
    """Submit a version of a voice-over with a new take of one sentence; the other sentences stay.

    ``different`` may hold ``seed``, ``speed``, ``voice`` and ``say`` of the take. Earlier takes are kept.
    Raises StudioError not_found, not_spoken, bad_value.
    """
    asset = studio.library.get(who, asset_id)
    speak = _request(asset)
    chance = {} if different.get("seed") is not None else {"seed": random.SystemRandom().randint(0, MAX_SEED)}
    _must_have(speak, sentence)
    taught = _with_pronunciation(studio, who, speak, sentence) if different.get("say") is None else {}
    take = validate(Take, {**different, **chance, **taught, "sentence": sentence})
    others = tuple(
        known.model_copy(update={"used": known.used and known.sentence != sentence}) for known in speak.takes
    )
    return _submit(studio, who, asset, speak.model_copy(update={"takes": (*others, take)}))


def choose_take(studio: Studio, who: Principal, asset_id: str, sentence: int, number: int) -> JobView:
    """Switch to an earlier take of a sentence: 0 is the original, 1 the first retake.

    If that version exists, its job is returned. Raises StudioError not_found, not_spoken, bad_value.
    """
    asset = studio.library.get(who, asset_id)
    speak = _request(asset)
    _must_have(speak, sentence)
    mine = [n for n, take in enumerate(speak.takes) if take.sentence == sentence]
    if not 0 <= number <= len(mine):
        raise StudioError("bad_value", f"There is no take {number} of this sentence.", status=422)
    wanted = mine[number - 1] if number else None
    takes = tuple(
        take.model_copy(update={"used": n == wanted}) if n in mine else take for n, take in enumerate(speak.takes)
    )
    return _submit(studio, who, asset, speak.model_copy(update={"takes": takes}), again=True)


def check_speech(studio: Studio, who: Principal, asset_id: str, text: str | None = None) -> JobView:
    """Submit a check of a sound: a voice-over against its own text, any sound against ``text``.

    Raises StudioError not_found, not_spoken, nothing_to_say.
    """
    asset = studio.library.get(who, asset_id)
    if text is None:
        speak = _request(asset)
        instead = {take.sentence: take.say for take in speak.takes if take.used and take.say}
        lines = [instead.get(n) or line.text for n, line in enumerate(_script(speak).sentences)]
        pairs = speak.pronunciations or {}
    else:
        lines, pairs = [line.text for line in script(text).sentences], {}
    if not lines:
        raise StudioError(
            "nothing_to_say", "The text to check against is empty.", next="Write the expected words.", status=422
        )
    request = parse({"task": "check_speech", "sound": asset_id, "sentences": lines, "pronunciations": pairs})
    assert isinstance(request, CheckSpeech)
    return studio.jobs.submit(who, request, project_id=asset.project_id)


def _request(asset: AssetView) -> Speak:
    record = (asset.provenance or {}).get("request") or {}
    if asset.kind != "sound" or record.get("task") != "speak":
        raise StudioError(
            "not_spoken",
            f"“{asset.title}” is not a voice-over made here.",
            "Only those have a text to check against.",
            "Choose a voice-over, or write the expected text.",
            status=422,
        )
    request = from_storage(record)
    assert isinstance(request, Speak)
    return request


def _script(request: Speak) -> Script:
    return script(request.text, request.speakers or {})


def _with_pronunciation(studio: Studio, who: Principal, request: Speak, sentence: int) -> dict[str, str]:
    """Return the sentence respelled with the person's current pronunciations, if any are new to the voice-over."""
    text = _script(request).sentences[sentence].text
    known = used_respellings(text, pronunciations.pairs(studio.database, who))
    news = {word: say for word, say in known.items() if (request.pronunciations or {}).get(word) != say}
    return {"say": respell(text, {**(request.pronunciations or {}), **news})} if news else {}


def _must_have(request: Speak, sentence: int) -> None:
    count = len(_script(request).sentences)
    if not 0 <= sentence < count:
        raise StudioError(
            "bad_value", f"There is no sentence {sentence}.", f"The text has {count}, counted from 0.", status=422
        )


def _submit(studio: Studio, who: Principal, asset: AssetView, request: Speak, *, again: bool = False) -> JobView:
    """Submit a version of a voice-over; with ``again``, a version made before returns its job."""
    request = Speak.model_validate(request.model_dump())
    known = hashlib.sha256(json.dumps(request.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
    if again:
        job = studio.jobs.submit(who, request, project_id=asset.project_id, client_ref=f"take {known}")
        if job.state not in FINISHED or (job.state == "done" and _running_check(studio, who, job)):
            return job
    return studio.jobs.submit(who, request, project_id=asset.project_id)


def _running_check(studio: Studio, who: Principal, job: JobView) -> bool:
    try:
        return bool([studio.library.get(who, asset) for asset in job.assets])
    except StudioError:
        return False
