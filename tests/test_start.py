"""A studio starts even if the daily cleanup fails."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from app import build_app, build_studio
from jobs.queue.attempts import Attempts
from library.service import Library
from settings import Settings


@pytest.mark.slow
@pytest.mark.parametrize(
    "error",
    [
        PermissionError(13, "Permission denied"),
        OSError(5, "Input/output error"),
        OperationalError("DELETE", {}, sqlite3.OperationalError("database or disk is full")),
    ],
)
def test_a_failed_cleanup_does_not_prevent_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def broken(*args: Any) -> None:
        raise error

    monkeypatch.setattr(Library, "recover", broken)
    if isinstance(error, OSError):
        monkeypatch.setattr(Attempts, "sweep", broken)
    studio = build_studio(Settings(data=tmp_path / "data", starter=tmp_path, keep_free_mb=0, engine="inprocess"))
    with TestClient(build_app(studio)) as client:
        assert client.get("/healthz").text == "ok"
    assert "Could not clean up" in caplog.text
    studio.database.close()
    studio.data.unlock()
