"""A form for one request: its controls, its button, and its three events."""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import gradio as gr
from pydantic.fields import FieldInfo

from auth.accounts.principal import Principal
from engines.requests import FetchModel, Request, asset_fields, parse
from errors import Problem, StudioError
from jobs.admission.usual_time import each, is_slow
from jobs.views import Estimate
from jobs.wording import about, between
from studio import Studio
from tabs.controls import advanced, control, shown_fields
from tabs.part import part
from tabs.principal import principal

log = logging.getLogger("c41.tabs")

_SUBMIT_BAR = """<div class="submit-bar" data-task="{task}">
<div class="problem" role="alert" hidden></div>
<div class="objection" role="group" aria-label="Before you generate" hidden></div>
<button type="button" class="go"><span>{verb}</span></button>
<p class="hint" aria-live="polite"></p><div class="offers" role="group" aria-label="Alternatives"></div></div>"""

_EXAMPLE = '<button type="button" class="sample" data-do="example" data-values="{values}" hidden>Try a sample</button>'

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
"""Options of every event of a form: hidden from scripts, no spinner, no queue."""


class Form:
    """The controls of a request type in the section of its task.

    ``verb`` is the label of the button; ``components`` maps fields to components built elsewhere on the page (the
    picture that all tasks of a tab share); ``under`` maps fields to functions that add something below them.
    """

    def __init__(
        self,
        studio: Studio,
        request: type[Request],
        verb: str,
        components: Mapping[str, gr.components.Component] | None = None,
        under: Mapping[str, Callable[[], None]] | None = None,
    ) -> None:
        self.request = request
        self.task: str = request.model_fields["task"].default
        self.studio = studio
        self._verb = verb
        self._under = under or {}
        fields = shown_fields(studio.catalog, request)
        self.controls: dict[str, gr.components.Component] = {
            name: component for name, component in (components or {}).items() if name in fields
        }
        with gr.Column(elem_id=f"task-{self.task}", elem_classes=["task"] if components else ["task", "alone"]):
            with gr.Column(elem_classes=["fields"]):
                self.lay_out({name: field for name, field in fields.items() if name not in self.controls})
            self.submit_bar = part(
                "submit-bar",
                _SUBMIT_BAR.format(task=self.task, verb=escape(verb)),
                events=("ask", "press", "fill"),
                value="",
            )
        self._listen()

    # -- what subclasses override

    def lay_out(self, fields: Mapping[str, FieldInfo]) -> None:
        """Put the controls on the page, advanced ones folded away."""
        for name, field in fields.items():
            if not advanced(field):
                self.add(name, field)
        self.fold({name: field for name, field in fields.items() if advanced(field)})

    def request_fields(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request's fields for the values of the controls."""
        return {name: value for name, value in named.items() if value is not None}

    def advice(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        """Return what else the parts of the form need to know about its present state; see ``formChanged`` in
        core/bus.js."""
        return {}

    def objection(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what to ask before the request is submitted, for objection.js; None if there is nothing to ask."""
        return None

    def reused_values(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the controls for an earlier request."""
        return dict(request)

    def job_ref(self, named: Mapping[str, Any], ref: str) -> str:
        """Return the ``client_ref`` of a job; the page's own is ``ref``."""
        return ref

    def changed_values(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the controls that give a request these fields."""
        return {name: value for name, value in fields.items() if name in self.controls}

    # -- building

    def add(self, name: str, field: FieldInfo) -> None:
        """Put the control of a field on the page, with its example and what ``under`` adds."""
        self.keep(name, control(self.studio.catalog, self.task, name, field))
        for example in (field.examples or [])[:1]:
            markup = _EXAMPLE.format(values=escape(json.dumps({name: example})))
            gr.HTML(markup, apply_default_css=False, elem_classes=["example"])
        if name in self._under:
            self._under[name]()

    def keep(self, name: str, component: gr.components.Component) -> None:
        """Register a component as the control ``name``; the page finds it by its class."""
        component.elem_classes = [*(component.elem_classes or []), f"field-{name}"]
        self.controls[name] = component

    def fold(self, fields: Mapping[str, FieldInfo]) -> None:
        """Put controls into the Advanced section."""
        if fields:
            with gr.Accordion("Advanced", open=False, elem_classes=["advanced"]):
                for name, field in fields.items():
                    self.add(name, field)

    def read(self, who: Principal, values: Sequence[Any]) -> Request:
        """Build the request from the controls' values. Raises StudioError naming the invalid field."""
        return self._read(who, self._named(values))

    def _read(self, who: Principal, named: Mapping[str, Any]) -> Request:
        filled = self.request_fields(who, named)
        for name, field in self.request.model_fields.items():
            if name in asset_fields(self.request) and field.is_required() and name not in filled:
                extra = field.json_schema_extra
                if isinstance(extra, dict) and "editor" in extra:
                    what = (field.description or "").partition(".")[0] + " first."
                else:
                    article = "" if isinstance(extra, dict) and "most" in extra else "a "
                    what = f"Add {article}{(field.title or name).lower()} first."
                raise StudioError("no_input", what, status=422, field=name)
        return parse({"task": self.task, **filled})

    # -- the three events

    def _listen(self) -> None:
        controls = list(self.controls.values())
        changes = [component.change for component in controls]  # type: ignore[attr-defined]
        asking = PRIVATE | {"trigger_mode": "always_last"}
        gr.on(changes, self._ask, controls, self.submit_bar, api_name=f"changed_{self.task}", **asking)
        self.submit_bar.ask(self._ask, controls, self.submit_bar, api_name=f"ask_{self.task}", **asking)
        self.submit_bar.press(self._press, controls, self.submit_bar, api_name=f"press_{self.task}", **PRIVATE)
        every = PRIVATE | {"trigger_mode": "multiple"}  # two fills in quick succession both count
        self.submit_bar.fill(self._fill, None, [*controls, self.submit_bar], api_name=f"fill_{self.task}", **every)

    def _ask(self, request: gr.Request, *values: Any) -> str:
        """Return the estimate for the form as it is now, as JSON."""
        with self.studio.catalog.steady():
            return self._prospect(principal(request), self._named(values))

    def _prospect(self, who: Principal, named: Mapping[str, Any]) -> str:
        untouched = named == self._named([component.value for component in self.controls.values()])
        answer: dict[str, Any] = {"values": named, "untouched": untouched, **self.advice(who, named)}
        try:
            new_request = self._read(who, named)
            estimate = self.studio.jobs.estimate(who, new_request, self.studio.library.current_project(who))
        except StudioError as error:
            hint = {"hint": f"{error.problem.what} {error.problem.why}", "slow": error.problem.code == "unknown_words"}
            return json.dumps(answer | {"button": self._verb} | hint)
        return json.dumps(answer | self._answer(estimate, getattr(new_request, "count", 1)))

    def _answer(self, estimate: Estimate, count: int) -> dict[str, Any]:
        """Return the button's label, the hint below it, and the alternatives; ``count`` is the number of results."""
        offers = [{**offer.model_dump(mode="json"), "time": about(offer.seconds)} for offer in estimate.offers]
        for offer in offers:
            offer["changes"] = self.changed_values(offer["changes"])
        answer: dict[str, Any] = {
            "button": f"{self._verb} · {time_of(estimate)}",
            "cast": list(estimate.cast),
            "offers": offers,
        }
        answer["tight"] = estimate.problem is not None and estimate.problem.code == "does_not_fit"
        if estimate.problem is None:
            slow = is_slow(self.task, estimate.seconds / count)
            return answer | {"hint": _hint(estimate, count if slow else 0), "slow": slow}
        if offers and offers[0]["get"]:  # the button itself downloads the missing model
            first = offers.pop(0)
            return answer | {"hint": estimate.problem.what, "button": first["label"], "get": first["get"]}
        return answer | {"hint": estimate.problem.what if offers else estimate.problem.sentence}

    def _press(self, event: gr.EventData, request: gr.Request, *values: Any) -> str:
        """Submit the request to the queue."""
        who = principal(request)
        answer: dict[str, Any] = {"pressed": time.time()}
        fields, jobs = _event_fields(event), self.studio.jobs
        try:
            asks = not (fields.get("anyway") or fields.get("get"))
            if asks and (objection := self.objection(who, self._named(values))):
                return json.dumps(answer | {"objection": objection})
            new_request = self.read(who, values)
            if fields.get("get"):  # the downloaded model is used, even if the form has another
                new_request = new_request.model_copy(update={"model": str(fields["get"])})
            first = (jobs.submit(who, FetchModel(entry=str(fields["get"]))).id,) if fields.get("get") else ()
            job = jobs.submit(
                who,
                new_request,
                project_id=self.studio.library.current_project(who),
                client_ref=self.job_ref(self._named(values), str(fields.get("ref"))[:80]),
                after=first,
            )
        except StudioError as error:
            return json.dumps(answer | {"problem": error.problem.model_dump()})
        except Exception:
            log.exception("A press of the button of %s failed", self.task)
            problem = Problem(code="studio", what="Unexpected error in the studio.", next="See the log for details.")
            return json.dumps(answer | {"problem": problem.model_dump()})
        return json.dumps(answer | {"job": job.model_dump(mode="json")})

    def _fill(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        """Set the controls to the request of an asset made here, or to their values before a reload."""
        fields = _event_fields(event)
        answer: dict[str, Any] = {"reused": time.time()} if fields.get("asset") else {}
        try:
            values = self._values(fields, request)
        except StudioError as error:
            return self._unfilled(error.problem)
        except (TypeError, ValueError, AttributeError):  # the record of an uploaded file may hold anything
            return self._unfilled(Problem(code="not_made_here", what="The settings stored in that file are invalid."))
        updates = [
            gr.update(value=self._legal(name, values[name])) if name in values else gr.skip() for name in self.controls
        ]
        if fields.get("restored") and (lost := self._lost(values)):
            answer["lost"] = lost
        return [*updates, json.dumps(answer | {"filled": time.time()})]

    def _unfilled(self, problem: Problem) -> list[Any]:
        answer = {"filled": time.time(), "problem": problem.model_dump()}
        return [gr.skip() for _ in self.controls] + [json.dumps(answer)]

    # -- help

    def _named(self, values: Sequence[Any]) -> dict[str, Any]:
        """Return the value of each control, with the JSON of parts parsed."""
        return {
            name: _component_value(self.controls[name], value)
            for name, value in zip(self.controls, values, strict=True)
        }

    def _values(self, data: Mapping[str, Any], request: gr.Request) -> dict[str, Any]:
        if isinstance(stored := data.get("values"), dict):
            return stored
        asset = self.studio.library.get(principal(request), str(data.get("asset")))
        request_fields = (asset.provenance or {}).get("request") or {}
        if request_fields.get("task") != self.task:
            raise StudioError("not_made_here", f"“{asset.title}” was made with another form.", status=422)
        return self.reused_values(request_fields)

    def _legal(self, name: str, value: Any) -> Any:
        """Return the value in the form its control takes, or the default if it is no longer offered."""
        component = self.controls[name]
        if name == "model" and not (isinstance(value, str) and value in self.studio.catalog.entries):
            return ""
        if value is None and (name == "model" or isinstance(component, gr.HTML)):
            return ""
        if isinstance(component, gr.HTML):
            return json.dumps(value) if isinstance(value, dict | list | tuple) else str(value)
        if not all(isinstance(one, str | int | float | None) for one in (value if _is_list(value) else (value,))):
            return component.value  # Gradio may treat an object as one of its files
        if not isinstance(component, gr.Radio | gr.Dropdown) or getattr(component, "allow_custom_value", False):
            return value
        return value if value in [choice for _, choice in component.choices] else component.value

    def _lost(self, values: Mapping[str, Any]) -> list[str]:
        """Return the values that the form cannot take, as people know them: “Model: wan-2.1”."""
        lost = {name: value for name, value in values.items() if value is not None and self._is_gone(name, value)}
        titles = {name: field.title or name for name, field in self.request.model_fields.items()}
        return [f"{titles.get(name, name)}: {value}"[:100] for name, value in lost.items()]

    def _is_gone(self, name: str, value: Any) -> bool:
        component = self.controls.get(name)
        if component is None or name == "model":
            return component is None or self._legal(name, value) != (value or "")
        return not isinstance(component, gr.HTML) and self._legal(name, value) != value


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _event_fields(event: gr.EventData) -> Mapping[str, Any]:
    """Return the data the page sent with an event; a script may send anything."""
    return event._data if isinstance(event._data, dict) else {}


def _component_value(component: gr.components.Component, value: Any) -> Any:
    if value == "":
        return None
    if isinstance(component, gr.HTML) and isinstance(value, str) and value[0] in "{[":
        try:
            return json.loads(value)
        except ValueError:
            return None
    return value


def time_of(estimate: Estimate) -> str:
    """Return the expected duration as shown on the button."""
    if estimate.learned:
        return about(estimate.seconds)
    return f"usually {between(estimate.seconds_low, estimate.seconds_high)}"


def _hint(estimate: Estimate, slow_count: int) -> str:
    """Return whether it fits into memory, and how long the queue is; for slow results, of which there are
    ``slow_count``, their time."""
    if slow_count:
        time = each(estimate.task, estimate.seconds / slow_count)
        return f"Runs, but slowly: {time}. {estimate.queue_words}"
    fit = "Ready." if estimate.fit in ("", "Fits.") else estimate.fit
    known = fit if estimate.learned else "The first run takes longer."
    return f"{known} {estimate.queue_words}"
