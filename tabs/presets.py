"""Preset cards of a form, each with a sample where somebody had one made."""

import gradio as gr

from library.presets import ImagePreset, built_in, framed
from tabs.parts import part

SAMPLE = "preset-sample/"
"""What the reference of a sample's job begins with; the preset's id follows."""


def presets_part(task: str) -> gr.HTML:
    """The control. Its value is the chosen preset, as the page has it from ``/api/presets``; empty for none."""
    return part(
        "presets",
        f"""<div class="presets" data-task="{task}" role="group" aria-label="Presets">
        <span class="label">Preset</span><div class="presets-cards"></div>
        <p class="presets-line" aria-live="polite"></p></div>""",
        events=("samples",),
        value="",
    )


def sample_values(preset: ImagePreset, megapixels: float) -> dict[str, object]:
    """What a form holds for the sample of a preset: its example, small and as a draft."""
    return {
        "prompt": framed(preset.example, preset.frame),
        "size": {**preset.size, "megapixels": megapixels},
        "quality": "draft",
        "model": preset.model or None,
    }


def without_sample(have: dict[str, str]) -> list[ImagePreset]:
    """The studio's presets that have none; ``have`` are assets by the reference of their job."""
    shown = {ref.removeprefix(SAMPLE).partition("/")[0] for ref in have}
    return [preset for preset in built_in() if preset.id not in shown]
