"""Home: a card per kind of thing to make, and what was made last."""

import json
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from tabs.part import part
from tabs.workspace import WorkspaceTab


class Card(NamedTuple):
    """A card: the tab it opens, its name, what the tab is for, its icon, and the tab's tasks."""

    tab: str
    name: str
    use: str
    icon: str
    tasks: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, tab: str, name: str, use: str, icon: str, forms: Sequence[WorkspaceTab]) -> "Card":
        """Return the card of a tab with several tasks."""
        return cls(tab, name, use, icon, tuple((one.request.model_fields["task"].default, one.name) for one in forms))


EXAMPLE = {"tab": "image", "task": "stylize_image", "sample": "portrait.jpg", "values": {"style": "style-04"}}
"""The settings *Try it* puts into the form; ``assets/samples/portrait-restyled.jpg`` was made with them."""


def build(cards: list[Card]) -> None:
    """Build the tab: the cards, and the last results below."""
    part("home", _markup(cards), value=json.dumps(EXAMPLE), elem_id="home")


def _markup(cards: list[Card]) -> str:
    return f"""<section class="home">
<h2>What are we making?</h2>
<ul class="kinds">{"".join(_card(card) for card in cards)}</ul>
<section class="lately" aria-label="Recent results"><header><h3></h3><a href="#library">See all</a></header>
<ul class="made"></ul></section>
<section class="example" hidden aria-label="An example">
  <div class="pair"><img src="c41/samples/portrait.jpg" alt="A photograph of an astronaut" width="512" height="512">
  <img src="c41/samples/portrait-restyled.jpg" alt="The photograph painted in red and gold" width="512" height="512">
  </div>
  <div><h3>An example</h3>
  <p>A photograph in the style “Crimson and gold”. It took one second on a computer without a GPU.</p>
  <button type="button" class="go" data-do="mine">Try it</button></div></section>
</section>"""


def _card(card: Card) -> str:
    tasks = "".join(f'<a href="#{card.tab}/{task}">{escape(name)}</a>' for task, name in card.tasks)
    return f"""<li class="kind" data-icon="{card.icon}"><a class="into" href="#{card.tab}"><span class="sign"></span>
<b>{escape(card.name)}</b><span>{escape(card.use)}</span></a>{f'<p class="tasks">{tasks}</p>' if tasks else ""}</li>"""
