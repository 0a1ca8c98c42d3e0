"""Projects have notes, a script and an archive; files have badges and client numbers; messages can be searched."""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_TITLE_LENGTH = 120
_SIDES = {1920: "Full HD", 2560: "2.5K", 3840: "4K", 7680: "8K"}
_WORDS = {
    "change_image": "Changed",
    "edit_image": "Edited",
    "fill_image": "Filled",
    "extend_image": "Extended",
    "cut_out": "Cut out",
    "stylize_image": "Restyled",
    "animate_image": "Animated",
    "check_speech": "Words checked",
}
_OLD_ENDINGS = {"Extended": "extended", "Cut out": "cut out", "Restyled": "restyled", "Words checked": "words checked"}
_LAST_FRAME = "last frame"
"""The source of a clip's saved last frame."""

_TEXTS = """
CREATE VIEW asset_texts AS SELECT a.id, a.owner_id, a.moment,
    a.title || coalesce((SELECT ' ' || group_concat(badge.value || ' ' || replace(badge.value, '×', 'x'), ' ')
        FROM json_each(a.badges) badge), '') AS title,
    CASE WHEN json_valid(a.provenance) THEN
        (SELECT group_concat(part.value, ' ') FROM json_tree(a.provenance, '$.request') part
         WHERE part.type = 'text' AND part.key NOT IN ('task', 'model', 'negative_prompt') AND length(part.value) <> 32)
    END AS asked,
    (SELECT group_concat(t.tag, ' ') FROM asset_tags t WHERE t.asset_id = a.id) AS tags,
    a.source,
    a.model || ' '
    || coalesce(CASE WHEN json_valid(a.provenance) THEN json_extract(a.provenance, '$.model.name') END, '') AS model,
    (SELECT u.name FROM users u WHERE u.id = a.owner_id) AS person,
    'kind' || a.kind || ' origin' || a.origin || ' owner' || a.owner_id
    || ' project' || coalesce(a.project_id, 'none')
    || CASE WHEN a.deleted_at IS NULL THEN ' live' ELSE ' bin' END
    || coalesce(' job' || a.job_id, '')
    || coalesce(' model' || hex(a.model), '')
    || coalesce((SELECT ' favourite' || group_concat(f.user_id, ' favourite')
                 FROM favourites f WHERE f.asset_id = a.id), '')
    || coalesce((SELECT ' tag' || group_concat(hex(t.tag), ' tag') FROM asset_tags t WHERE t.asset_id = a.id), '')
    AS facets
FROM assets a
"""

_MESSAGES = (
    "CREATE TABLE message_words_ids (id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE)",
    """CREATE VIRTUAL TABLE message_words USING fts5(
        text, tokenize = "unicode61 remove_diacritics 2", prefix = '1 2 3'
    )""",
    "INSERT INTO message_words_ids(message_id) SELECT id FROM messages WHERE text <> ''",
    """INSERT INTO message_words(rowid, text)
    SELECT i.id, m.text FROM message_words_ids i JOIN messages m ON m.id = i.message_id""",
)
_ROW = "(SELECT id FROM message_words_ids WHERE message_id = {}.id)"
_WRITE = (
    "INSERT OR IGNORE INTO message_words_ids(message_id) VALUES (NEW.id); "
    f"INSERT INTO message_words(rowid, text) VALUES ({_ROW.format('NEW')}, NEW.text);"
)
_FORGET = f"DELETE FROM message_words WHERE rowid = {_ROW.format('OLD')};"
_CHANGES = {
    "message_added": f"INSERT ON messages WHEN NEW.text <> '' BEGIN {_WRITE} END",
    "message_changed": f"UPDATE OF text ON messages BEGIN {_FORGET} {_WRITE} END",
    "message_removed": f"DELETE ON messages BEGIN {_FORGET} "
    "DELETE FROM message_words_ids WHERE message_id = OLD.id; END",
}


def upgrade() -> None:
    """Change the tables, give old files badges instead of grown titles, and index the messages."""
    op.add_column("projects", sa.Column("archived_at", sa.Double))
    op.add_column("projects", sa.Column("notes", sa.String, nullable=False, server_default=""))
    op.add_column("projects", sa.Column("script_message_id", sa.String))
    op.add_column("projects", sa.Column("script_asset_id", sa.String))
    op.add_column("assets", sa.Column("badges", sa.JSON, nullable=False, server_default="[]"))
    op.create_table(
        "client_numbers",
        sa.Column("scope", sa.String, primary_key=True),
        sa.Column("asset_id", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.create_index("client_numbers_once", "client_numbers", ["scope", "number"], unique=True)
    op.execute("DROP VIEW asset_texts")
    op.execute(_TEXTS)
    for statement in _MESSAGES:
        op.execute(statement)
    for name, change in _CHANGES.items():
        op.execute(f"CREATE TRIGGER {name} AFTER {change}")
    _separate_badges()


def _separate_badges() -> None:
    """Give every file made from another its badges. A title that nobody changed becomes that of the first file.

    Parents are older than what was made from them, so they have their badges first.
    """
    query = "SELECT id, title, source, provenance FROM assets ORDER BY created_at, id"
    update = sa.text("UPDATE assets SET title = :title, badges = :badges WHERE id = :id")
    before: dict[str, tuple[str, str, list[str]]] = {}  # the old title, the new one and the badges
    for id, title, source, provenance in op.get_bind().execute(sa.text(query)).all():
        before[id] = (title, title, [])
        request = _request(provenance)
        badge = "Last frame" if source == _LAST_FRAME else _badge(request)
        parent = before.get(_main_input(request) or (_parent(id) if source == _LAST_FRAME else ""))
        if not badge or parent is None:
            continue
        old_parent, root, badges = parent
        grown = _short(f"{old_parent} · {_old_ending(badge, request)}")
        new = root if title == grown else title
        before[id] = (title, new, _with(badges, badge))
        op.execute(update.bindparams(id=id, title=new, badges=json.dumps(before[id][2])))


def _request(provenance: str | None) -> Mapping[str, Any]:
    try:
        request = json.loads(provenance or "{}")["request"]
    except (ValueError, TypeError, KeyError):
        return {}
    return request if isinstance(request, dict) else {}


def _main_input(request: Mapping[str, Any]) -> str:
    return next((value for name in ("image", "clip", "sound") if isinstance(value := request.get(name), str)), "")


def _parent(asset_id: str) -> str:
    query = sa.text("SELECT parent_id FROM asset_parents WHERE child_id = :id").bindparams(id=asset_id)
    return op.get_bind().execute(query).scalar() or ""


def _badge(request: Mapping[str, Any]) -> str:
    task, side = request.get("task"), request.get("long_side")
    if task in ("upscale_image", "upscale_clip"):
        return f"{request.get('scale', 2)}×" if not isinstance(side, int) else _SIDES.get(side, f"{side} px")
    if task == "interpolate_clip":
        fps = request.get("fps", 60.0)
        return f"{fps:g} fps" if isinstance(fps, int | float) else ""
    return _WORDS.get(str(task), "")


def _old_ending(badge: str, request: Mapping[str, Any]) -> str:
    if badge == "Last frame":
        return "last frame"
    if badge in ("Changed", "Edited", "Filled", "Animated"):
        return str(request.get("prompt", ""))
    return _OLD_ENDINGS.get(badge, badge.replace("×", "x"))


def _with(badges: list[str], badge: str) -> list[str]:
    rate = badge.endswith(" fps")
    return [*(one for one in badges if one != badge and not (rate and one.endswith(" fps"))), badge][-6:]


def _short(text: str) -> str:
    line = unicodedata.normalize("NFC", " ".join(text.split()))
    return line if len(line) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1].rstrip() + "…"
