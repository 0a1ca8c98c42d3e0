"""Numbers that Gradio's own inputs make nothing good of: one that may stay empty (there nothing becomes 0 as soon as it
is on the page), and a small count, for which a slider is too fine for a thumb."""

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


def count(label: str, help: str, *, low: int, high: int, default: int) -> gr.HTML:
    """An input for a small whole number, with a button on either side of it. It is never empty for long."""
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
