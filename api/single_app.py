"""Builds Gradio's Blocks without what it computes at every step and throws away: an app, the page's description."""

from collections.abc import Iterator
from contextlib import contextmanager

from gradio import Blocks
from gradio.routes import App


@contextmanager
def only_at_the_end() -> Iterator[None]:
    """Keep Blocks from creating an app and describing the page when they are made, closed or given a queue.

    ``gr.mount_gradio_app`` does both; call it afterwards.
    """
    create, describe = App.create_app, Blocks.get_config_file
    App.create_app = staticmethod(lambda blocks, **options: None)  # type: ignore[assignment]
    Blocks.get_config_file = lambda blocks: {}  # type: ignore[assignment,method-assign,typeddict-item]
    try:
        yield
    finally:
        App.create_app, Blocks.get_config_file = create, describe  # type: ignore[method-assign]
