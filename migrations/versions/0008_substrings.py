"""Search also finds parts of words: for scripts without spaces between words, and for numbers in names."""

from alembic import op

revision = "0008"
down_revision = "0007"

_GRAMS = 'CREATE VIRTUAL TABLE asset_grams USING fts5(texts, tokenize = "trigram")'
_WRITE = """
INSERT INTO asset_grams(rowid, texts)
SELECT moment, title || ' ' || coalesce(asked, '') || ' ' || coalesce(tags, '') || ' ' || coalesce(source, '')
    || ' ' || coalesce(person, '') FROM asset_texts
"""


def _again(condition: str) -> str:
    forget = f"DELETE FROM asset_grams WHERE rowid IN (SELECT moment FROM assets WHERE {condition})"
    return f"BEGIN {forget}; {_WRITE} WHERE {condition}; END"


_CHANGES = {
    "asset_grams_moved": "UPDATE OF moment ON assets BEGIN DELETE FROM asset_grams WHERE rowid = OLD.moment; "
    f"{_WRITE} WHERE id = NEW.id; END",
    "asset_grams_changed": f"UPDATE OF title, source, owner_id, provenance ON assets {_again('id = NEW.id')}",
    "asset_grams_removed": "DELETE ON assets BEGIN DELETE FROM asset_grams WHERE rowid = OLD.moment; END",
    "asset_grams_tagged": f"INSERT ON asset_tags {_again('id = NEW.asset_id')}",
    "asset_grams_untagged": f"DELETE ON asset_tags {_again('id = OLD.asset_id')}",
    "asset_grams_renamed": f"UPDATE OF name ON users {_again('owner_id = NEW.id')}",
}


def upgrade() -> None:
    """Create a second index, of trigrams; triggers keep it up to date."""
    op.execute(_GRAMS)
    op.execute(_WRITE)
    for name, change in _CHANGES.items():
        op.execute(f"CREATE TRIGGER {name} AFTER {change}")
