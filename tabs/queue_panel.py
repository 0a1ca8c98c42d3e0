"""The queue: a panel with everyone's jobs, and a phone's three main links."""

import gradio as gr

from tabs.part import part

_LISTS = (
    ("running", "Running", ""),
    ("waiting", "Waiting", '<button type="button" class="act" data-do="cancel-all" hidden>Cancel all</button>'),
    ("failed", "Failed", '<button type="button" class="act" data-do="dismiss-all">Dismiss all</button>'),
    ("done", "Done today", ""),
)

_SURE = """<p class="sure" role="alert" hidden><b></b>
  <button type="button" class="act" data-do="cancel-now">Cancel them</button>
  <button type="button" class="act" data-do="keep">Keep</button></p>"""


def _list(name: str, title: str, tool: str) -> str:
    return f"""<section data-list="{name}" aria-label="{title}" hidden>
    <header><h3>{title} <span class="count"></span></h3>{tool}</header>{_SURE if name == "waiting" else ""}<ul></ul>
    <button type="button" class="act" data-do="more" hidden></button></section>"""


_MARKUP = f"""
<div class="veil" data-do="close"></div>
<aside class="queue" id="queue-panel" aria-label="Queue" tabindex="-1">
  <header class="top"><h2>Queue</h2>
  <button type="button" class="quiet" data-do="close" aria-label="Close the queue">Close</button></header>
  <div class="lists"><p class="calm">The queue is empty.</p>{"".join(_list(*one) for one in _LISTS)}</div>
</aside>
<p class="said visually-hidden" role="status" aria-live="polite"></p>
<nav class="bottom-bar" aria-label="Studio">
  <a href="#home" data-link="make">Create</a>
  <a href="#queue" data-link="queue" role="button">Queue<span class="count"></span></a>
  <a href="#library" data-link="library">Library</a>
</nav>"""


def queue_panel() -> gr.HTML:
    """Put the panel with everyone's jobs on the page."""
    return part("queue", _MARKUP, elem_id="queue")
