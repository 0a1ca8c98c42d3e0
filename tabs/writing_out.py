"""A short idea written out to a full prompt: by the language model of the studio, else by slots."""

import re
from zlib import crc32

import gradio as gr

from engines.requests.writing import Turn, Write
from tabs.parts import part

_SYSTEM = """You write prompts for a model that makes photographs and pictures.
You are given a short idea. Answer with one paragraph of 40 to 70 words that describes the finished picture.
Keep every thing, name and colour of the idea; names that begin with @ stay exactly as they are.
Say in this order: the subject, what it does, the place, the light, the lens, where the camera is, the mood.
Write in the present tense, in plain concrete words. No list, no title, no quotation marks, no comment."""

_EXAMPLE = (
    "a lighthouse keeper",
    "An old lighthouse keeper in a worn navy coat leans on the iron rail of the gallery and looks out to sea, the "
    "lamp room behind him. Low evening sun from the left, long shadows, salt haze over the water. 50 mm lens, camera "
    "at eye level, shallow depth of field, muted blues and amber, quiet and a little lonely.",
)

_SLOTS = {
    "light": (
        "light|sun|lit|night|dusk|dawn|noon|sunset|sunrise|evening|morning|neon|candle|glow|shadow",
        ("soft window light from the left", "low evening sun, long shadows", "even light of an overcast day"),
    ),
    "lens": (
        "mm|lens|macro|wide|telephoto|fisheye|close-up|anamorphic",
        ("35 mm lens", "50 mm lens", "85 mm lens"),
    ),
    "camera": (
        "shot|angle|overhead|view|eye level|camera|from above|from below|profile|aerial",
        ("medium shot at eye level", "wide shot, camera low", "three-quarter view, close"),
    ),
    "mood": (
        "mood|calm|quiet|tense|warm|cold|cheerful|gloomy|lonely|epic|tender|serene|moody|dramatic",
        ("calm, natural colours", "warm, a little nostalgic", "clear and modern"),
    ),
}
"""What a full prompt speaks of: words that show it is there already, and what is said of it otherwise."""


def question(idea: str) -> Write:
    """The request that writes an idea out."""
    given, answer = _EXAMPLE
    turns = (("system", _SYSTEM), ("user", f"Idea: {given}"), ("assistant", answer), ("user", f"Idea: {idea}"))
    messages = tuple(Turn(role=role, text=text) for role, text in turns)
    return Write(messages=messages, temperature=0.8, max_tokens=220)


def by_slots(idea: str, turn: int = 0) -> str:
    """The idea with what it leaves open added in a photographer's words; another ``turn`` adds others."""
    idea = idea.strip().rstrip(".,;")
    said = idea.lower()
    start = crc32(said.encode()) + turn
    added = [
        choices[start % len(choices)]
        for known, choices in _SLOTS.values()
        if not re.search(rf"(?<![a-z])(?:{known})(?![a-z])", said)
    ]
    return ", ".join([idea[:1].upper() + idea[1:], *added]) + "."


def idea_part(task: str) -> gr.HTML:
    """What stands under the prompt: words the model does not know, who of the cast is meant, *Write it out*."""
    return part(
        "idea",
        f"""<div class="idea" data-task="{task}"><p class="idea-note" aria-live="polite"></p>
        <button type="button" class="idea-out" data-do="write">Write it out</button>
        <button type="button" class="idea-out" data-do="undo" hidden>Undo</button>
        <div class="idea-box" role="group" aria-label="Written out" hidden></div></div>""",
        events=("write",),
        value="",
    )
