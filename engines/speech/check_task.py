"""The task ``check_speech``: transcribe a voice-over and compare the transcript with the text."""

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from engines import protocol
from engines.host.context import Context
from engines.media.files import write_atomically
from engines.requests import CheckSpeech, Request
from engines.speech import voice_backend
from engines.speech.comparison import compare
from engines.speech.transcription import Whisper, pieces, transcribe


def check_speech(request: Request, context: Context) -> None:
    """Make a text file of the words that may be wrong, with the findings in its provenance."""
    assert isinstance(request, CheckSpeech)
    total = max(1, round(context.facts(request.sound).seconds or 1))
    transcript: list[str] = []
    entry = context.entry
    whisper = Whisper(context.catalog.path(entry, "model").parent, entry.memory["int8"], context.config.threads)
    with context.lease(whisper) as (model,):
        context.progress(0, total, "second")
        for end, samples in pieces(context.input(request.sound)):
            context.check()
            transcript += transcribe(model, samples)
            context.progress(min(total, round(end)), total, "second")
    voices = voice_backend.phonemizing(context.catalog)
    with context.lease(*voices.components(context.catalog)) as models:
        findings = compare(request.sentences, transcript, request.pronunciations, partial(voices.phonemes, models))
    record = findings.record(request.sentences)
    context.add(_report(context.new_file(".txt"), record, context.provenance(check=record, heard=" ".join(transcript))))


def in_words(check: Mapping[str, Any]) -> str:
    """Return the result of a check as a sentence."""
    words, wrong = check["words"], check["wrong"]
    if not wrong:
        return f"All {words} words match the text." if words != 1 else "The word matches the text."
    return f"{wrong} of {words} words may be wrong."


def _report(path: Path, check: Mapping[str, Any], provenance: dict[str, Any]) -> protocol.ResultFile:
    lines = [in_words(check)]
    for sentence in check["sentences"]:
        lines += ["", sentence["text"], *(f"  {_flag_sentence(flag)}" for flag in sentence["flags"])]
    content = "\n".join(lines) + "\n"
    with write_atomically(path) as part:
        part.write_text(content, encoding="utf-8")
    return protocol.ResultFile(
        file=path.name,
        kind="document",
        mime="text/plain",
        content_sha256=hashlib.sha256(content.encode()).hexdigest(),
        provenance=provenance,
    )


def _flag_sentence(flag: Mapping[str, Any]) -> str:
    if flag["state"] == "extra":
        return f"“{flag['heard']}” was heard but is not in the text."
    if flag["state"] == "missing":
        return f"“{flag['text']}” was not heard."
    return (
        f"“{flag['text']}” was heard as “{flag['heard']}”."
        if flag["heard"]
        else f"“{flag['text']}” was not heard like this."
    )
