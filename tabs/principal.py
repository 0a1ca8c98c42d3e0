"""The signed-in person behind an event of the page."""

import gradio as gr

from auth.accounts.principal import Principal


def principal(request: gr.Request) -> Principal:
    """Return the signed-in person behind an event, as resolved by the gate."""
    assert request.request is not None  # every event has one
    who: Principal = request.request.state.principal
    return who
