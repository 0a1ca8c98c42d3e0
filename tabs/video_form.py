"""The form of a request that generates clips: like that for pictures, with a duration."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

import gradio as gr
from pydantic.fields import FieldInfo

from auth.accounts.principal import Principal
from engines.catalog import Entry
from engines.families.storybook.word_groups import WordGroup
from engines.requests.change_clip import ChangeClip
from engines.requests.timed_prompt import split_times
from errors import StudioError
from tabs import length, quality
from tabs.camera_words import CAMERA, FRAMING
from tabs.controls import advanced
from tabs.presets import presets_part
from tabs.prompt_expansion import CLIP, CLIP_WITH_SOUND, SKETCH_CLIP, Guide
from tabs.prompt_form import PromptForm

_MOTIONS = ("moving to the right", "the camera zooms in", "the camera pans to the left")
_EXAMPLES = {
    "create_clip": (
        "a red boat on the sea at sunset, moving to the right",
        "a yellow balloon rising over a green meadow",
        "a white lighthouse by the sea at night, the camera zooms in",
    ),
    "animate_image": _MOTIONS,
    "continue_clip": _MOTIONS,
    "restyle_clip": ("watercolor on rough paper", "clay figures, stop motion", "the same place at night, heavy rain"),
    "fill_clip": ("an empty street", "a wooden door", "green grass with flowers"),
    "extend_clip": ("the same street, wider", "a beach under a clear sky", "a living room with large windows"),
    "edit_clip": ("make it snow", "replace the car with a red tractor", "turn the person into a marble statue"),
}
"""Prompts to try with one click. Those for generating have words that the smallest model knows."""


class VideoForm(PromptForm):
    """A form for clips."""

    def lay_out(self, fields: Mapping[str, FieldInfo]) -> None:
        left = dict(fields)
        for name in ("image", "clip", "last_image", "mask", "aspect"):
            if name in left:
                self.add(name, left.pop(name))
        self.words(left)
        _examples(self.task)
        for name in ("strength", "references"):
            if name in left:
                self.add(name, left.pop(name))
        if "width" in left:
            self.keep("preset", presets_part(self.task))
            self.sides(left)
        del left["seconds"]
        self.keep("seconds", length.length_part(self.task))
        self.keep("quality", quality.quality_part(self.task))
        folded = {"count": left.pop("count")} | {name: field for name, field in left.items() if advanced(field)}
        for name in [name for name in left if name not in folded]:
            self.add(name, left[name])
        self.fold(folded)

    def guide(self, entry: Entry | None) -> Guide:
        if entry and entry.sound:
            return CLIP_WITH_SOUND
        return SKETCH_CLIP if entry and entry.options.get("vocabulary") else CLIP

    def word_groups(self, entry: Entry) -> tuple[WordGroup, ...]:
        """Return words that can be pressed: those of a model that knows few, or camera moves and framings."""
        camera = () if self._changes else (CAMERA,) if self.animates else (CAMERA, FRAMING)
        return super().word_groups(entry) or camera

    def framed(self, prompt: str, named: Mapping[str, Any]) -> str:
        """Return a prompt with the words of the chosen preset; with times, these words apply throughout."""
        throughout, timed = split_times(prompt)
        if not timed:
            return super().framed(prompt, named)
        framed = super().framed(throughout or "One shot", named)
        return f"{framed}\n{timed}" if throughout or framed != "One shot" else timed

    def request_fields(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        fields = super().request_fields(who, named)
        return fields | {"seconds": self._legal_length(self.studio.catalog.get(fields["model"]), named.get("seconds"))}

    def reused_values(self, request: Mapping[str, Any]) -> dict[str, Any]:
        held, entry = super().reused_values(request), self._entry(request)
        usual = entry is not None and request.get("seconds") == length.usual(entry)
        return held | {"seconds": None if usual else request.get("seconds")}

    def advice(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        advice = super().advice(who, named)
        try:
            entry = self._chosen(who, named).entry
        except StudioError:
            return advice
        wanted = self._legal_length(entry, named.get("seconds")) if named.get("seconds") else None
        offered = length.offered_lengths(entry)
        lengths = {
            "offered": [one for one in offered if one <= length.at_once(entry)] if self._changes else offered,
            "at_once": length.at_once(entry),
            "usual": length.usual(entry),
            "seconds": wanted,
        }
        return {"about": {**advice["about"], "length": lengths}}

    @property
    def _changes(self) -> bool:
        """Whether the request changes a clip, which is never done in parts."""
        return issubclass(self.request, ChangeClip)

    def _legal_length(self, entry: Entry, wanted: Any) -> float:
        seconds = length.legal(entry, wanted)
        return min(seconds, length.at_once(entry)) if self._changes else seconds


def _examples(task: str) -> None:
    """Put example prompts on the page, shown while the prompt is empty."""
    tries = "".join(
        f'<button type="button" class="sample" data-do="example" data-values="{escape(json.dumps({"prompt": words}))}" '
        f"hidden>{escape(words)}</button>"
        for words in _EXAMPLES[task]
    )
    gr.HTML(
        f'<div class="tries" role="group" aria-label="Examples">{tries}</div>',
        apply_default_css=False,
        elem_classes=["example"],
    )
