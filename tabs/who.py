"""Who a page's event acts for."""

import gradio as gr

from auth.principal import Principal


def principal(request: gr.Request) -> Principal:
    """The signed-in person behind an event, as the gate resolved them."""
    who: Principal = request.request.state.principal
    return who
