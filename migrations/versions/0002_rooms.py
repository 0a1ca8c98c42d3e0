"""Conversations, favorites and tags of assets, presets, pronunciations, identity providers, search."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the new tables and columns."""
    _conversations()
    _marks()
    _people()
    _search()


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("owner_id", sa.String, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("project_id", sa.String, sa.ForeignKey("projects.id", ondelete="SET NULL")),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("named", sa.Boolean, nullable=False),
        sa.Column("preset", sa.String),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("head_id", sa.String),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("deleted_at", sa.Double),
    )
    op.create_index("conversations_by_owner", "conversations", ["owner_id", "updated_at"])
    op.create_table(
        "messages",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("conversation_id", sa.String, sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
        sa.Column("parent_id", sa.String),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("thinking", sa.String, nullable=False),
        sa.Column("attachments", sa.JSON, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("model", sa.String),
        sa.Column("job_id", sa.String),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("error", sa.JSON),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("ix_messages_conversation_id", "messages", ["conversation_id"])
    op.create_index("ix_messages_job_id", "messages", ["job_id"])


def _marks() -> None:
    op.add_column("assets", sa.Column("source", sa.String))
    op.add_column("assets", sa.Column("step", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "favourites",
        sa.Column("user_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("asset_id", sa.String, sa.ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
    )
    op.create_index("ix_favourites_asset_id", "favourites", ["asset_id"])
    op.create_table(
        "asset_tags",
        sa.Column("asset_id", sa.String, sa.ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("tag", sa.String, primary_key=True),
    )


def _people() -> None:
    op.add_column("users", sa.Column("email", sa.String))
    op.create_index("ix_users_email", "users", ["email"], unique=True)
    op.add_column("users", sa.Column("seen_at", sa.Double))
    op.add_column("login_sessions", sa.Column("address", sa.String, nullable=False, server_default=""))
    op.create_table(
        "presets",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("owner_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("task", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("ix_presets_owner_id", "presets", ["owner_id"])
    op.create_table(
        "pronunciations",
        sa.Column("owner_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("word", sa.String, primary_key=True),
        sa.Column("say", sa.String, nullable=False),
    )
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String, primary_key=True),
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])


_TEXTS = """
CREATE VIEW asset_texts AS SELECT a.id, a.owner_id, a.moment, a.title,
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
_WORDS = """
CREATE VIRTUAL TABLE asset_words USING fts5(
    title, asked, tags, source, model, person, facets,
    tokenize = "unicode61 remove_diacritics 2", prefix = '1 2 3'
)
"""
_WRITE = """
INSERT INTO asset_words(rowid, title, asked, tags, source, model, person, facets)
SELECT moment, title, asked, tags, source, model, person, facets FROM asset_texts
"""
_FREE_MOMENT = """
UPDATE assets SET moment = CASE
    WHEN EXISTS (SELECT 1 FROM assets a WHERE a.moment = CAST(assets.created_at * 1000000 AS INTEGER))
    THEN (SELECT min(a.moment) + 1 FROM assets a WHERE a.moment >= CAST(assets.created_at * 1000000 AS INTEGER)
          AND NOT EXISTS (SELECT 1 FROM assets b WHERE b.moment = a.moment + 1))
    ELSE CAST(created_at * 1000000 AS INTEGER) END
"""


def _again(condition: str) -> str:
    """Return statements that index some assets again. REPLACE does not work within a foreign key's SET NULL."""
    forget = f"DELETE FROM asset_words WHERE rowid IN (SELECT moment FROM assets WHERE {condition})"
    return f"BEGIN {forget}; {_WRITE} WHERE {condition}; END"


_CHANGES = {
    "asset_added": f"INSERT ON assets BEGIN {_FREE_MOMENT} WHERE id = NEW.id; {_WRITE} WHERE id = NEW.id; END",
    "asset_moved": "UPDATE OF created_at ON assets BEGIN DELETE FROM asset_words WHERE rowid = OLD.moment; "
    f"{_FREE_MOMENT} WHERE id = NEW.id; {_WRITE} WHERE id = NEW.id; END",
    "asset_changed": "UPDATE OF title, source, kind, origin, owner_id, project_id, deleted_at, model, provenance "
    f"ON assets {_again('id = NEW.id')}",
    "asset_removed": "DELETE ON assets BEGIN DELETE FROM asset_words WHERE rowid = OLD.moment; END",
    "tag_added": f"INSERT ON asset_tags {_again('id = NEW.asset_id')}",
    "tag_removed": f"DELETE ON asset_tags {_again('id = OLD.asset_id')}",
    "favourite_added": f"INSERT ON favourites {_again('id = NEW.asset_id')}",
    "favourite_removed": f"DELETE ON favourites {_again('id = OLD.asset_id')}",
    "person_renamed": f"UPDATE OF name ON users {_again('owner_id = NEW.id')}",
}


def _search() -> None:
    """Create a full-text index over all assets: the words to search, and the facets to filter by.

    Its row ids are the assets' ``moment``: microseconds since 1970, unique per asset, so that the index is read newest
    first without sorting. Triggers keep it up to date.
    """
    op.add_column("assets", sa.Column("model", sa.String))
    op.add_column("assets", sa.Column("moment", sa.BigInteger))
    op.execute("UPDATE assets SET model = json_extract(provenance, '$.model.id') WHERE json_valid(provenance)")
    op.create_index("ix_assets_moment", "assets", ["moment"], unique=True)
    op.create_index("assets_by_facet", "assets", ["owner_id", "project_id", "kind", "model", "deleted_at", "bytes"])
    for (asset_id,) in op.get_bind().execute(sa.text("SELECT id FROM assets")).all():
        op.execute(sa.text(f"{_FREE_MOMENT} WHERE id = :id").bindparams(id=asset_id))
    for statement in (_TEXTS, _WORDS, _WRITE):
        op.execute(statement)
    for name, change in _CHANGES.items():
        op.execute(f"CREATE TRIGGER {name} AFTER {change}")
