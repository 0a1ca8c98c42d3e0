"""Expands a short idea to a full prompt: with the studio's language model, or by filling slots."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from zlib import crc32

import gradio as gr

from engines.requests.writing import Turn, Write
from tabs.part import part

_PICTURE = """You write prompts for a model that makes photographs and pictures.
You are given a short idea. Answer with one paragraph of 40 to 70 words that describes the finished picture.
Keep every thing, name and color of the idea; names that begin with @ stay exactly as they are.
Say in this order: the subject, what it does, the place, the light, the lens, where the camera is, the mood.
Write in the present tense, in plain concrete words. No list, no title, no quotation marks, no comment."""

_CLIP = """You write prompts for a model that makes film clips of a few seconds.
You are given a short idea. Answer with one paragraph of 40 to 70 words that describes one shot.
Keep every thing, name and color of the idea; names that begin with @ stay exactly as they are.
Say in this order: the subject, how it moves, the place, the light, how the camera moves, the lens, the mood.
One thing happens, and it fits into five seconds; nothing is cut. Write in the present tense, in plain concrete words.
No list, no title, no quotation marks, no comment."""

_CLIP_WITH_SOUND = """You write prompts for a model that makes film clips of a few seconds, with their sound.
You are given a short idea. Answer with one paragraph of 50 to 80 words that describes one shot.
Keep every thing, name and color of the idea; names that begin with @ stay exactly as they are.
Say in this order: the subject, how it moves, the place, the light, how the camera moves, the mood.
Say with each action what is heard. If somebody speaks, give the exact words in quotation marks, and say in what voice.
One thing happens, and it fits into five seconds; nothing is cut. Write in the present tense, in plain concrete words.
No list, no title, no comment."""

_KEEPER = (
    "a lighthouse keeper",
    "An old lighthouse keeper in a worn navy coat leans on the iron rail of the gallery and looks out to sea, the "
    "lamp room behind him. Low evening sun from the left, long shadows, salt haze over the water. 50 mm lens, camera "
    "at eye level, shallow depth of field, muted blues and amber, quiet and a little lonely.",
)

_KEEPER_MOVES = (
    "a lighthouse keeper",
    "An old lighthouse keeper in a worn navy coat walks slowly along the iron gallery, stops and lifts his head to the "
    "sea. Waves roll in far below. Low evening sun from the left, salt haze over the water. The camera follows him at "
    "walking pace, then comes to rest. 35 mm lens, eye level, muted blues and amber, quiet and a little lonely.",
)

_KEEPER_SPEAKS = (
    "a lighthouse keeper says good night",
    "An old lighthouse keeper in a worn navy coat walks slowly along the iron gallery, his boots ringing on the "
    "grating. He stops, looks out to sea and says in a low, hoarse voice: “Good night, old friend.” Waves roll in far "
    "below, a gull cries, no music. Low evening sun from the left. The camera follows him at walking pace, then comes "
    "to rest. Muted blues and amber, quiet and a little lonely.",
)

_LIGHT = {
    "light": (
        "light|sun|lit|night|dusk|dawn|noon|sunset|sunrise|evening|morning|neon|candle|glow|shadow",
        ("soft window light from the left", "low evening sun, long shadows", "even light of an overcast day"),
    ),
}
_MOOD = {
    "mood": (
        "mood|calm|quiet|tense|warm|cold|cheerful|gloomy|lonely|epic|tender|serene|moody|dramatic",
        ("calm, natural colors", "warm, a little nostalgic", "clear and modern"),
    ),
}
_SHOT = {
    "lens": (
        "mm|lens|macro|wide|telephoto|fisheye|close-up|anamorphic",
        ("35 mm lens", "50 mm lens", "85 mm lens"),
    ),
    "camera": (
        "shot|angle|overhead|view|eye level|camera|from above|from below|profile|aerial",
        ("medium shot at eye level", "wide shot, camera low", "three-quarter view, close"),
    ),
}
_MOVES = {
    "motion": (
        "[a-z]+ing|moves?|walks?|runs?|turns?|rises?|falls?|flies|flows?|drifts?|sways?|still",
        ("moving slowly", "hardly moving, only a light wind", "in one calm, continuous movement"),
    ),
    "camera": (
        "camera|pan|pans|zoom|zooms|dolly|tilt|tracking|handheld|static|orbit|push|pull|aerial",
        ("the camera pushes in slowly", "the camera pans to the right", "static camera on a tripod"),
    ),
}
_SOUNDS = {
    "sound": (
        'says?|speaks?|voices?|sings?|sounds?|music|song|noise|silence|silent|quiet|loud|hear|heard|“|"',
        ("natural sounds, no music", "the sounds of the place, close and clear", "wind and faint sounds far away"),
    ),
}


class Guide(NamedTuple):
    """How an idea is expanded: the system prompt for a language model, an example of an idea with its expansion, and
    the slots of a full prompt, each with words that show it is filled and phrases to fill it with."""

    system: str
    example: tuple[str, str]
    slots: Mapping[str, tuple[str, tuple[str, ...]]]


PICTURE = Guide(_PICTURE, _KEEPER, {**_LIGHT, **_SHOT, **_MOOD})
CLIP = Guide(_CLIP, _KEEPER_MOVES, {**_MOVES, **_LIGHT, **_MOOD})
CLIP_WITH_SOUND = Guide(_CLIP_WITH_SOUND, _KEEPER_SPEAKS, {**_MOVES, **_LIGHT, **_MOOD, **_SOUNDS})


_PLACE = {
    "place": (
        "sea|beach|shore|coast|meadow|grass|field|park|forest|woods|desert|sand|snow|city|street|road|room|indoors|water",
        ("in a green meadow", "by the sea", "at the edge of a forest"),
    ),
    "time": (
        "noon|day|daylight|dawn|sunrise|morning|sunset|dusk|evening|night|midnight|stars|sky|sun|moon",
        ("at sunset", "under a blue sky", "at dawn"),
    ),
}
_SKETCH_MOVES = {
    "motion": (
        "moving|moves|rising|rises|falling|drifting|turning|camera|zooms|pans",
        ("moving to the right", "the camera zooms in", "moving to the left"),
    ),
}

SKETCH = Guide(_PICTURE, _KEEPER, _PLACE)
SKETCH_CLIP = Guide(_CLIP, _KEEPER_MOVES, {**_PLACE, **_SKETCH_MOVES})
"""For models with a small vocabulary: the slots are filled with words they know."""


def question(idea: str, guide: Guide = PICTURE) -> Write:
    """Return the request that expands an idea."""
    given, answer = guide.example
    turns = (("system", guide.system), ("user", f"Idea: {given}"), ("assistant", answer), ("user", f"Idea: {idea}"))
    messages = tuple(Turn(role=role, text=text) for role, text in turns)
    return Write(messages=messages, temperature=0.8, max_tokens=220)


def by_slots(idea: str, turn: int = 0, guide: Guide = PICTURE) -> str:
    """Return the idea with its empty slots filled from the guide; another ``turn`` picks other phrases."""
    idea = idea.strip().rstrip(".,;")
    idea_text = idea.lower()
    start = crc32(idea_text.encode()) + turn
    added = [
        choices[start % len(choices)]
        for known, choices in guide.slots.values()
        if not re.search(rf"(?<![a-z])(?:{known})(?![a-z])", idea_text)
    ]
    return ", ".join([idea[:1].upper() + idea[1:], *added]) + "."


def idea_part(task: str) -> gr.HTML:
    """Put what belongs under the prompt on the page: unknown words, cast members it mentions, *Expand my prompt*."""
    return part(
        "idea",
        f"""<div class="idea" data-task="{task}"><details class="vocabulary" hidden><summary></summary>
        <div></div></details><p class="idea-note" aria-live="polite"></p>
        <button type="button" class="idea-out" data-do="write">Expand my prompt</button>
        <button type="button" class="idea-out" data-do="undo" hidden>Undo</button>
        <div class="idea-box" role="group" aria-label="Expanded prompt" hidden></div></div>""",
        events=("write",),
        value="",
    )
