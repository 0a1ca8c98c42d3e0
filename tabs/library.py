"""Library: what was made and brought in, and how."""

import json

from engines.requests import REQUESTS
from studio import Studio
from tabs.controls import labels
from tabs.parts import part

_KINDS = (("", "Everything"), ("image", "Pictures"), ("clip", "Clips"), ("sound", "Sounds"), ("subtitles", "Subtitles"))
_STATES = (("", "All"), ("made", "Made here"), ("upload", "Brought in"), ("deleted", "Recently deleted"))
_SCOPES = (("", "All projects"), ("project", "The project in hand"))


def build(studio: Studio) -> None:
    """The tab."""
    kinds = "".join(_tick(value, text) for value, text in _KINDS)
    part(
        "library",
        f"""<section class="library" aria-label="Library">
        <div class="filters"><h2>Library</h2>
        <fieldset class="choice"><legend class="visually-hidden">Kind</legend>{kinds}</fieldset>
        {_select("scope", "Project", _SCOPES)}{_select("state", "Show", _STATES)}</div>
        <ul class="grid"></ul><div class="end"></div>
        <dialog aria-label="Details"></dialog></section>""",
        value=json.dumps(_labels(studio)),
    )


def _tick(value: str, text: str) -> str:
    checked = "" if value else " checked"
    return f'<label><input type="radio" name="kind" value="{value}"{checked}><span>{text}</span></label>'


def _select(name: str, label: str, options: tuple[tuple[str, str], ...]) -> str:
    inside = "".join(f'<option value="{value}">{text}</option>' for value, text in options)
    return f'<label class="pick"><select name="{name}" aria-label="{label}">{inside}</select></label>'


def _labels(studio: Studio) -> dict[str, object]:
    """How each task, field, value and model is called."""
    tasks = {
        task: {"name": (request.__doc__ or task).strip().splitlines()[0], "fields": labels(studio.catalog, request)}
        for task, request in REQUESTS.items()
    }
    return {**tasks, "models": {entry.id: entry.name for entry in studio.catalog.entries.values()}}
