"""The form of a request that films: as one that draws, with a length."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

import gradio as gr
from pydantic.fields import FieldInfo

from auth.principal import Principal
from errors import StudioError
from tabs import length, quality
from tabs.controls import advanced
from tabs.drawing import Drawn
from tabs.writing_out import CLIP, SKETCH_CLIP

_EXAMPLES = {
    "create_clip": (
        "a red boat on the sea at sunset, moving to the right",
        "a yellow balloon rising over a green meadow",
        "a white lighthouse by the sea at night, the camera zooms in",
    ),
    "animate_image": ("moving to the right", "the camera zooms in", "the camera pans to the left"),
}
"""What can be tried with one press, in words that the smallest model knows."""


class Filmed(Drawn):
    """A form for clips."""

    guide, sketch_guide = CLIP, SKETCH_CLIP

    def lay_out(self, fields: Mapping[str, FieldInfo]) -> None:
        left = dict(fields)
        if "image" in left:
            self.add("image", left.pop("image"))
        self.words(left)
        _examples(self.task)
        if "width" in left:
            self.sides(left)
        del left["seconds"]
        self.keep("seconds", length.length_part(self.task))
        self.keep("quality", quality.quality_part(self.task))
        folded = {"count": left.pop("count")} | {name: field for name, field in left.items() if advanced(field)}
        for name in [name for name in left if name not in folded]:
            self.add(name, left[name])
        self.fold(folded)

    def asked(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        fields = super().asked(who, named)
        return fields | {"seconds": length.legal(self.studio.catalog.get(fields["model"]), named.get("seconds"))}

    def reused(self, made: Mapping[str, Any]) -> dict[str, Any]:
        held, entry = super().reused(made), self._entry(made)
        usual = entry is not None and made.get("seconds") == length.usual(entry)
        return held | {"seconds": None if usual else made.get("seconds")}

    def told(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        said = super().told(who, named)
        try:
            entry = self._chosen(who, named).entry
        except StudioError:
            return said
        wanted = length.legal(entry, named.get("seconds")) if named.get("seconds") else None
        lengths = {"offered": length.offered(entry), "usual": length.usual(entry), "seconds": wanted}
        return {"about": {**said["about"], "length": lengths}}


def _examples(task: str) -> None:
    """Prompts to try, as long as nothing is written."""
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
