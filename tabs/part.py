"""A part of the page that our own JavaScript renders: Gradio places the markup and never touches it again."""

from collections.abc import Sequence

import gradio as gr


def part(
    kind: str, markup: str, *, value: str | None = None, events: Sequence[str] = (), elem_id: str | None = None
) -> gr.HTML:
    """Put ``markup`` on the page and hand it to the class that ``assets/js/studio.js`` names ``kind``.

    ``value`` travels both ways without rendering anything again: Python sets it and the part watches it; the part sets
    it and events get it as input. ``events`` are the names the part may trigger, besides ``change``.
    """
    names = " ".join(f"'{event}'" for event in events)  # Gradio finds an event by its quoted name in the script
    return gr.HTML(
        value,
        html_template=markup,
        js_on_load=f"window.C41.mount('{kind}', {{element, trigger, props, watch}}); // {names}",
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["part", f"part-{kind}"],
    )
