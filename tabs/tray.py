"""The queue at the foot of every tab, and a phone's three doors."""

import gradio as gr

from tabs.parts import part

_MARKUP = """
<aside class="tray" aria-label="Queue">
  <h2>Queue</h2><ul class="jobs"></ul>
  <p class="said visually-hidden" role="status" aria-live="polite"></p>
  <button type="button" class="quiet close" data-do="close" aria-label="Close the queue">Close</button>
</aside>
<nav class="doors" aria-label="Studio">
  <a href="#home" data-door="make">Make</a>
  <a href="#queue" data-door="queue" role="button">Queue<span class="count"></span></a>
  <a href="#library" data-door="library">Library</a>
</nav>"""


def tray() -> gr.HTML:
    """Everybody's jobs in words, with cancel and try again."""
    return part("tray", _MARKUP, elem_id="tray")
