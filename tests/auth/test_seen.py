"""A full disk keeps nobody out: when a sign-in was last used is written down only if it can be."""

from pathlib import Path

import pytest
from sqlalchemy import update

from auth.seen import note
from auth.tables import Token
from db import open_database


def test_what_cannot_be_written_is_let_go(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = open_database(tmp_path / "studio.db")
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.commit()
    note(database, update(Token).values(used_at=1.0))
    assert "not written down" in caplog.text
