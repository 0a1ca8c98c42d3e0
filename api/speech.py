"""What can be done with a finished voice-over: say a sentence again, listen whether the words are right."""

import hashlib
import json
import random
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from auth.principal import Principal
from engines.requests import CheckSpeech, Speak, Take, from_storage, parse
from engines.requests.base import MAX_SEED
from engines.speech.pronouncing import respelled, used
from engines.speech.script import script
from errors import StudioError, reason
from jobs.views import FINISHED, JobView
from library import pronunciations
from library.views import AssetView
from studio import Studio


def retake(studio: Studio, who: Principal, asset_id: str, sentence: int, different: Mapping[str, Any]) -> JobView:
    """Ask for a voice-over again with one sentence in a new take; all others stay as they are.

    ``different`` may hold ``seed``, ``speed``, ``voice`` and ``say`` of the take. Earlier takes are kept beside it.
    Raises StudioError not_found, not_spoken, bad_value.
    """
    asset = studio.library.get(who, asset_id)
    spoken = _request(asset)
    chance = {} if different.get("seed") is not None else {"seed": random.SystemRandom().randint(0, MAX_SEED)}
    _must_have(spoken, sentence)
    taught = _taught(studio, who, spoken, sentence) if different.get("say") is None else {}
    take = _take({**different, **chance, **taught, "sentence": sentence})
    others = tuple(
        known.model_copy(update={"used": known.used and known.sentence != sentence}) for known in spoken.takes
    )
    return _submit(studio, who, asset, spoken.model_copy(update={"takes": (*others, take)}))


def choose_take(studio: Studio, who: Principal, asset_id: str, sentence: int, number: int) -> JobView:
    """Go back to a take that was made before: 0 is a sentence's first reading, 1 its first other take.

    A version that was made before is the answer itself. Raises StudioError not_found, not_spoken, bad_value.
    """
    asset = studio.library.get(who, asset_id)
    spoken = _request(asset)
    _must_have(spoken, sentence)
    mine = [n for n, take in enumerate(spoken.takes) if take.sentence == sentence]
    if not 0 <= number <= len(mine):
        raise StudioError("bad_value", f"There is no take {number} of that sentence.", status=422)
    wanted = mine[number - 1] if number else None
    takes = tuple(
        take.model_copy(update={"used": n == wanted}) if n in mine else take for n, take in enumerate(spoken.takes)
    )
    return _submit(studio, who, asset, spoken.model_copy(update={"takes": takes}), again=True)


def check_speech(studio: Studio, who: Principal, asset_id: str, text: str | None = None) -> JobView:
    """Have a sound listened to: a voice-over beside its own text, any sound beside a text that is given.

    Raises StudioError not_found, not_spoken, nothing_to_say.
    """
    asset = studio.library.get(who, asset_id)
    if text is None:
        spoken = _request(asset)
        instead = {take.sentence: take.say for take in spoken.takes if take.used and take.say}
        lines = [instead.get(n) or line.text for n, line in enumerate(script(spoken.text).sentences)]
        pairs = spoken.pronunciations or {}
    else:
        lines, pairs = [line.text for line in script(text).sentences], {}
    if not lines:
        raise StudioError("nothing_to_say", "There are no words to listen for.", next="Write some.", status=422)
    asked = parse({"task": "check_speech", "sound": asset_id, "sentences": lines, "pronunciations": pairs})
    assert isinstance(asked, CheckSpeech)
    return studio.jobs.submit(who, asked, project_id=asset.project_id)


def _request(asset: AssetView) -> Speak:
    record = (asset.provenance or {}).get("request") or {}
    if asset.kind != "sound" or record.get("task") != "speak":
        raise StudioError(
            "not_spoken",
            f"“{asset.title}” is not a voice-over made here.",
            "Only those have a text to go by.",
            "Choose one, or say what should be heard.",
            status=422,
        )
    request = from_storage(record)
    assert isinstance(request, Speak)
    return request


def _taught(studio: Studio, who: Principal, spoken: Speak, sentence: int) -> dict[str, str]:
    """What the person's list says of a sentence by now, where that is news to the voice-over."""
    text = script(spoken.text).sentences[sentence].text
    known = used(text, pronunciations.pairs(studio.database, who))
    news = {word: say for word, say in known.items() if (spoken.pronunciations or {}).get(word) != say}
    return {"say": respelled(text, {**(spoken.pronunciations or {}), **news})} if news else {}


def _take(fields: Mapping[str, Any]) -> Take:
    try:
        return Take.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0])[:60]
        raise StudioError("bad_value", f"“{name}” cannot be that.", reason(first), status=422) from error


def _must_have(spoken: Speak, sentence: int) -> None:
    count = len(script(spoken.text).sentences)
    if not 0 <= sentence < count:
        raise StudioError(
            "bad_value", f"There is no sentence {sentence}.", f"The text has {count}, counted from 0.", status=422
        )


def _submit(studio: Studio, who: Principal, asset: AssetView, request: Speak, *, again: bool = False) -> JobView:
    """Put a version of a voice-over into the queue; with ``again`` the same version as before is the same job."""
    request = Speak.model_validate(request.model_dump())
    known = hashlib.sha256(json.dumps(request.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
    if again:
        job = studio.jobs.submit(who, request, project_id=asset.project_id, client_ref=f"take {known}")
        if job.state not in FINISHED or (job.state == "done" and _there(studio, who, job)):
            return job
    return studio.jobs.submit(who, request, project_id=asset.project_id)


def _there(studio: Studio, who: Principal, job: JobView) -> bool:
    try:
        return bool([studio.library.get(who, asset) for asset in job.assets])
    except StudioError:
        return False
