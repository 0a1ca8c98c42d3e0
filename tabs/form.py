"""A form for one request: its controls, its one button, and the three things that can happen to it."""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import gradio as gr
from pydantic.fields import FieldInfo

from auth.principal import Principal
from engines.requests import FetchModel, Request, asset_fields, parse
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
<p class="hint" aria-live="polite"></p><div class="offers" role="group" aria-label="What else would do"></div></div>"""

_EXAMPLE = '<button type="button" class="sample" data-do="example" data-values="{values}" hidden>Try a sample</button>'

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
"""How every event of a form is: no script's business, nothing spins, nothing waits."""


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
        self.studio = studio
        self._verb = verb
        self._under = under or {}
        fields = shown_fields(studio.catalog, request)
        self.controls: dict[str, gr.components.Component] = {
            name: component for name, component in (given or {}).items() if name in fields
        }
        with gr.Column(elem_id=f"task-{self.task}", elem_classes=["task"] if given else ["task", "alone"]):
            with gr.Column(elem_classes=["fields"]):
                self.lay_out({name: field for name, field in fields.items() if name not in self.controls})
            self.foot = part(
                "foot", _FOOT.format(task=self.task, verb=escape(verb)), events=("ask", "press", "fill"), value=""
            )
        self._listen()

    # -- what a form of another kind does its own way

    def lay_out(self, fields: Mapping[str, FieldInfo]) -> None:
        """Put the controls on the page: what is advanced folded away."""
        for name, field in fields.items():
            if not advanced(field):
                self.add(name, field)
        self.fold({name: field for name, field in fields.items() if advanced(field)})

    def asked(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        """The request's fields from what the controls hold, for a person."""
        return {name: value for name, value in named.items() if value is not None}

    def told(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        """What more the parts of the form are told about the form as it stands; see ``asked`` in bus.js."""
        return {}

    def reused(self, made: Mapping[str, Any]) -> dict[str, Any]:
        """What the controls hold for a request that was made."""
        return dict(made)

    def changed(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """What controls are to hold so that a request has these fields."""
        return {name: value for name, value in fields.items() if name in self.controls}

    # -- building

    def add(self, name: str, field: FieldInfo) -> None:
        """Put the control of a field on the page, with what belongs under it."""
        self.keep(name, control(self.studio.catalog, self.task, name, field))
        for example in (field.examples or [])[:1]:
            markup = _EXAMPLE.format(values=escape(json.dumps({name: example})))
            gr.HTML(markup, apply_default_css=False, elem_classes=["example"])
        if name in self._under:
            self._under[name]()

    def keep(self, name: str, component: gr.components.Component) -> None:
        """Let a component be the control ``name``; the page finds it by its class."""
        component.elem_classes = [*(component.elem_classes or []), f"field-{name}"]
        self.controls[name] = component

    def fold(self, fields: Mapping[str, FieldInfo]) -> None:
        """Put controls where only those look who want to."""
        if fields:
            with gr.Accordion("Advanced", open=False, elem_classes=["advanced"]):
                for name, field in fields.items():
                    self.add(name, field)

    def read(self, who: Principal, values: Sequence[Any]) -> Request:
        """The request that the controls' values make. Raises StudioError naming the field that is wrong."""
        return self._read(who, self._named(values))

    def _read(self, who: Principal, named: Mapping[str, Any]) -> Request:
        filled = self.asked(who, named)
        for name, field in self.request.model_fields.items():
            if name in asset_fields(self.request) and field.is_required() and name not in filled:
                extra = field.json_schema_extra
                if isinstance(extra, dict) and "editor" in extra:
                    raise StudioError("no_input", (field.description or "").partition(".")[0] + " first.", status=422)
                raise StudioError("no_input", f"Bring in a {(field.title or name).lower()} first.", status=422)
        return parse({"task": self.task, **filled})

    # -- the three events

    def _listen(self) -> None:
        controls = list(self.controls.values())
        changes = [component.change for component in controls]  # type: ignore[attr-defined]
        asking = PRIVATE | {"trigger_mode": "always_last"}
        gr.on(changes, self._ask, controls, self.foot, api_name=f"changed_{self.task}", **asking)
        self.foot.ask(self._ask, controls, self.foot, api_name=f"ask_{self.task}", **asking)
        self.foot.press(self._press, controls, self.foot, api_name=f"press_{self.task}", **PRIVATE)
        every = PRIVATE | {"trigger_mode": "multiple"}  # what is handed over while another is on its way counts too
        self.foot.fill(self._fill, None, [*controls, self.foot], api_name=f"fill_{self.task}", **every)

    def _ask(self, request: gr.Request, *values: Any) -> str:
        """What the form as it stands would take."""
        named, who = self._named(values), principal(request)
        said: dict[str, Any] = {"values": named, **self.told(who, named)}
        try:
            asked = self._read(who, named)
            estimate = self.studio.jobs.estimate(who, asked, self.studio.library.project_in_hand(who))
        except StudioError as error:
            return json.dumps(said | {"button": self._verb, "hint": f"{error.problem.what} {error.problem.why}"})
        return json.dumps(said | self._answer(estimate))

    def _answer(self, estimate: Estimate) -> dict[str, Any]:
        """What the button says, what stands under it, and what else would do."""
        offers = [{**offer.model_dump(mode="json"), "time": about(offer.seconds)} for offer in estimate.offers]
        for offer in offers:
            offer["changes"] = self.changed(offer["changes"])
        said = {"button": f"{self._verb} · {time_of(estimate)}", "cast": list(estimate.cast), "offers": offers}
        if estimate.problem is None:
            return said | {"hint": _hint(estimate)}
        if offers and offers[0]["get"]:  # the button itself gets what is missing
            first = offers.pop(0)
            return said | {"hint": estimate.problem.what, "button": first["label"], "get": first["get"]}
        return said | {"hint": estimate.problem.what if offers else estimate.problem.sentence}

    def _press(self, event: gr.EventData, request: gr.Request, *values: Any) -> str:
        """Put the request into the queue."""
        who = principal(request)
        said: dict[str, Any] = {"pressed": time.time()}
        told, jobs = _told(event), self.studio.jobs
        try:
            asked = self.read(who, values)
            if told.get("get"):  # what was got makes it, also where it is another model than the form's
                asked = asked.model_copy(update={"model": str(told["get"])})
            first = (jobs.submit(who, FetchModel(entry=str(told["get"]))).id,) if told.get("get") else ()
            job = jobs.submit(
                who,
                asked,
                project_id=self.studio.library.project_in_hand(who),
                client_ref=str(told.get("ref"))[:80],
                after=first,
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
            return self._unfilled(error.problem)
        except (TypeError, ValueError, AttributeError):  # the record of a file from outside may say anything
            return self._unfilled(Problem(code="not_made_here", what="What that says of its making makes no sense."))
        updates = [
            gr.update(value=self._legal(name, values[name])) if name in values else gr.skip() for name in self.controls
        ]
        return [*updates, json.dumps(said | {"filled": time.time()})]

    def _unfilled(self, problem: Problem) -> list[Any]:
        said = {"filled": time.time(), "problem": problem.model_dump()}
        return [gr.skip() for _ in self.controls] + [json.dumps(said)]

    # -- help

    def _named(self, values: Sequence[Any]) -> dict[str, Any]:
        """What each control holds; what a part holds as JSON is read."""
        return {name: _held(self.controls[name], value) for name, value in zip(self.controls, values, strict=True)}

    def _values(self, data: Mapping[str, Any], request: gr.Request) -> dict[str, Any]:
        if isinstance(kept := data.get("values"), dict):
            return kept
        asset = self.studio.library.get(principal(request), str(data.get("asset")))
        made = (asset.provenance or {}).get("request") or {}
        if made.get("task") != self.task:
            raise StudioError("not_made_here", f"“{asset.title}” was not made with this form.", status=422)
        return self.reused(made)

    def _legal(self, name: str, value: Any) -> Any:
        """The value as its control takes it, or the default where this machine no longer offers it."""
        component = self.controls[name]
        if value is None and (name == "model" or isinstance(component, gr.HTML)):
            return ""
        if isinstance(component, gr.HTML):
            return json.dumps(value) if isinstance(value, dict | list | tuple) else str(value)
        if not all(isinstance(one, str | int | float | None) for one in (value if _is_list(value) else (value,))):
            return component.value  # Gradio may take an object for a file of its own
        if not isinstance(component, gr.Radio | gr.Dropdown) or getattr(component, "allow_custom_value", False):
            return value
        return value if value in [choice for _, choice in component.choices] else component.value


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _told(event: gr.EventData) -> Mapping[str, Any]:
    """What the page sent along with an event; a script may send anything."""
    return event._data if isinstance(event._data, dict) else {}


def _held(component: gr.components.Component, value: Any) -> Any:
    if value == "":
        return None
    if isinstance(component, gr.HTML) and isinstance(value, str) and value[0] in "{[":
        try:
            return json.loads(value)
        except ValueError:
            return None
    return value


def time_of(estimate: Estimate) -> str:
    """How long it will take, as the button says it."""
    if estimate.learned:
        return about(estimate.seconds)
    return f"usually {between(estimate.seconds_low, estimate.seconds_high)}"


def _hint(estimate: Estimate) -> str:
    """Whether it fits, and who is before it."""
    known = (estimate.fit or "Fits.") if estimate.learned else "The first time here takes longest."
    return f"{known} {estimate.queue_words}"
