"""A mask painted over a picture. Its value is the asset id of the mask; white parts are generated anew."""

from html import escape

import gradio as gr

from tabs.part import part

_TOOLS = (("paint", "Paint"), ("erase", "Erase"))


def mask(label: str, help: str, over: str) -> gr.HTML:
    """Put a mask over the picture of the field ``over`` on the page, painted in a dialog the size of the window."""
    tools = "".join(
        f'<label><input type="radio" name="tool" value="{value}"{" checked" if value == "paint" else ""}>'
        f"<span>{name}</span></label>"
        for value, name in _TOOLS
    )
    title = escape(label)
    return part(
        "mask",
        f"""<div class="mask" data-over="{escape(over)}" role="group" aria-label="{title}">
        <span class="label">{title}</span><div class="mask-box"></div><p class="wrong" role="alert"></p>
        <p class="help">{escape(help)}</p>
        <dialog class="mask-paint" aria-label="Paint: {title}"><div class="mask-frame">
        <header><fieldset class="choice"><legend class="visually-hidden">Tool</legend>{tools}</fieldset>
        <label class="mask-size"><span>Brush</span>
        <input type="range" name="brush" min="1" max="100" value="30"></label>
        <div class="mask-acts" role="group" aria-label="Edit mask"></div></header>
        <div class="mask-plane"><div class="mask-sheet"><img alt="" draggable="false"><canvas></canvas></div>
        <span class="mask-ring" hidden></span></div>
        <div class="mask-end"><p class="bare">Painted parts are replaced. Pinch or scroll to zoom;
        [ and ] change the brush size.</p>
        <button type="button" class="step" data-do="leave">Cancel</button>
        <button type="button" class="step first" data-do="done">Done</button></div></div></dialog></div>""",
        value="",
    )
