"""Home: what are we making?"""

import json
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from tabs.bench import Making
from tabs.parts import part


class Card(NamedTuple):
    """A kind of thing to make: the tab that makes it, its name, what it is good for, and the tasks of the tab."""

    tab: str
    name: str
    use: str
    icon: str
    tasks: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, tab: str, name: str, use: str, icon: str, makings: Sequence[Making]) -> "Card":
        """The card of a tab with several tasks."""
        return cls(tab, name, use, icon, tuple((one.request.model_fields["task"].default, one.name) for one in makings))


EXAMPLE = {"tab": "image", "task": "stylize_image", "sample": "portrait.jpg", "values": {"style": "style-04"}}
"""What *Make mine* puts into a form: it made ``assets/samples/portrait-restyled.jpg``."""


def build(cards: list[Card]) -> None:
    """The tab: a card for each kind of thing, the last project below."""
    part("home", _markup(cards), value=json.dumps(EXAMPLE), elem_id="home")


def _markup(cards: list[Card]) -> str:
    return f"""<section class="home">
<h2>What are we making?</h2>
<ul class="kinds">{"".join(_card(card) for card in cards)}</ul>
<section class="lately" aria-label="Last made"><header><h3></h3><a href="#library">All of it</a></header>
<ul class="made"></ul></section>
<section class="example" hidden aria-label="An example">
  <div class="pair"><img src="c41/samples/portrait.jpg" alt="A photograph of an astronaut" width="512" height="512">
  <img src="c41/samples/portrait-restyled.jpg" alt="The photograph painted in red and gold" width="512" height="512">
  </div>
  <div><h3>An example, already made</h3>
  <p>A photograph, restyled as “Crimson and gold”. It took a second, on a machine without a graphics card.</p>
  <button type="button" class="go" data-do="mine">Make mine</button></div></section>
</section>"""


def _card(card: Card) -> str:
    tasks = "".join(f'<a href="#{card.tab}/{task}">{escape(name)}</a>' for task, name in card.tasks)
    return f"""<li class="kind" data-icon="{card.icon}"><a class="into" href="#{card.tab}"><span class="sign"></span>
<b>{escape(card.name)}</b><span>{escape(card.use)}</span></a>{f'<p class="tasks">{tasks}</p>' if tasks else ""}</li>"""
