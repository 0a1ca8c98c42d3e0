"""About this studio: its current settings and its changelog."""

import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from engines.ollama_address import read_address
from engines.provenance import VERSION
from settings import Settings

CHANGELOG = Path(__file__).parent.parent / "CHANGELOG.md"
_SECRET = frozenset({"metrics_token", "oidc_client_secret", "ollama_key"})


class SettingView(BaseModel):
    """One setting. A secret's value is never shown, only whether it is set."""

    model_config = ConfigDict(frozen=True)

    name: str
    flag: str
    variable: str
    value: str
    changed: bool
    meaning: str


class About(BaseModel):
    """The version, all settings, the changelog (Markdown), and how to update."""

    model_config = ConfigDict(frozen=True)

    version: str
    python: str
    data: str
    settings: tuple[SettingView, ...]
    news: str
    upgrade: tuple[str, ...]


def about(settings: Settings, data: Path) -> About:
    """Return everything about the studio."""
    return About(
        version=VERSION,
        python=sys.version.partition(" ")[0],
        data=str(data),
        settings=tuple(_view(settings, name) for name in type(settings).model_fields),
        news=CHANGELOG.read_text(encoding="utf-8") if CHANGELOG.is_file() else "",
        upgrade=(
            "Make a backup: use Backup above, or run `python -m library backup FOLDER`.",
            "Stop the studio with Ctrl-C. Running jobs return to the queue.",
            "Run `git pull`, then `make run`. It installs what is new and updates the database.",
            "To go back, restore the backup: an older version does not open a newer database.",
        ),
    )


def _view(settings: Settings, name: str) -> SettingView:
    field, value = type(settings).model_fields[name], getattr(settings, name)
    return SettingView(
        name=name,
        flag=f"--{name.replace('_', '-')}",
        variable=f"C41_{name.upper()}",
        value=_display_value(name, value),
        changed=value != field.default,
        meaning=field.description or "",
    )


def _display_value(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in _SECRET:
        return "set, not shown"
    if name == "ollama_url":  # it may contain a password
        return read_address(str(value)).url
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
