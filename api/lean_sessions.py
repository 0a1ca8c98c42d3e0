"""Gradio sessions without the data that only deep links use, which are disabled here."""

from types import SimpleNamespace
from typing import cast

import gradio as gr
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder


class LeanSessions(StateHolder):
    """Starts a session in a fraction of a millisecond. Gradio copies the settings of every component first, which
    blocks all requests, and does so for each call of a script without a session."""

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            no_settings = SimpleNamespace(default_config=self.blocks.default_config, blocks={})
            self.session_data[session_id] = SessionState(cast(gr.Blocks, no_settings))
        return super().__getitem__(session_id)


def keep_sessions_lean(app: App, blocks: gr.Blocks) -> None:
    """Use these sessions in Gradio's ``app``, which serves ``blocks``."""
    app.state_holder = LeanSessions()  # type: ignore[no-untyped-call]
    app.state_holder.set_blocks(blocks)
