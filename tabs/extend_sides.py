"""How far to extend a picture beyond its edges: in px per side, or to a shape."""

import gradio as gr

from tabs.part import part

SIDES = ("left", "right", "top", "bottom")
SHAPES = ("1:1", "4:5", "3:2", "16:9", "9:16", "21:9")

_NAMES = {"left": "Left", "right": "Right", "top": "Above", "bottom": "Below"}


def sides_part(task: str, most: int) -> gr.HTML:
    """Put the control on the page. Its value is an object with the four sides in px, each up to ``most``."""
    shapes = "".join(f'<button type="button" data-do="shape" data-shape="{shape}">{shape}</button>' for shape in SHAPES)
    numbers = "".join(
        f'<label class="sides-{side}"><span>{_NAMES[side]}</span><input type="number" name="{side}" value="0" min="0" '
        f'max="{most}" step="8" inputmode="numeric"></label>'
        for side in ("top", "left", "right", "bottom")
    )
    return part(
        "sides",
        f"""<fieldset class="sides" data-task="{task}" data-most="{most}"><legend class="label">Extend by (px)</legend>
        <div class="sides-shapes" role="group" aria-label="Extend to shape">{shapes}</div>
        <div class="sides-round">{numbers}<span class="sides-old" aria-hidden="true"></span></div>
        <output class="size-out" aria-live="polite"></output></fieldset>""",
        value="",
    )
