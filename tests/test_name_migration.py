"""Duplicate names in an older database are numbered by the migration; nothing is lost."""

import json
import logging
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from db import MIGRATIONS, open_database

REVISIONS = [f"{number:04}" for number in range(1, 9)]


def old_database(path: Path, revision: str) -> sqlite3.Connection:
    """Return an empty database of an earlier version of the studio."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with create_engine(f"sqlite:///{path}").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return sqlite3.connect(path)


def add_people(connection: sqlite3.Connection, *names: str) -> None:
    """Insert accounts with the ids p0, p1, …, oldest first."""
    rows = [(f"p{number}", name, float(number)) for number, name in enumerate(names)]
    connection.executemany(
        "INSERT INTO users (id, name, role, created_at, disabled) VALUES (?, ?, 'owner', ?, 0)", rows
    )


def add_presets(connection: sqlite3.Connection, *presets: tuple[str, str, str]) -> None:
    """Insert presets (owner, task, name), oldest first, each with its number in its fields."""
    rows = [(f"s{number}", *one, json.dumps({"n": number}), float(number)) for number, one in enumerate(presets)]
    connection.executemany(
        "INSERT INTO presets (id, owner_id, task, name, fields, created_at) VALUES (?, ?, ?, ?, ?, ?)", rows
    )


def add_cast(connection: sqlite3.Connection, *members: tuple[str, str, bool]) -> None:
    """Insert members (owner, name, in the bin), oldest first."""
    rows = [
        (f"m{number}", owner, name, name.casefold(), float(number), 1.0 if binned else None)
        for number, (owner, name, binned) in enumerate(members)
    ]
    connection.executemany(
        "INSERT INTO cast_members (id, owner_id, kind, name, key, look, notes, created_at, updated_at, deleted_at) "
        "VALUES (?, ?, 'character', ?, ?, 'red hair', '', ?, 0, ?)",
        rows,
    )


def moved(path: Path, query: str) -> list[tuple[str, ...]]:
    """Migrate the database and return the result of a query."""
    open_database(path).close()
    with sqlite3.connect(path) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_any_earlier_version_is_migrated(tmp_path: Path, revision: str) -> None:
    path = tmp_path / "studio.db"
    with old_database(path, revision) as connection:
        add_people(connection, "Zoë", "ZOË", "zoë 2", "Ann")
        if revision >= "0002":
            add_presets(connection, ("p0", "write", "Brief"), ("p0", "write", "Brief"))
        if revision >= "0003":
            add_cast(connection, ("p0", "Mara", False), ("p0", "mara", False))
    assert moved(path, "SELECT name, key FROM users ORDER BY id") == [
        ("Zoë", "zoë"),
        ("ZOË 3", "zoë 3"),
        ("zoë 2", "zoë 2"),
        ("Ann", "ann"),
    ]
    names = [name for (name,) in moved(path, "SELECT name FROM presets ORDER BY id")]
    assert names == (["Brief", "Brief (2)"] if revision >= "0002" else [])
    cast = moved(path, "SELECT name, key, look FROM cast_members ORDER BY id")
    expected = [("Mara", "mara", "red hair"), ("mara_2", "mara_2", "red hair")]
    assert cast == (expected if revision >= "0003" else [])


def test_only_duplicates_of_one_owner_and_kind_are_renamed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "studio.db"
    long = "x" * 60
    with old_database(path, "0008") as connection:
        add_people(connection, "Ann", "Bob")
        add_presets(
            connection,
            ("p0", "write", "Brief"),
            ("p1", "write", "Brief"),
            ("p0", "create_image", "Brief"),
            ("p0", "write", "brief"),
            ("p0", "write", "Brief"),
            ("p0", "write", "Brief (2)"),
            ("p0", "write", "Brief"),
            ("p0", "write", long),
            ("p0", "write", long),
        )
    with caplog.at_level(logging.WARNING, "c41.migrations"):
        found = moved(path, "SELECT name, fields FROM presets ORDER BY id")
    names = ["Brief", "Brief", "Brief", "brief", "Brief (3)", "Brief (2)", "Brief (4)", long, "x" * 56 + " (2)"]
    assert found == [(name, json.dumps({"n": number})) for number, name in enumerate(names)]
    assert [record.args[2] for record in caplog.records if record.name == "c41.migrations"] == [
        "Brief (3)",
        "Brief (4)",
        "x" * 56 + " (2)",
    ]


def test_members_of_other_owners_or_in_the_bin_keep_their_names(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    with old_database(path, "0008") as connection:
        add_people(connection, "Ann", "Bob")
        add_cast(
            connection,
            ("p0", "Mara", True),
            ("p0", "Mara", False),
            ("p1", "MARA", False),
            ("p0", "mara", False),
            ("p0", "Mara", True),
            ("p0", "y" * 40, False),
            ("p0", "Y" * 40, False),
        )
    assert moved(path, "SELECT name, key FROM cast_members ORDER BY id") == [
        ("Mara", "mara"),
        ("Mara", "mara"),
        ("MARA", "mara"),
        ("mara_2", "mara_2"),
        ("Mara", "mara"),
        ("y" * 40, "y" * 40),
        ("Y" * 38 + "_2", "y" * 38 + "_2"),
    ]
