"""Finished voice-overs for ``gradio_client``."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from api import speech
from api.principal import principal
from studio import Studio

Json = dict[str, Any]


def speech_endpoints(studio: Studio) -> list[Callable[..., Any]]:
    """The endpoints of takes and checks."""

    def retake(asset_id: str, sentence: int, http: gr.Request, options: Json | None = None) -> Json:
        """Say one sentence of a voice-over again, counted from 0; options: speed, voice, say, an earlier take …"""
        different = dict(options or {})
        number = different.pop("take", None)
        if isinstance(number, int):
            job = speech.choose_take(studio, principal(http), asset_id, sentence, number)
        else:
            job = speech.retake(studio, principal(http), asset_id, sentence, different)
        return job.model_dump(mode="json")

    def check_speech(asset_id: str, http: gr.Request, text: str | None = None) -> Json:
        """Listen to a voice-over: which words are not as in its text, or in the one given. The job."""
        return speech.check_speech(studio, principal(http), asset_id, text).model_dump(mode="json")

    return [retake, check_speech]
