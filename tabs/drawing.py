"""The form of a request that draws: size, quality, presets, and the model that is chosen when nobody chooses."""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

import gradio as gr
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from auth.principal import Principal
from engines import sketching
from engines.catalog import Entry
from engines.loras import families
from engines.prompt_length import words_read
from engines.requests import CreateImage
from errors import StudioError
from jobs import choosing
from jobs.words import about
from library.presets import framed
from tabs import quality, size
from tabs.controls import advanced
from tabs.form import PRIVATE, Form
from tabs.number import number
from tabs.presets import SAMPLE, presets_part, sample_values, without_sample
from tabs.sides import SIDES, sides_part
from tabs.who import principal
from tabs.writing_out import PICTURE, SKETCH, by_slots, idea_part, question

log = logging.getLogger("c41.tabs")

_CALM = "Sketch models on this computer's processor: good for trying, not for clients."
_INVENTED = "a house"
_OPEN = ("steps", "guidance")  # empty: as the quality says
_CONTROLS = ("control", "control_image", "control_strength")
_EXTRAS = ("size", "quality", "preset")  # controls that are no fields


class Drawn(Form):
    """A form whose model reads words. Its controls hold more than the request has, and less: see ``asked``."""

    guide, sketch_guide = PICTURE, SKETCH
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
            cards = presets_part(self.task)
            cards.samples(self._samples, None, None, api_name=f"samples_{self.task}", **PRIVATE)
            self.keep("preset", cards)
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
        """The prompt, and what helps to write it."""
        self.add("prompt", left.pop("prompt"))
        self.idea = idea_part(self.task)

    def fold(self, fields: Mapping[str, FieldInfo]) -> None:
        super().fold(fields)  # the model is among the last, and what is written depends on it
        controls = list(self.controls.values())
        self.idea.write(self._write, controls, self.idea, api_name=f"write_{self.task}", **PRIVATE)

    def sides(self, left: dict[str, FieldInfo]) -> None:
        """Width and height, as one control."""
        del left["width"], left["height"]
        self.keep("size", size.size_part(self.task))

    def add(self, name: str, field: FieldInfo) -> None:
        if name not in _OPEN:
            return super().add(name, field)
        help = f"{field.description} Empty: as the quality says."
        step = 1 if name == "steps" else 0.5
        return self.keep(name, number(field.title or name, help, low=0, high=None, step=step))

    # -- what is asked

    def asked(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        """Only what acts for the model is asked for; what was typed for another stays in the form."""
        entry = self._chosen(who, named).entry
        fields = {name: value for name, value in named.items() if value is not None and name not in _EXTRAS}
        for name in self._idle(entry):
            fields.pop(name, None)
        if fields.get("control", "none") == "none":
            fields = {name: value for name, value in fields.items() if name not in _CONTROLS}
        sides = fields.pop("sides", None)
        fields |= sides if isinstance(sides, dict) else {}
        fields = {**quality.fields_of(entry, named.get("quality"), self.task), **fields, "model": entry.id}
        if "size" in self.controls:
            fields["width"], fields["height"] = size.legal(entry, size.Size.of(named.get("size")))
        if "prompt" in fields:
            fields["prompt"] = framed(str(fields["prompt"]), _frame(named))
        return {name: value for name, value in fields.items() if name in self.request.model_fields}

    def reused(self, made: Mapping[str, Any]) -> dict[str, Any]:
        held = dict(made) | {"preset": None}
        if "size" in self.controls:
            held["size"] = size.held(self._entry(made), int(made.get("width") or 512), int(made.get("height") or 512))
        if "sides" in self.controls:
            held["sides"] = {side: made.get(side, 0) for side in SIDES}
        entry = self._entry(made)
        held["quality"] = quality.level_of(entry, made, self.task) if entry else None
        if held["quality"]:
            held |= dict.fromkeys(_OPEN)
        return held

    def changed(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        held = {name: value for name, value in fields.items() if name in self.controls and name != "seed"}
        if "size" in self.controls and {"width", "height"} <= fields.keys():
            held["size"] = size.held(None, fields["width"], fields["height"])
        return held

    # -- what is told

    def told(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        try:
            chosen = self._chosen(who, named)
        except StudioError as error:
            return {"about": {"caution": error.problem.sentence}}
        entry, prompt = chosen.entry, str(named.get("prompt") or "")
        other = self._entry({"model": entry.instead}) if entry.instead else None
        known: dict[str, Any] = {
            "why": "" if named.get("model") else chosen.why,
            "caution": choosing.caution(entry, other.name if other else ""),
            "calm": _CALM if entry.sketch else "",
            "idle": self._idle(None if not named.get("model") else entry),
            "controls": list(entry.controls),
            "references": entry.references,
            "model": entry.name,
            "loras": self._loras(entry, named),
            "usual": {name: value for name, value in self._usual(entry, named).items() if name in _OPEN},
            "levels": self._levels(who, entry, named),
            "unknown": _unknown(entry, framed(prompt, _frame(named))),
            "sketch": entry.name if entry.sketch else "",
            "read": words_read(framed(prompt, _frame(named)), entry),
        }
        if "size" in self.controls:
            wanted = size.Size.of(named.get("size"))
            width, height = size.legal(entry, wanted)
            known["size"] = {"width": width, "height": height, "offered": size.offered(entry)}
            known["size"] |= {"shapes": size.shapes(entry), "usual": size.usual(entry)}
            known["size"]["best"] = size.best_area(entry) / 1e6
        return {"about": known}

    def _levels(self, who: Principal, entry: Entry, named: Mapping[str, Any]) -> dict[str, str]:
        """The seconds of each level that the model tells apart, whatever the prompt says."""
        seconds: dict[str, str] = {}
        for level in quality.LEVELS if entry.quality else ():
            asked = {**named, "model": entry.id, "quality": level, **dict.fromkeys(_OPEN)}
            asked["prompt"] = _INVENTED
            try:
                estimate = self.studio.jobs.estimate(who, self._read(who, asked))
                seconds[level] = about(estimate.seconds).replace("about", "≈")
            except StudioError:
                seconds[level] = ""
        return seconds

    def _usual(self, entry: Entry, named: Mapping[str, Any]) -> dict[str, Any]:
        return quality.fields_of(entry, named.get("quality"), self.task)

    def _idle(self, entry: Entry | None) -> list[str]:
        """The fields that do nothing for a model; for Auto (None) those that do nothing for any."""
        able = [entry] if entry else [one for one in self._installed() if one.licence.commercial]
        acts = {
            "negative_prompt": any(one.guidance in ("cfg", "true_cfg") for one in able),
            "guidance": any(one.guidance != "none" for one in able),
            "references": any(one.references for one in able),
            "loras": any(one.lora_family for one in able),
            **dict.fromkeys(_CONTROLS, any(one.controls for one in able)),
        }
        return [name for name, does in acts.items() if not does and name in self.controls]

    def _loras(self, entry: Entry, named: Mapping[str, Any]) -> dict[str, Any]:
        """Which families' LoRAs may be added, and what is said of others: the model's, or, while nobody has chosen one
        and nothing else tells, those of any."""
        if named.get("model") or named.get("loras"):
            own = families.name(entry.lora_family)
            return {"families": families.readable(entry.lora_family), "else": f"{entry.name} reads LoRAs for {own}."}
        able = [one for one in self._installed() if one.licence.commercial]
        known = sorted({family for one in able for family in families.readable(one.lora_family)})
        return {"families": known, "else": "No model that reads it is installed for this."}

    def _chosen(self, who: Principal, named: Mapping[str, Any]) -> choosing.Chosen:
        """The model: as chosen, or by itself."""
        if named.get("model"):
            return choosing.Chosen(self.studio.catalog.get(str(named["model"])), "")
        needs = choosing.Needs(len(named.get("references") or ()), str(named.get("control") or "none"))
        held = named.get("loras")
        used = [one.get("asset") for one in held if isinstance(one, dict)] if isinstance(held, list) else []
        return self.studio.jobs.auto(who, self.task, str(named.get("prompt") or ""), [str(id) for id in used], needs)

    def _installed(self) -> list[Entry]:
        catalog = self.studio.catalog
        return [entry for entry in catalog.for_task(self.task) if catalog.installed(entry)]

    def _entry(self, made: Mapping[str, Any]) -> Entry | None:
        """The model that something was made with, if it is still known."""
        try:
            return self.studio.catalog.get(str(made.get("model")))
        except StudioError:
            return None

    # -- the samples of the cards

    def _samples(self, request: gr.Request) -> None:
        """Ask for a small draft of each preset of the studio's that has no sample yet."""
        who, jobs = principal(request), self.studio.jobs
        for preset in without_sample(jobs.made_as(who, SAMPLE)):
            try:
                entry = self._chosen(who, {"prompt": preset.example, "model": preset.model or None}).entry
                asked = self._read(who, sample_values(preset, min(size.offered(entry), default=0.25)))
                jobs.submit(who, asked, client_ref=f"{SAMPLE}{preset.id}/{time.time():.0f}")
            except StudioError as error:
                log.info("No sample of the preset %s: %s", preset.id, error)

    # -- writing out

    def _write(self, event: gr.EventData, request: gr.Request, *values: Any) -> str:
        """Write the idea out: by a job of the language model, or at once by slots; for a model that reads few words,
        in those alone."""
        said: dict[str, Any] = {"asked": time.time()}
        named = self._named(values)
        prompt = str(named.get("prompt") or "")
        if not prompt.strip():
            return json.dumps(said | {"wrong": "Write a few words first."})
        turn = event._data.get("turn") if isinstance(event._data, dict) else 0
        turn = turn if isinstance(turn, int) else 0
        catalog, who = self.studio.catalog, principal(request)
        try:
            entry = self._chosen(who, named).entry
        except StudioError:
            entry = None  # none is installed: the form says so
        if entry and entry.options.get("vocabulary"):
            return json.dumps(said | {"text": by_slots(prompt, turn, self.sketch_guide)})
        writers = (entry for entry in catalog.for_task("write") if catalog.installed(entry))
        if all(entry.starter for entry in writers):  # the small one of the starter pack rambles: slots do better
            return json.dumps(said | {"text": by_slots(prompt, turn, self.guide)})
        try:
            job = self.studio.jobs.submit(who, question(prompt.strip()[:2000], self.guide))
        except (StudioError, ValidationError):
            return json.dumps(said | {"text": by_slots(prompt, turn, self.guide)})
        return json.dumps(said | {"job": job.model_dump(mode="json")})


def _frame(named: Mapping[str, Any]) -> Any:
    preset = named.get("preset")
    return preset.get("frame") if isinstance(preset, dict) else None


def _unknown(entry: Entry, prompt: str) -> list[str]:
    """The words that a sketching model leaves out."""
    return list(sketching.unknown_words(prompt, entry))
