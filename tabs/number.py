"""A number that may stay empty: Gradio's own turns nothing into 0 as soon as it is on the page."""

from html import escape

import gradio as gr

from tabs.parts import part


def number(label: str, help: str, *, low: float | None, high: float | None, step: float | None) -> gr.HTML:
    """An input whose value is what was typed, or nothing; the request says whether it is legal."""
    bounds = {"min": low, "max": high, "step": step or "any"}
    said = "".join(f' {name}="{value}"' for name, value in bounds.items() if value is not None)
    mode = "numeric" if step == 1 else "decimal"
    return part(
        "number",
        f"""<label class="open-number"><span class="label">{escape(label)}</span>
        <span class="help">{escape(help)}</span><input type="number" inputmode="{mode}"{said}></label>""",
        value="",
    )
