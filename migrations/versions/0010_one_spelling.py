"""Titles, sources and tags are normalized to NFC: macOS writes accented letters as two characters."""

import unicodedata
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_TEXTS = (("assets", "title"), ("assets", "source"), ("conversations", "title"), ("projects", "name"))


def upgrade() -> None:
    """Rewrite texts that are not in NFC; triggers update the search indexes."""
    for table, column in _TEXTS:
        update = sa.text(f"UPDATE {table} SET {column} = :text WHERE rowid = :row")
        for row, text in _otherwise(table, column):
            op.execute(update.bindparams(text=text, row=row))
    for row, tag in _otherwise("asset_tags", "tag"):
        for change in (
            "INSERT OR IGNORE INTO asset_tags(asset_id, tag) SELECT asset_id, :tag FROM asset_tags WHERE rowid = :row",
            "DELETE FROM asset_tags WHERE rowid = :row AND tag <> :tag",
        ):
            op.execute(sa.text(change).bindparams(tag=tag, row=row))


def _otherwise(table: str, column: str) -> Iterator[tuple[int, str]]:
    """Yield the rows whose text is not in NFC, with the text in NFC."""
    query = sa.text(f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL")
    for row, text in op.get_bind().execute(query).all():
        one = unicodedata.normalize("NFC", text)
        if one != text:
            yield row, one
