"""A full disk blocks nobody: the last use of a sign-in is only recorded if possible."""

from pathlib import Path

import pytest
from sqlalchemy import update

from auth.accounts.last_used import note
from auth.accounts.tables import Token
from db import open_database


def test_a_failed_update_is_dropped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = open_database(tmp_path / "studio.db")
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.commit()
    note(database, update(Token).values(used_at=1.0))
    assert "Could not record" in caplog.text
