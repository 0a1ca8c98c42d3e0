"""The form of a request that generates pictures: size, quality, presets, and the automatic choice of a model."""

import json
import time
from collections.abc import Mapping
from typing import Any, cast

import gradio as gr
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from auth.accounts.principal import Principal
from engines.catalog import Entry
from engines.families.storybook import prompts
from engines.families.storybook.word_groups import WordGroup
from engines.loras import families
from engines.prompt_length import words_that_fit
from engines.requests import AnimateImage, ContinueClip, CreateImage, PromptRequest
from errors import StudioError
from jobs.admission import model_choice
from jobs.wording import about
from library.presets import with_frame
from tabs import quality, size
from tabs.controls import advanced
from tabs.extend_sides import SIDES, sides_part
from tabs.form import PRIVATE, Form
from tabs.number import number
from tabs.presets import job_ref, presets_part
from tabs.principal import principal
from tabs.prompt_expansion import PICTURE, SKETCH, Guide, by_slots, idea_part, question

_CALM = "A small model running on the CPU: fine for trying things out, not for client work."
_INVENTED = "a house"
_OPEN = ("steps", "guidance")  # empty: set by the quality
_CONTROLS = ("control", "control_image", "control_strength")
_EXTRAS = ("size", "quality", "preset")  # controls that are not fields


class PromptForm(Form):
    """A form whose model takes a prompt. Its controls differ from the request's fields: see ``request_fields``."""

    idea: gr.HTML

    # -- building

    def lay_out(self, fields: Mapping[str, FieldInfo]) -> None:
        left = dict(fields)
        if "mask" in left:
            self.add("mask", left.pop("mask"))
        if self.request.model_fields.keys() >= set(SIDES):
            most = next(bound.le for bound in left["left"].metadata if hasattr(bound, "le"))
            for side in SIDES:
                del left[side]
            self.keep("sides", sides_part(self.task, most))
        self.words(left)
        if self.request is CreateImage:
            self.keep("preset", presets_part(self.task))
            self.sides(left)
        if "strength" in left and not advanced(left["strength"]):
            self.add("strength", left.pop("strength"))
        self.keep("quality", quality.quality_part(self.task))
        if self.request is not CreateImage:
            del left["count"]
        if "references" in left:
            self.add("references", left.pop("references"))
        for name in [name for name, field in left.items() if not advanced(field)]:
            self.add(name, left.pop(name))
        self.fold(left)

    def words(self, left: dict[str, FieldInfo]) -> None:
        """Put the prompt and the prompt expansion on the page."""
        self.add("prompt", left.pop("prompt"))
        self.idea = idea_part(self.task)

    def fold(self, fields: Mapping[str, FieldInfo]) -> None:
        super().fold(fields)  # after all controls: the expansion depends on the model, which comes last
        controls = list(self.controls.values())
        self.idea.write(self._write, controls, self.idea, api_name=f"write_{self.task}", **PRIVATE)

    def sides(self, left: dict[str, FieldInfo]) -> None:
        """Put width and height on the page as one control."""
        del left["width"], left["height"]
        self.keep("size", size.size_part(self.task))

    def add(self, name: str, field: FieldInfo) -> None:
        if name not in _OPEN:
            return super().add(name, field)
        help = f"{field.description} Leave empty to follow the quality setting."
        step = 1 if name == "steps" else 0.5
        return self.keep(name, number(field.title or name, help, low=0, high=None, step=step))

    # -- the request

    def request_fields(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        """Return only the fields the model uses; values for other models stay in the form."""
        entry = self._chosen(who, named).entry
        fields = {name: value for name, value in named.items() if value is not None and name not in _EXTRAS}
        for name in self._idle_fields(entry):
            fields.pop(name, None)
        if fields.get("control", "none") == "none":
            fields = {name: value for name, value in fields.items() if name not in _CONTROLS}
        sides = fields.pop("sides", None)
        fields |= sides if isinstance(sides, dict) else {}
        fields = {**quality.fields_of(entry, named.get("quality"), self.task), **fields, "model": entry.id}
        if "size" in self.controls:
            fields["width"], fields["height"] = size.legal(entry, size.Size.of(named.get("size")))
        if "prompt" in fields:
            fields["prompt"] = self.framed(str(fields["prompt"]), named)
        return {name: value for name, value in fields.items() if name in self.request.model_fields}

    def framed(self, prompt: str, named: Mapping[str, Any]) -> str:
        """Return a prompt with the words of the chosen preset."""
        return with_frame(prompt, _frame(named))

    def job_ref(self, named: Mapping[str, Any], ref: str) -> str:
        return job_ref(named.get("preset"), ref)

    def reused_values(self, request: Mapping[str, Any]) -> dict[str, Any]:
        held = dict(request) | {"preset": None}
        if "size" in self.controls:
            held["size"] = size.held_size(
                self._entry(request), int(request.get("width") or 512), int(request.get("height") or 512)
            )
        if "sides" in self.controls:
            held["sides"] = {side: request.get(side, 0) for side in SIDES}
        entry = self._entry(request)
        held["quality"] = quality.level_of(entry, request, self.task) if entry else None
        if held["quality"]:
            held |= dict.fromkeys(_OPEN)
        return held

    def changed_values(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        held = {name: value for name, value in fields.items() if name in self.controls and name != "seed"}
        if "size" in self.controls and {"width", "height"} <= fields.keys():
            held["size"] = size.held_size(None, fields["width"], fields["height"])
        return held

    # -- facts for the page

    def advice(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        try:
            chosen = self._chosen(who, named)
        except StudioError as error:
            return {"about": {"caution": error.problem.sentence}}
        entry, prompt = chosen.entry, str(named.get("prompt") or "")
        known: dict[str, Any] = {
            "why": "" if named.get("model") else chosen.why,
            "caution": self._caution(entry, named),
            "calm": _calm(entry),
            "idle": self._idle_fields(None if not named.get("model") else entry),
            "controls": list(entry.controls),
            "references": entry.references,
            "model": entry.name,
            "loras": self._loras(entry, named),
            "usual": {name: value for name, value in self._usual(entry, named).items() if name in _OPEN},
            "levels": self._levels(who, entry, named),
            "vocabulary": [group._asdict() for group in self.word_groups(entry)],
            "unknown": _unknown(entry, self.framed(prompt, named)),
            "sketch": entry.name if entry.sketch else "",
            "read": words_that_fit(self.framed(prompt, named), entry),
        }
        if "size" in self.controls:
            wanted = size.Size.of(named.get("size"))
            width, height = size.legal(entry, wanted)
            known["size"] = {"width": width, "height": height, "offered": size.offered_sizes(entry, wanted)}
            known["size"] |= {"shapes": size.shapes(entry), "usual": size.usual(entry)}
        return {"about": known}

    def word_groups(self, entry: Entry) -> tuple[WordGroup, ...]:
        """Return words that can be pressed: those of a model that knows few."""
        return prompts.word_groups(entry, animate=self.animates)

    @property
    def animates(self) -> bool:
        """Whether the prompt says what moves in a picture, not what is in it."""
        return self.request in (AnimateImage, ContinueClip)

    def objection(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any] | None:
        entry, prompt = self._chosen(who, named).entry, str(named.get("prompt") or "")
        if self.animates or not entry.options.get("vocabulary") or not prompt.strip():
            return None
        try:
            prompts.check_words(cast(PromptRequest, self._read(who, named)), entry)
        except StudioError as error:
            if error.problem.code != "unknown_words":
                raise
            understood = False
        else:
            understood = True
        subjects = prompts.unknown_subjects(prompt, entry)
        if understood and not subjects:
            return None
        return {"model": entry.name, "subjects": subjects, "draws": prompts.DRAWS, "anyway": understood}

    def _levels(self, who: Principal, entry: Entry, named: Mapping[str, Any]) -> dict[str, str]:
        """Return the duration of each quality level the model has, independent of the prompt."""
        seconds: dict[str, str] = {}
        for level in quality.LEVELS if entry.quality else ():
            values = {**named, "model": entry.id, "quality": level, **dict.fromkeys(_OPEN)}
            values["prompt"] = _INVENTED
            try:
                estimate = self.studio.jobs.estimate(who, self._read(who, values))
                seconds[level] = about(estimate.seconds).replace("about", "≈")
            except StudioError:
                seconds[level] = ""
        return seconds

    def _usual(self, entry: Entry, named: Mapping[str, Any]) -> dict[str, Any]:
        return quality.fields_of(entry, named.get("quality"), self.task)

    def _idle_fields(self, entry: Entry | None) -> list[str]:
        """Return the fields a model ignores; for Auto (None), the fields every model ignores."""
        able = [entry] if entry else self._choosable()
        acts = {
            "negative_prompt": any(one.guidance in ("cfg", "true_cfg") for one in able),
            "guidance": any(one.guidance != "none" for one in able),
            "references": any(one.references for one in able),
            "loras": any(one.lora_family for one in able),
            "last_image": any(one.last_frame for one in able),
            **dict.fromkeys(_CONTROLS, any(one.controls for one in able)),
        }
        return [name for name, does in acts.items() if not does and name in self.controls]

    def _loras(self, entry: Entry, named: Mapping[str, Any]) -> dict[str, Any]:
        """Return the LoRA families that can be added, and the reason others cannot: those of the chosen model, or of
        every model if neither a model nor a LoRA is chosen."""
        if named.get("model") or named.get("loras"):
            own = families.name(entry.lora_family)
            return {"families": families.readable(entry.lora_family), "else": f"{entry.name} reads LoRAs for {own}."}
        able = self._choosable()
        known = sorted({family for one in able for family in families.readable(one.lora_family)})
        return {"families": known, "else": "No installed model can use it here."}

    def _chosen(self, who: Principal, named: Mapping[str, Any]) -> model_choice.ModelChoice:
        """Return the chosen model, or the automatic choice."""
        if named.get("model"):
            return model_choice.ModelChoice(self.studio.catalog.get(str(named["model"])), "")
        needs = model_choice.Needs(
            len(named.get("references") or ()), str(named.get("control") or "none"), bool(named.get("last_image"))
        )
        held = named.get("loras")
        used = [one.get("asset") for one in held if isinstance(one, dict)] if isinstance(held, list) else []
        return self.studio.jobs.auto(who, self.task, str(named.get("prompt") or ""), [str(id) for id in used], needs)

    def _caution(self, entry: Entry, named: Mapping[str, Any]) -> str:
        """Return what the license of the chosen model does not allow, or why Auto leaves models out."""
        country = self.studio.catalog.country
        if not named.get("model"):
            return model_choice.left_out(self._installed(), country)
        other = self._entry({"model": entry.commercial_alternative}) if entry.commercial_alternative else None
        return model_choice.caution(entry, other.name if other else "", country)

    def _installed(self) -> list[Entry]:
        return self.studio.catalog.installed_for_task(self.task)

    def _choosable(self) -> list[Entry]:
        """Return the installed models that Auto may choose."""
        return [one for one in self._installed() if model_choice.may_choose(one, self.studio.catalog.country)]

    def _entry(self, request: Mapping[str, Any]) -> Entry | None:
        """Return the model something was made with, if it is still in the catalog."""
        try:
            return self.studio.catalog.get(str(request.get("model")))
        except StudioError:
            return None

    # -- prompt expansion

    def guide(self, entry: Entry | None) -> Guide:
        """Return how an idea is expanded for a model; None if no model is installed."""
        return SKETCH if entry and entry.options.get("vocabulary") else PICTURE

    def _write(self, event: gr.EventData, request: gr.Request, *values: Any) -> str:
        """Expand the prompt: with a job of the language model, or at once by filling slots; for a model with a small
        vocabulary, only with words from it."""
        answer: dict[str, Any] = {"asked": time.time()}
        named = self._named(values)
        prompt = str(named.get("prompt") or "")
        if not prompt.strip():
            return json.dumps(answer | {"wrong": "Write a few words first."})
        turn = event._data.get("turn") if isinstance(event._data, dict) else 0
        turn = turn if isinstance(turn, int) else 0
        catalog, who = self.studio.catalog, principal(request)
        try:
            entry = self._chosen(who, named).entry
        except StudioError:
            entry = None  # no model is installed, as the form says
        guide = self.guide(entry)
        if entry and entry.options.get("vocabulary"):
            return json.dumps(answer | {"text": by_slots(prompt, turn, guide)})
        writers = catalog.installed_for_task("write")
        if all(entry.sketch for entry in writers):  # a tiny model rambles: slots work better
            return json.dumps(answer | {"text": by_slots(prompt, turn, guide)})
        try:
            job = self.studio.jobs.submit(who, question(prompt.strip()[:2000], guide))
        except (StudioError, ValidationError):
            return json.dumps(answer | {"text": by_slots(prompt, turn, guide)})
        return json.dumps(answer | {"job": job.model_dump(mode="json")})


def _calm(entry: Entry) -> str:
    """Return what to know about a model before using it; empty if there is nothing special."""
    if entry.sketch:
        return _CALM
    return "" if entry.takes_prompt else f"{entry.name} does not use the prompt. It decides itself what moves."


def _frame(named: Mapping[str, Any]) -> Any:
    preset = named.get("preset")
    return preset.get("frame") if isinstance(preset, dict) else None


def _unknown(entry: Entry, prompt: str) -> list[str]:
    """Return the words a sketch model does not know."""
    return list(prompts.unknown_words(prompt, entry))
