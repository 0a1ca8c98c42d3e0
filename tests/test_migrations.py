"""The migrations create the schema that the tables describe, from any folder."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import auth.accounts.tables  # noqa: F401 - these fill Base.metadata
import jobs.queue.tables  # noqa: F401
import library.cast.tables
import library.conversations.tables
import library.recipes.tables
import library.tables  # noqa: F401
from db import MIGRATIONS, Base, open_database
from errors import StudioError

REPOSITORY = MIGRATIONS.parent


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def described(name: str | None, kind: str, _: object) -> bool:
    """Return whether the tables describe it; SQLite's full-text index has its own tables."""
    return kind != "table" or not str(name).startswith(("asset_words", "asset_grams", "message_words"))


def test_migrations_create_the_described_tables(tmp_path: Path) -> None:
    database = open_database(tmp_path / "studio.db")
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": described})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    open_database(path).close()
    before = tables(path)
    open_database(path).close()
    assert tables(path) == before


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a film", "100%", "what? naïve #1 %(here)s"])
def test_any_folder_name_works_for_program_and_data(tmp_path: Path, name: str) -> None:
    program, data = tmp_path / "program" / name, tmp_path / "data" / name
    program.mkdir(parents=True)
    data.mkdir(parents=True)
    for file in ("db.py", "errors.py", "utf8.py"):
        shutil.copy(REPOSITORY / file, program)
    for folder in ("migrations", "auth", "jobs", "library"):
        shutil.copytree(REPOSITORY / folder, program / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (program / "start.py").write_text(
        "import sys, pathlib, db\ndb.open_database(pathlib.Path(sys.argv[1]) / 'studio.db')\n"
    )
    subprocess.run(
        [sys.executable, str(program / "start.py"), str(data)],
        check=True,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": ""},
    )
    assert {"users", "jobs", "assets"} <= tables(data / "studio.db")


def test_a_failed_migration_leaves_the_database_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    migrations = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, migrations)
    last = max(path.name[:4] for path in (migrations / "versions").glob("*.py"))
    (migrations / "versions" / "9998_breaks.py").write_text(
        "from alembic import op\n"
        "import sqlalchemy as sa\n"
        f"revision, down_revision = '9998', '{last}'\n"
        "def upgrade():\n"
        "    op.create_table('half', sa.Column('id', sa.Integer, primary_key=True))\n"
        "    raise RuntimeError('power cut')\n"
    )
    monkeypatch.setattr("db.MIGRATIONS", migrations)
    with pytest.raises(RuntimeError, match="power cut"):
        open_database(tmp_path / "studio.db")
    assert tables(tmp_path / "studio.db") <= {"sqlite_sequence"}


def test_a_newer_database_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    open_database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StudioError) as caught:
        open_database(path)
    assert caught.value.problem.code == "newer_data"


def test_a_damaged_database_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    path.write_bytes(b"this was a database once" * 1000)
    with pytest.raises(StudioError) as caught:
        open_database(path)
    assert caught.value.problem.code == "damaged_database"
    assert path.read_bytes().startswith(b"this was")
