"""Names of people, cast members and presets become unique in the database too."""

import logging
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import NamedTuple

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

log = logging.getLogger("c41.migrations")


class _Row(NamedTuple):
    id: str
    name: str
    scope: str
    """Names are unique within it."""


class _Kind(NamedTuple):
    """A kind of named row: the query for its rows, oldest first; the key of a name; the suffix for duplicates."""

    noun: str
    table: str
    rows: str
    fold: Callable[[str], str]
    suffix: str
    longest: int


def _fold_person(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


def _fold_member(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


_PEOPLE = _Kind(
    "account",
    "users",
    "SELECT id, name, '' FROM users ORDER BY created_at, rowid",
    _fold_person,
    " {}",  # a person's name cannot contain brackets
    40,
)
_CAST = _Kind(
    "cast member",
    "cast_members",
    "SELECT id, name, owner_id FROM cast_members WHERE deleted_at IS NULL ORDER BY created_at, rowid",
    _fold_member,
    "_{}",  # a cast name is one word
    40,
)
_PRESETS = _Kind(
    "preset",
    "presets",
    "SELECT id, name, owner_id || ' ' || task FROM presets ORDER BY created_at, rowid",
    str,
    " ({})",
    60,
)


def upgrade() -> None:
    """Number duplicate names, then make the database refuse new ones."""
    op.add_column("users", sa.Column("key", sa.String, nullable=False, server_default=""))
    for kind in (_PEOPLE, _CAST, _PRESETS):
        _tell_apart(kind)
    _write_keys(_PEOPLE)
    _write_keys(_CAST)
    op.create_index("ix_users_key", "users", ["key"], unique=True)
    op.create_index(
        "cast_names", "cast_members", ["owner_id", "key"], unique=True, sqlite_where=sa.text("deleted_at IS NULL")
    )
    op.create_index("preset_names", "presets", ["owner_id", "task", "name"], unique=True)


def _tell_apart(kind: _Kind) -> None:
    for row, name in _renamed(kind, _rows(kind)):
        log.warning("Duplicate name: the later %s “%s” was renamed to “%s” (id %s).", kind.noun, row.name, name, row.id)
        update = sa.text(f"UPDATE {kind.table} SET name = :name WHERE id = :id")
        op.execute(update.bindparams(name=name, id=row.id))


def _renamed(kind: _Kind, rows: Sequence[_Row]) -> Iterator[tuple[_Row, str]]:
    """Yield each row whose name an earlier one has, with a name that is not taken."""
    taken = {(row.scope, kind.fold(row.name)) for row in rows}
    seen: set[tuple[str, str]] = set()
    for row in rows:
        place = (row.scope, kind.fold(row.name))
        if place in seen:
            name = next(name for name in _numbered(kind, row.name) if (row.scope, kind.fold(name)) not in taken)
            taken.add((row.scope, kind.fold(name)))
            yield row, name
        seen.add(place)


def _numbered(kind: _Kind, name: str) -> Iterator[str]:
    for number in count(2):
        suffix = kind.suffix.format(number)
        yield name[: kind.longest - len(suffix)].rstrip() + suffix


def _write_keys(kind: _Kind) -> None:
    for row in _rows(kind):
        update = sa.text(f"UPDATE {kind.table} SET key = :key WHERE id = :id")
        op.execute(update.bindparams(key=kind.fold(row.name), id=row.id))


def _rows(kind: _Kind) -> list[_Row]:
    return [_Row(*row) for row in op.get_bind().execute(sa.text(kind.rows))]
