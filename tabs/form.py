"""A form for one request: its controls, its one button, and the three things that can happen to it."""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import gradio as gr

from engines.requests import Request, asset_fields, parse
from errors import Problem, StudioError
from jobs.views import Estimate
from jobs.words import about, between
from studio import Studio
from tabs.controls import advanced, control, shown_fields
from tabs.parts import part
from tabs.who import principal

log = logging.getLogger("c41.tabs")

_FOOT = """<div class="foot" data-task="{task}">
<div class="problem" role="alert" hidden></div>
<button type="button" class="go"><span>{verb}</span></button>
<p class="hint" aria-live="polite"></p></div>"""

_EXAMPLE = '<button type="button" class="sample" data-do="example" data-values="{values}" hidden>Try a sample</button>'


class Form:
    """The controls of a request type inside the section of its task.

    ``verb`` is what its button says; ``given`` are components made elsewhere on the page that stand for fields
    (the picture that all tasks of a tab share); ``under`` puts something of its own under a field.
    """

    def __init__(
        self,
        studio: Studio,
        request: type[Request],
        verb: str,
        given: Mapping[str, gr.components.Component] | None = None,
        under: Mapping[str, Callable[[], None]] | None = None,
    ) -> None:
        self.request = request
        self.task: str = request.model_fields["task"].default
        self._studio = studio
        self._verb = verb
        fields = shown_fields(studio.catalog, request)
        self.controls: dict[str, gr.components.Component] = {
            name: component for name, component in (given or {}).items() if name in fields
        }
        folded = {name for name, field in fields.items() if advanced(field)}
        make = {name: field for name, field in fields.items() if name not in self.controls}
        with gr.Column(elem_id=f"task-{self.task}", elem_classes=["task"] if given else ["task", "alone"]):
            with gr.Column(elem_classes=["fields"]):
                for name in (name for name in make if name not in folded):
                    self.controls[name] = control(studio.catalog, self.task, name, make[name])
                    for example in (make[name].examples or [])[:1]:
                        markup = _EXAMPLE.format(values=escape(json.dumps({name: example})))
                        gr.HTML(markup, apply_default_css=False, elem_classes=["example"])
                    if under and name in under:
                        under[name]()
                if folded:
                    with gr.Accordion("Advanced", open=False, elem_classes=["advanced"]):
                        for name in (name for name in make if name in folded):
                            self.controls[name] = control(studio.catalog, self.task, name, make[name])
            self.foot = part(
                "foot", _FOOT.format(task=self.task, verb=escape(verb)), events=("ask", "press", "fill"), value=""
            )
        self._listen()

    def read(self, values: Sequence[Any]) -> Request:
        """The request that the controls' values make. Raises StudioError naming the field that is wrong."""
        filled = {name: value for name, value in self._named(values).items() if value is not None}
        missing = [name for name in asset_fields(self.request) if self.request.model_fields[name].is_required()]
        for name in missing:
            if name not in filled:
                noun = (self.request.model_fields[name].title or name).lower()
                raise StudioError("no_input", f"Bring in a {noun} first.", status=422)
        return parse({"task": self.task, **filled})

    # -- the three events

    def _listen(self) -> None:
        controls = list(self.controls.values())
        changes = [component.change for component in controls]  # type: ignore[attr-defined]
        options: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
        asking = options | {"trigger_mode": "always_last"}
        gr.on(changes, self._ask, controls, self.foot, api_name=f"changed_{self.task}", **asking)
        self.foot.ask(self._ask, controls, self.foot, api_name=f"ask_{self.task}", **asking)
        self.foot.press(self._press, controls, self.foot, api_name=f"press_{self.task}", **options)
        self.foot.fill(self._fill, None, [*controls, self.foot], api_name=f"fill_{self.task}", **options)

    def _ask(self, request: gr.Request, *values: Any) -> str:
        """What the form as it stands would take."""
        said: dict[str, Any] = {"values": self._named(values)}
        try:
            asked = self.read(values)
            who = principal(request)
            estimate = self._studio.jobs.estimate(who, asked, self._studio.library.project_in_hand(who))
        except StudioError as error:
            return json.dumps(said | {"button": self._verb, "hint": f"{error.problem.what} {error.problem.why}"})
        hint = estimate.problem.sentence if estimate.problem else _hint(estimate)
        return json.dumps(said | {"button": f"{self._verb} · {_time(estimate)}", "hint": hint})

    def _press(self, event: gr.EventData, request: gr.Request, *values: Any) -> str:
        """Put the request into the queue."""
        who = principal(request)
        said: dict[str, Any] = {"pressed": time.time()}
        try:
            job = self._studio.jobs.submit(
                who,
                self.read(values),
                project_id=self._studio.library.project_in_hand(who),
                client_ref=str(_told(event).get("ref"))[:80],
            )
        except StudioError as error:
            return json.dumps(said | {"problem": error.problem.model_dump()})
        except Exception:
            log.exception("A press of the button of %s failed", self.task)
            problem = Problem(code="studio", what="The studio made a mistake.", next="Its log says more.")
            return json.dumps(said | {"problem": problem.model_dump()})
        return json.dumps(said | {"job": job.model_dump(mode="json")})

    def _fill(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        """Set the controls as for an asset that was made here, or as they were before a reload."""
        told = _told(event)
        said: dict[str, Any] = {"reused": time.time()} if told.get("asset") else {}
        try:
            values = self._values(told, request)
        except StudioError as error:
            return [gr.skip() for _ in self.controls] + [json.dumps({"problem": error.problem.model_dump()})]
        updates = [
            gr.update(value=self._legal(name, values[name])) if name in values else gr.skip() for name in self.controls
        ]
        return [*updates, json.dumps(said | {"filled": time.time()})]

    # -- help

    def _named(self, values: Sequence[Any]) -> dict[str, Any]:
        return {name: None if value == "" else value for name, value in zip(self.controls, values, strict=True)}

    def _values(self, data: Mapping[str, Any], request: gr.Request) -> dict[str, Any]:
        if isinstance(kept := data.get("values"), dict):
            return kept
        asset = self._studio.library.get(principal(request), str(data.get("asset")))
        made = (asset.provenance or {}).get("request") or {}
        if made.get("task") != self.task:
            raise StudioError("not_made_here", f"“{asset.title}” was not made with this form.", status=422)
        return dict(made)

    def _legal(self, name: str, value: Any) -> Any:
        """The value, or the default where this machine no longer offers it."""
        component = self.controls[name]
        if value is None and (name == "model" or isinstance(component, gr.HTML)):
            return ""
        if not isinstance(component, gr.Radio | gr.Dropdown) or getattr(component, "allow_custom_value", False):
            return value
        return value if value in [choice for _, choice in component.choices] else component.value


def _told(event: gr.EventData) -> Mapping[str, Any]:
    """What the page sent along with an event; a script may send anything."""
    return event._data if isinstance(event._data, dict) else {}


def _time(estimate: Estimate) -> str:
    """How long it will take, as the button says it."""
    if estimate.learned:
        return about(estimate.seconds)
    return f"usually {between(estimate.seconds_low, estimate.seconds_high)}"


def _hint(estimate: Estimate) -> str:
    """Whether it fits, and who is before it."""
    known = "Fits." if estimate.learned else "The first time here takes longest."
    return f"{known} {estimate.queue_words}"
