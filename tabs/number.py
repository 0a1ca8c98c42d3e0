"""Number inputs that Gradio lacks: one that may stay empty (in Gradio's, empty becomes 0 at once), and a counter for
small ranges, where a slider is too fine for a thumb."""

from html import escape

import gradio as gr

from tabs.part import part


def number(label: str, help: str, *, low: float | None, high: float | None, step: float | None) -> gr.HTML:
    """Put an input on the page whose value is the typed text, or empty; the request validates it."""
    bounds = {"min": low, "max": high, "step": step or "any"}
    attributes = "".join(f' {name}="{value}"' for name, value in bounds.items() if value is not None)
    mode = "numeric" if step == 1 else "decimal"
    return part(
        "number",
        f"""<label class="open-number"><span class="label">{escape(label)}</span>
        <span class="help">{escape(help)}</span><input type="number" inputmode="{mode}"{attributes}></label>""",
        value="",
    )


def count(label: str, help: str, *, low: int, high: int, default: int) -> gr.HTML:
    """Put an input for a small whole number on the page, with a button on either side. It does not stay empty."""
    name = escape(label)
    return part(
        "number",
        f"""<div class="open-number" role="group" aria-label="{name}"><span class="label">{name}</span>
        <span class="help">{escape(help)}</span><span class="counted">
        <button type="button" data-by="-1" aria-label="One less">−</button>
        <input type="number" inputmode="numeric" aria-label="{name}" min="{low}" max="{high}" step="1">
        <button type="button" data-by="1" aria-label="One more">+</button></span></div>""",
        value=str(default),
    )
