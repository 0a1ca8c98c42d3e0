"""Each database error has its own message, and only damage is called damage."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from db import database_problem, open_database
from errors import StudioError


def failing(tmp_path: Path, sql: str, *, read_only: bool = False) -> sqlite3.Error:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (x UNIQUE)")
        connection.execute("INSERT INTO t VALUES (1)")
    opened = sqlite3.connect(f"file:{path}?mode={'ro' if read_only else 'rw'}", uri=True, timeout=0.1)
    with pytest.raises(sqlite3.Error) as refused:
        opened.execute(sql)
    return refused.value


def test_a_database_locked_by_another_program_is_busy(tmp_path: Path) -> None:
    failing(tmp_path, "SELECT nothing")
    holder = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as refused:
        sqlite3.connect(tmp_path / "a.db", timeout=0.1).execute("INSERT INTO t VALUES (2)")
    trouble = database_problem(OperationalError("INSERT", {}, refused.value))
    assert trouble
    assert (trouble.problem.code, trouble.status) == ("database_busy", 503)


def test_a_read_only_database_is_reported(tmp_path: Path) -> None:
    trouble = database_problem(failing(tmp_path, "INSERT INTO t VALUES (2)", read_only=True))
    assert trouble
    assert trouble.problem.code == "database_read_only"


def test_programming_errors_are_not_reported_as_damage(tmp_path: Path) -> None:
    closed = sqlite3.connect(":memory:")
    closed.close()
    with pytest.raises(sqlite3.ProgrammingError) as refused:
        closed.execute("SELECT 1")
    assert database_problem(refused.value) is None
    assert database_problem(failing(tmp_path, "INSERT INTO t VALUES (1)")) is None
    assert database_problem(ValueError("x")) is None


def test_a_database_with_zeroed_pages_is_damaged_and_the_advice_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    open_database(path).close()
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : 2 * len(content) // 3] = bytes(2 * len(content) // 3 - len(content) // 3)
    path.write_bytes(content)
    with pytest.raises(StudioError) as refused:
        open_database(path)
    assert refused.value.problem.code == "damaged_database"
    assert "restore a backup" in refused.value.problem.next
    assert "no files are deleted" in refused.value.problem.next
