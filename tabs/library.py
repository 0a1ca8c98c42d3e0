"""Library: everything made and uploaded, and how it was made."""

import json

import tabs
from engines.requests import REQUESTS, asset_fields
from studio import Studio
from tabs import writing
from tabs.controls import labels
from tabs.part import part

_CHIPS = (
    ("kind", "Kind"),
    ("project_id", "Project"),
    ("owner", "Person"),
    ("model", "Model"),
    ("tag", "Tag"),
)
_DATES = (("today", "Today"), ("week", "Last 7 days"), ("month", "Last 30 days"), ("range", "Between …"))


def build(studio: Studio) -> None:
    """Build the tab."""
    chips = "".join(_chip(name, label) for name, label in _CHIPS)
    part(
        "library",
        f"""<section class="library" aria-label="Library">
        <header class="head"><h2>Library <span class="count" role="status"></span></h2>
        <label class="search"><span class="glass" aria-hidden="true"></span><input type="search" name="q"
        maxlength="200" autocomplete="off" placeholder="Search" aria-label="Search the library" aria-keyshortcuts="/">
        <kbd aria-hidden="true">/</kbd></label>
        <div class="tools">{_tool("bring", "Upload", "Upload files")}
        {_tool("read", "Read<i> settings</i>", "Read settings from a picture")}
        {_tool("space", "Storage", "Storage and bin")}</div>
        <input type="file" class="files" multiple hidden aria-label="Files to upload"></header>
        <div class="chips" role="group" aria-label="Filters">
        <label class="sift star"><input type="checkbox" name="favorite"><span>Favorites</span></label>
        <label class="sift star"><input type="checkbox" name="originals"><span>Hide reproductions</span></label>
        {chips}{_chip("date", "Date", _DATES)}
        <span class="range" hidden><input type="date" name="from" aria-label="From this day">
        <input type="date" name="to" aria-label="To this day"></span>
        {_chip("show", "Show", first="Everything")}
        <button type="button" class="clear" data-do="clear" hidden>Clear</button></div>
        <p class="passing" aria-hidden="true"></p>
        <div class="wall"><div class="roll" role="listbox" aria-multiselectable="true" aria-label="Results">
        </div>        <div class="end"></div></div>
        <div class="bulk-actions" role="toolbar" aria-label="Actions for the selection" hidden></div>
        <aside class="bringing" aria-label="Uploads" hidden></aside>
        <dialog class="detail" tabindex="-1" aria-label="Details"></dialog>
        <dialog class="space" aria-label="Storage and bin"></dialog></section>""",
        value=json.dumps(_words(studio)),
    )


def _tool(do: str, text: str, label: str) -> str:
    return f'<button type="button" class="tool {do}-tool" data-do="{do}" title="{label}"><span>{text}</span></button>'


def _chip(name: str, label: str, options: tuple[tuple[str, str], ...] = (), first: str = "") -> str:
    inside = "".join(f'<option value="{value}">{text}</option>' for value, text in options)
    return (
        f'<label class="sift"><select name="{name}" aria-label="{label}">'
        f'<option value="">{first or label}</option>{inside}</select></label>'
    )


def _words(studio: Studio) -> dict[str, object]:
    """Return the names of all tasks, fields, values and models, and the kinds of assets each task's form takes."""
    offered = tabs.offered(studio)
    tasks: dict[str, dict[str, object]] = {
        task: {
            "name": (request.__doc__ or task).strip().splitlines()[0].removesuffix("."),
            "button": offered.get(task),
            "takes": sorted(set(asset_fields(request).values())) if task in offered else [],
            "fields": labels(studio.catalog, request),
        }
        for task, request in REQUESTS.items()
    }
    tasks["write"] |= {"button": "Writing", "takes": list(writing.READS)}
    return {"tasks": tasks, "models": {entry.id: entry.name for entry in studio.catalog.entries.values()}}
