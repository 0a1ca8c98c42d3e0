"""Adoption: whatever fails midway, a job's files are there exactly once or not at all."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from data import DataFolder
from db import open_database
from library import adopt as adopting
from library.service import Library
from library.tables import Asset
from tests.library.conftest import Shelf, picture

JOB = "0123456789abcdef" * 2


class Crash(Exception):
    """A power cut."""


def ready(shelf: Shelf, attempt: int = 1) -> Path:
    """The folder of an attempt with two files."""
    folder = shelf.data.job(JOB, attempt)
    picture(folder, "a.png", f"main {attempt}".encode())
    picture(folder, "b.srt", b"words")
    return folder


def adopt(shelf: Shelf, who: Principal, folder: Path, attempt: int = 1, commit: object = None) -> tuple[str, ...]:
    files = [
        picture(folder.parent / "spec", "a.png", title="main", parents=("p", "p")),
        picture(folder.parent / "spec", "b.srt", kind="subtitles", title="words"),
    ]
    return shelf.library.adopt(
        job_id=JOB,
        attempt=attempt,
        owner_id=who.user_id,
        project_id=None,
        folder=folder,
        files=files,
        commit=commit or (lambda session: None),  # type: ignore[arg-type]
    )


def count(shelf: Shelf) -> int:
    with shelf.database.session() as session:
        return session.scalar(select(func.count()).select_from(Asset)) or 0


def test_a_jobs_files_become_assets_the_main_one_first(shelf: Shelf, ann: Principal) -> None:
    ids = adopt(shelf, ann, ready(shelf))
    page = shelf.library.page(ann, job_id=JOB)
    assert tuple(asset.id for asset in page.assets) == ids
    assert page.assets[0].parents == ("p",)
    assert page.assets[0].origin == "made"
    assert shelf.library.file(ann, ids[0]).read_bytes() == b"main 1"
    assert shelf.library.file(ann, ids[1]).suffix == ".srt"


def test_commit_is_in_the_same_transaction(shelf: Shelf, ann: Principal) -> None:
    def refuse(session: Session) -> None:
        assert session.scalar(select(func.count()).select_from(Asset)) == 2
        raise Crash

    with pytest.raises(Crash):
        adopt(shelf, ann, ready(shelf), commit=refuse)
    assert count(shelf) == 0


def test_a_second_call_changes_nothing(shelf: Shelf, ann: Principal) -> None:
    calls: list[Session] = []
    ids = adopt(shelf, ann, ready(shelf), commit=calls.append)
    again = adopt(shelf, ann, ready(shelf, attempt=2), attempt=2, commit=calls.append)
    assert again == ids
    assert len(calls) == 1
    assert count(shelf) == 2
    assert shelf.library.file(ann, ids[0]).read_bytes() == b"main 1"


@pytest.mark.parametrize("moves", range(5))
def test_a_crash_between_any_two_moves_can_be_repeated(
    shelf: Shelf, ann: Principal, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    left = moves
    real = adopting.move

    def move(source: Path, target: Path) -> None:
        nonlocal left
        if not left:
            raise Crash
        left -= 1
        real(source, target)

    folder = ready(shelf)
    monkeypatch.setattr(adopting, "move", move)
    if moves < 4:
        with pytest.raises(Crash):
            adopt(shelf, ann, folder)
        assert count(shelf) == 0
    monkeypatch.setattr(adopting, "move", real)
    ids = adopt(shelf, ann, folder)
    assert count(shelf) == 2
    assert shelf.library.file(ann, ids[0]).read_bytes() == b"main 1"
    assert len(shelf.files(ann)) == 4


def test_a_new_attempt_after_a_crash_replaces_the_old_one(shelf: Shelf, ann: Principal) -> None:
    def crash(session: Session) -> None:
        raise Crash

    with pytest.raises(Crash):
        adopt(shelf, ann, ready(shelf), commit=crash)
    ids = adopt(shelf, ann, ready(shelf, attempt=2), attempt=2)
    assert shelf.library.file(ann, ids[0]).read_bytes() == b"main 2"
    assert len(shelf.files(ann)) == 4


def test_a_missing_result_is_not_adopted(shelf: Shelf, ann: Principal) -> None:
    with pytest.raises(FileNotFoundError):
        adopt(shelf, ann, shelf.data.job(JOB, 1))
    assert count(shelf) == 0


def test_an_invalid_suffix_is_refused(shelf: Shelf, ann: Principal) -> None:
    folder = shelf.data.job(JOB, 1)
    new = picture(folder, "a.p ng")
    with pytest.raises(ValueError, match="suffix"):
        shelf.library.adopt(
            job_id=JOB,
            attempt=1,
            owner_id=ann.user_id,
            project_id=None,
            folder=folder,
            files=[new],
            commit=lambda session: None,
        )


def _adopt_and_die(root: Path, owner: str, folder: Path) -> None:
    def die(session: Session) -> None:
        session.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    data = DataFolder(root)
    Library(open_database(data.database), data).adopt(
        job_id=JOB,
        attempt=1,
        owner_id=owner,
        project_id=None,
        folder=folder,
        files=[picture(folder.parent / "spec", "a.png")],
        commit=die,
    )


@pytest.mark.slow
def test_killed_inside_the_transaction(shelf: Shelf, ann: Principal) -> None:
    folder = ready(shelf)
    shelf.database.close()
    process = multiprocessing.get_context("spawn").Process(
        target=_adopt_and_die, args=(shelf.data.root, ann.user_id, folder)
    )
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert count(shelf) == 0
    ids = adopt(shelf, ann, folder)
    assert shelf.library.file(ann, ids[0]).read_bytes() == b"main 1"
