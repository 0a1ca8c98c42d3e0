"""What this studio is: its settings as they are in effect, and what is new in it."""

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
    """One setting. A secret's value is never told, only whether there is one."""

    model_config = ConfigDict(frozen=True)

    name: str
    flag: str
    variable: str
    value: str
    changed: bool
    meaning: str


class About(BaseModel):
    """The version, every setting, what is new (Markdown), and how to come to a newer version."""

    model_config = ConfigDict(frozen=True)

    version: str
    python: str
    data: str
    settings: tuple[SettingView, ...]
    news: str
    upgrade: tuple[str, ...]


def about(settings: Settings, data: Path) -> About:
    """All of it."""
    return About(
        version=VERSION,
        python=sys.version.partition(" ")[0],
        data=str(data),
        settings=tuple(_view(settings, name) for name in type(settings).model_fields),
        news=CHANGELOG.read_text(encoding="utf-8") if CHANGELOG.is_file() else "",
        upgrade=(
            "Make a backup: above, or `python -m library backup FOLDER`.",
            "Stop the studio with Ctrl-C. Work under way goes back into the queue.",
            "`git pull`, then `make run`. It installs what is new and moves the database forward by itself.",
            "The way back is the backup: an older version refuses a newer database and leaves it as it is.",
        ),
    )


def _view(settings: Settings, name: str) -> SettingView:
    field, value = type(settings).model_fields[name], getattr(settings, name)
    return SettingView(
        name=name,
        flag=f"--{name.replace('_', '-')}",
        variable=f"C41_{name.upper()}",
        value=_said(name, value),
        changed=value != field.default,
        meaning=field.description or "",
    )


def _said(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in _SECRET:
        return "set, not shown"
    if name == "ollama_url":  # it may hold a password
        return read_address(str(value)).url
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
