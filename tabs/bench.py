"""A making tab: the forms of a medium on the left, its stage over its filmstrip on the right."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import NamedTuple

import gradio as gr

from engines.requests import Request, asset_fields
from engines.requests.base import Kind
from studio import Studio
from tabs.filmstrip import filmstrip
from tabs.form import Form
from tabs.parts import part
from tabs.slot import slot
from tabs.stage import stage

_ROW = 4  # as many tasks lie side by side


class Making(NamedTuple):
    """A task of a tab: its request, its name among the tab's tasks, what its button says, what stands under a field,
    its kind of form."""

    request: type[Request]
    name: str
    verb: str
    under: Mapping[str, Callable[[], None]] = MappingProxyType({})
    form: type[Form] = Form


class More(NamedTuple):
    """Something else to do in a tab than one task: its name there, what it is called in addresses, what builds it."""

    name: str
    value: str
    build: Callable[[], None]


def able(studio: Studio, makings: Sequence[Making]) -> list[Making]:
    """Those for whose task a model is installed."""
    catalog = studio.catalog
    return [one for one in makings if any(map(catalog.installed, catalog.for_task(_task(one.request))))]


def bench(studio: Studio, medium: str, makings: Sequence[Making], more: Sequence[More] = ()) -> None:
    """Put a making tab on the page. The tasks that take what most of them take share one place to put it in."""
    with gr.Row(elem_id=f"bench-{medium}", elem_classes=["bench"]):
        with gr.Column(elem_classes=["card"]):
            if len(makings) > 1:
                _choice(medium, makings, more)
            kind = _most_taken(makings)
            shared = _shared(makings, kind) if kind else None
            for making in makings:
                given = dict.fromkeys(_main(making.request, kind), shared) if shared else {}
                making.form(studio, making.request, making.verb, given, making.under)
            for other in more:
                other.build()
        with gr.Column(elem_classes=["show"]):
            stage(medium)
            filmstrip(medium)


def _choice(medium: str, makings: Sequence[Making], more: Sequence[More]) -> None:
    names = [(_task(making.request), making.name) for making in makings]
    names += [(other.value, other.name) for other in more]
    ticks = "".join(
        f'<label><input type="radio" name="task-{medium}" value="{value}"{"" if n else " checked"}>'
        f"<span>{escape(name)}</span></label>"
        for n, (value, name) in enumerate(names)
    )
    legend = '<legend class="visually-hidden">What to do</legend>'
    rows = " many" if len(names) > _ROW else ""
    part("choice", f'<fieldset class="choice{rows}">{legend}{ticks}</fieldset>')


def _task(request: type[Request]) -> str:
    task: str = request.model_fields["task"].default
    return task


def _most_taken(makings: Sequence[Making]) -> Kind | None:
    kinds = Counter(asset_fields(one.request)[name] for one in makings for name in _main(one.request))
    return kinds.most_common(1)[0][0] if kinds else None


def _shared(makings: Sequence[Making], kind: Kind) -> gr.HTML:
    request, name = next((one.request, name) for one in makings for name in _main(one.request, kind))
    return slot(kind, request.model_fields[name].title or name, "", main=True)


def _main(request: type[Request], kind: Kind | None = None) -> list[str]:
    """The one thing a request cannot do without, if it is of a kind."""
    first = [name for name in asset_fields(request) if request.model_fields[name].is_required()][:1]
    return [name for name in first if kind in (None, asset_fields(request)[name])]
