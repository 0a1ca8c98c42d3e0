"""Writing: conversations with language models."""

import json
from typing import Any

from engines.requests.writing import Write
from studio import Studio
from tabs.home import Card
from tabs.part import part

READS = ("document", "image", "subtitles")
"""The kinds of assets that can be attached to a message."""
_ADVANCED = ("temperature", "top_p", "max_tokens", "context", "seed")

_LIST = """<aside class="talks" aria-label="Conversations">
<button type="button" class="new" data-do="new">New conversation</button>
<label class="visually-hidden" for="talk-words">Search conversations</label>
<input type="search" id="talk-words" placeholder="Search" autocomplete="off">
<label class="pick"><select aria-label="Which conversations"><option value="project">Current project</option>
<option value="">All projects</option></select></label>
<ul class="list"></ul><div class="end"></div>
<button type="button" class="quiet shut" data-do="shut" aria-label="Close the list">Close</button></aside>"""

_HEAD = """<header class="head">
<button type="button" class="lists" data-do="sheet">Conversations</button>
<div class="title"><h2 dir="auto">New conversation</h2>
<input class="name" aria-label="Name of the conversation" maxlength="120" hidden><p class="where"></p></div>
<button type="button" class="quiet again-new" data-do="new" aria-label="New conversation"
title="New conversation">+</button>
<button type="button" class="pill more-talk" popovertarget="talk-menu" aria-haspopup="menu" hidden>More<span
class="caret" aria-hidden="true"></span></button>
<div id="talk-menu" popover aria-label="This conversation"><div class="list">
<button type="button" data-do="rename" data-own>Rename</button>
<button type="button" data-do="export">Save as file</button>
<button type="button" data-do="copy">Duplicate</button>
<span class="moves"></span>
<button type="button" data-do="remove" data-own>Delete</button></div></div></header>"""

_BOX = """<form class="box">
<p class="others">This conversation belongs to <b></b>. <button type="button" class="step first" data-do="mine">Continue
in your own copy</button></p>
<div class="problem" role="alert" hidden></div>
<p class="tiny" hidden></p>
<div class="files" hidden></div>
<label class="visually-hidden" for="talk-text">Message</label>
<textarea id="talk-text" rows="1" placeholder="Write a message" enterkeyhint="send"></textarea>
<div class="tools">
<label class="quiet gear attach" title="Attach a text, a PDF, a picture or a zip file with code"><span
class="sign"></span><input type="file" multiple aria-label="Attach files"></label>
<button type="button" class="quiet gear from" data-do="library" title="Attach from the library"
aria-label="Attach from the library"></button>
<label class="answerer"><select aria-label="Model"></select></label>
<button type="button" class="think" aria-pressed="false" hidden>Think first</button>
<button type="button" class="quiet gear adjust" data-do="advanced" title="Advanced" aria-label="Advanced"></button>
<span class="chosen" hidden><span></span><button type="button" class="quiet" data-do="unpick"
aria-label="Remove format">×</button></span>
<button type="submit" class="send" aria-label="Send"></button></div>
<p class="hint" aria-live="polite"></p></form>"""

_ADVANCED_SHEET = """<p class="about-model note"></p>
<label class="field"><span>Instructions to the model</span><textarea name="system" rows="6"
placeholder="Its role, its tone, what it must not do"></textarea><small>Apply to every answer in this
conversation.</small></label>
<div class="values"></div>
<div class="do"><button type="button" class="link" data-do="plain">Reset to defaults</button></div>
<form class="keep"><label class="field"><span>Save instructions and values as a format</span>
<span class="row"><input name="called" maxlength="60" autocomplete="off" placeholder="Voice of our newsletter">
<button type="submit" class="step">Save format</button></span></label></form>"""

_PICKER = """<label class="visually-hidden" for="picker-words">Search the library</label>
<input type="search" id="picker-words" placeholder="Search" autocomplete="off"><ul class="found"></ul>"""


def _sheet(name: str, title: str, inside: str) -> str:
    return f"""<dialog class="{name} sheet-of" aria-labelledby="{name}-name"><header><h3 id="{name}-name">{title}</h3>
<button type="button" class="quiet" data-do="shut" aria-label="Close">×</button></header>{inside}</dialog>"""


def card(studio: Studio) -> Card:
    """Return the tab's card on Home."""
    return Card("writing", "Writing", "Proposals, scripts, emails, shot lists. Ask about a PDF.", "pen")


def build(studio: Studio) -> None:
    """Build the tab."""
    part(
        "writing",
        f"""<section class="writing" data-state="start" aria-label="Writing">{_LIST}
<div class="talk">{_HEAD}
<div class="start"></div>
<div class="turns" role="log" aria-live="off" aria-label="Messages" tabindex="0"></div>
<button type="button" class="newest" hidden>Jump to latest</button>
<p class="announcement visually-hidden" role="status" aria-live="polite"></p>
{_BOX}</div>{_sheet("advanced-sheet", "Advanced", _ADVANCED_SHEET)}{_sheet("picker", "From the library", _PICKER)}
{_sheet("save-sheet", "Save", '<div class="forms"></div>')}</section>""",
        value=json.dumps({"fields": [_field(name) for name in _ADVANCED], "hands": _hand_over_tasks(studio)}),
    )


def _hand_over_tasks(studio: Studio) -> list[str]:
    """Return the tasks that can use a written text."""
    catalog = studio.catalog
    return [task for task in ("speak", "create_image") if any(map(catalog.installed, catalog.for_task(task)))]


def _field(name: str) -> dict[str, Any]:
    """Return what the page needs to show a field of the request: name, label, help, unit, bounds, default."""
    field = Write.model_fields[name]
    bounds = {
        key: value
        for part in field.metadata
        for key in ("ge", "gt", "le")
        if (value := getattr(part, key, None)) is not None
    }
    extra: dict[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    return {
        "name": name,
        "label": field.title,
        "help": field.description,
        "unit": extra.get("unit", ""),
        "min": bounds.get("ge", bounds.get("gt")),
        "max": bounds.get("le"),
        "step": extra.get("step", 1),
        "initial": field.default,
    }
