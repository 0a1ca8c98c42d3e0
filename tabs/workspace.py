"""The workspace of a medium: its forms on the left, its stage over its filmstrip on the right."""

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
from tabs.part import part
from tabs.slot import slot
from tabs.stage import stage

_ROW = 4  # tasks in one row


class WorkspaceTab(NamedTuple):
    """A task of a tab: its request, its name, the label of its button, what goes under a field, its form class."""

    request: type[Request]
    name: str
    verb: str
    under: Mapping[str, Callable[[], None]] = MappingProxyType({})
    form: type[Form] = Form


class More(NamedTuple):
    """A section of a tab that is not a task: its name, its name in URLs, and the function that builds it."""

    name: str
    value: str
    build: Callable[[], None]


def with_model(studio: Studio, forms: Sequence[WorkspaceTab]) -> list[WorkspaceTab]:
    """Return those with an installed model for their task."""
    catalog = studio.catalog
    return [one for one in forms if any(map(catalog.installed, catalog.for_task(_task(one.request))))]


def workspace(studio: Studio, medium: str, forms: Sequence[WorkspaceTab], more: Sequence[More] = ()) -> None:
    """Put a workspace on the page. Tasks whose main input is of the most common kind share one input for it."""
    with gr.Row(elem_id=f"bench-{medium}", elem_classes=["bench"]):
        with gr.Column(elem_classes=["card"]):
            if len(forms) > 1:
                _choice(medium, forms, more)
            kind = _most_common_input(forms)
            shared = _shared(forms, kind) if kind else None
            for form in forms:
                given = dict.fromkeys(_main(form.request, kind), shared) if shared else {}
                form.form(studio, form.request, form.verb, given, form.under)
            for other in more:
                other.build()
        with gr.Column(elem_classes=["show"]):
            stage(medium)
            filmstrip(medium)


def _choice(medium: str, forms: Sequence[WorkspaceTab], more: Sequence[More]) -> None:
    names = [(_task(making.request), making.name) for making in forms]
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


def _most_common_input(forms: Sequence[WorkspaceTab]) -> Kind | None:
    kinds = Counter(asset_fields(one.request)[name] for one in forms for name in _main(one.request))
    return kinds.most_common(1)[0][0] if kinds else None


def _shared(forms: Sequence[WorkspaceTab], kind: Kind) -> gr.HTML:
    request, name = next((one.request, name) for one in forms for name in _main(one.request, kind))
    return slot(kind, request.model_fields[name].title or name, "", main=True)


def _main(request: type[Request], kind: Kind | None = None) -> list[str]:
    """Return the first required field of a request that takes one asset, if it is of this kind."""
    fields = request.model_fields
    first = [name for name in asset_fields(request) if fields[name].is_required() and fields[name].annotation is str]
    return [name for name in first[:1] if kind in (None, asset_fields(request)[name])]
