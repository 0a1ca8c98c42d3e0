"""The form for enlarging: Draft, Good and Best choose the model, each with the time it takes."""

from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo

from auth.accounts.principal import Principal
from engines.catalog import Entry
from engines.catalog.entry import Quality
from errors import StudioError
from jobs.wording import about
from tabs import quality
from tabs.controls import advanced
from tabs.form import Form


class UpscaleForm(Form):
    """A form whose quality levels are models. A model chosen under Advanced comes before them."""

    def lay_out(self, fields: Mapping[str, FieldInfo]) -> None:
        folded = {name: field for name, field in fields.items() if name == "model" or advanced(field)}
        for name, field in fields.items():
            if name not in folded:
                self.add(name, field)
        if "model" in folded:
            self.keep("quality", quality.quality_part(self.task, self._usual()))
        self.fold(folded)

    def request_fields(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        fields = super().request_fields(who, named)
        level = fields.pop("quality", self._usual())
        entry = self._levels().get(level)
        return fields if "model" in fields or entry is None else {**fields, "model": entry.id}

    def reused_values(self, request: Mapping[str, Any]) -> dict[str, Any]:
        level = next((level for level, entry in self._levels().items() if entry.id == request.get("model")), None)
        return {**request, "quality": level, "model": None if level else request.get("model")}

    def advice(self, who: Principal, named: Mapping[str, Any]) -> dict[str, Any]:
        levels = {} if named.get("model") else self._levels()
        return {"about": {"levels": {level: self._time(who, named, entry) for level, entry in levels.items()}}}

    def _levels(self) -> dict[Quality, Entry]:
        """Return the best installed model of each level, if there is more than one level."""
        found: dict[Quality, Entry] = {}
        for level in quality.LEVELS:
            fitting = (one for one in self.studio.catalog.installed_for_task(self.task) if one.level == level)
            if (entry := next(fitting, None)) is not None:
                found[level] = entry
        return found if len(found) > 1 else {}

    def _usual(self) -> Quality:
        """Return the level of the model that Auto takes."""
        best = next(iter(self.studio.catalog.installed_for_task(self.task)), None)
        return best.level if best and best.level else quality.USUAL

    def _time(self, who: Principal, named: Mapping[str, Any], entry: Entry) -> str:
        """Return how long a level takes; empty as long as there is no file."""
        try:
            estimate = self.studio.jobs.estimate(who, self._read(who, {**named, "model": entry.id}))
        except StudioError:
            return ""
        return about(estimate.seconds).replace("about", "≈")
