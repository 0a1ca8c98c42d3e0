"""Who a page's event acts for."""

import gradio as gr

from auth.principal import Principal


def principal(request: gr.Request) -> Principal:
    """The signed-in person behind an event, as the gate resolved them."""
    assert request.request is not None  # there is one behind every event
    who: Principal = request.request.state.principal
    return who
