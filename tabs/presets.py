"""Preset cards of a form, each with a sample picture."""

import gradio as gr

from library.presets import SAMPLE_REF, is_built_in
from tabs.part import part


def presets_part(task: str) -> gr.HTML:
    """Put the control on the page. Its value is the chosen preset as ``/api/presets`` returns it; empty for none."""
    return part(
        "presets",
        f"""<div class="presets" data-task="{task}" role="group" aria-label="Presets">
        <span class="label">Preset</span><div class="presets-cards"></div>
        <p class="presets-line" aria-live="polite"></p></div>""",
        value="",
    )


def job_ref(preset: object, ref: str) -> str:
    """Return the ``client_ref`` of a job: with one of the person's own presets, its first result becomes the sample."""
    preset_id = str(preset.get("id") or "")[:60] if isinstance(preset, dict) else ""
    return f"{SAMPLE_REF}{preset_id}/{ref}" if preset_id and not is_built_in(preset_id) else ref
