"""The task ``check_speech``: a recogniser listens to a voice-over, and what it hears is laid beside the text."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines import wire
from engines.context import Context
from engines.media.files import written
from engines.requests import CheckSpeech, Request
from engines.speech.comparing import compare
from engines.speech.hibari import Hibari
from engines.speech.listening import Whisper, pieces, written_down


def check_speech(request: Request, context: Context) -> None:
    """Make the list of the words that may be wrong: a text to read, and the findings in its record."""
    assert isinstance(request, CheckSpeech)
    total = max(1, round(context.facts(request.sound).seconds or 1))
    heard: list[str] = []
    entry = context.entry
    whisper = Whisper(context.catalog.path(entry, "model").parent, entry.memory["int8"], context.config.threads)
    with context.lease(whisper) as (model,):
        context.progress(0, total, "second")
        for end, samples in pieces(context.input(request.sound)):
            context.check()
            heard += written_down(model, samples)
            context.progress(min(total, round(end)), total, "second")
    with context.lease(Hibari()) as (speaker,):
        findings = compare(request.sentences, heard, request.pronunciations, speaker.sounds)
    record = findings.record(request.sentences)
    context.add(_report(context.new_file(".txt"), record, context.provenance(check=record, heard=" ".join(heard))))


def in_words(check: Mapping[str, Any]) -> str:
    """What a check found, in a sentence."""
    words, wrong = check["words"], check["wrong"]
    if not wrong:
        return f"All {words} words were heard as written." if words != 1 else "The word was heard as written."
    return f"{wrong} of {words} words may be wrong."


def _report(path: Path, check: Mapping[str, Any], provenance: dict[str, Any]) -> wire.ResultFile:
    lines = [in_words(check)]
    for sentence in check["sentences"]:
        lines += ["", sentence["text"], *(f"  {_said(flag)}" for flag in sentence["flags"])]
    content = "\n".join(lines) + "\n"
    with written(path) as part:
        part.write_text(content, encoding="utf-8")
    return wire.ResultFile(
        file=path.name,
        kind="document",
        mime="text/plain",
        content_sha256=hashlib.sha256(content.encode()).hexdigest(),
        provenance=provenance,
    )


def _said(flag: Mapping[str, Any]) -> str:
    if flag["state"] == "extra":
        return f"“{flag['heard']}” was heard, and is not in the text."
    if flag["state"] == "missing":
        return f"“{flag['text']}” was not heard."
    return (
        f"“{flag['text']}” was heard as “{flag['heard']}”." if flag["heard"] else f"“{flag['text']}” was not heard so."
    )
