"""Backups: everything is restored elsewhere, or there is an error and no partial result."""

import io
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from auth.accounts.principal import Principal
from auth.accounts.tables import User
from data import DataFolder
from db import open_database
from errors import StudioError
from library import backup as backing
from library.__main__ import main
from library.backup import backup, last
from library.integrity import check
from library.restore import restore, verify
from library.service import Library
from library.views import AssetView
from tests.library.conftest import Shelf
from tests.support.live import Live, finished, submit
from tests.support.people import PASSWORD

Bring = Callable[..., AssetView]


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(StudioError) as error:
        call()
    return error.value.problem.code


@pytest.fixture(params=["all.tar", "folder"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / "disk 2" / str(request.param)


@pytest.fixture
def elsewhere(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "elsewhere")


def test_everything_is_restored_elsewhere(
    shelf: Shelf, ann: Principal, bring: Bring, target: Path, elsewhere: DataFolder
) -> None:
    pictures = [bring(ann, title=f"Löwe {n}", content=f"picture {n}".encode()) for n in range(3)]
    secret = shelf.data.secret("session")
    (shelf.data.catalog / "mine.yaml").write_text("id: mine")
    (shelf.data.work / "job").mkdir()
    (shelf.data.work / "job" / "half.png").write_bytes(b"half")
    seen: list[int] = []
    info = backup(shelf.data, target, lambda progress: seen.append(progress.done))
    assert info.missing == ()
    assert seen == sorted(seen)
    assert (last(shelf.data), seen[-1] > 0) == (info, True)

    assert verify(target).total == info.bytes
    restore(target, elsewhere)
    library = Library(open_database(elsewhere.database), elsewhere)
    for n, picture in enumerate(pictures):
        assert library.file(ann, picture.id).read_bytes() == f"picture {n}".encode()
        assert library.thumb(ann, picture.id)
    assert [asset.id for asset in library.page(ann, q="löwe 2").assets] == [pictures[2].id]
    assert elsewhere.secret("session") == secret
    assert (elsewhere.catalog / "mine.yaml").read_text() == "id: mine"
    assert not (elsewhere.work / "job").exists()
    assert check(elsewhere).problems == ()
    for path in elsewhere.root.rglob("*"):
        assert path.name == "lock" or path.stat().st_mode & 0o077 == 0, path


def test_a_row_without_its_file_is_named(shelf: Shelf, ann: Principal, bring: Bring, target: Path) -> None:
    kept, lost = bring(ann), bring(ann, title="gone")
    shelf.library.file(ann, lost.id).unlink()
    info = backup(shelf.data, target)
    assert info.missing == (f"users/{ann.user_id}/{lost.id}.png",)
    assert f"users/{ann.user_id}/{kept.id}.png" in verify(target).files
    assert any("gone" in problem for problem in check(shelf.data).problems)


def test_a_backup_folder_adds_new_files_and_removes_deleted_ones(
    shelf: Shelf, ann: Principal, bring: Bring, tmp_path: Path, elsewhere: DataFolder
) -> None:
    target = tmp_path / "folder"
    old, gone = bring(ann), bring(ann)
    backup(shelf.data, target)
    kept = target / "users" / ann.user_id / f"{old.id}.png"
    before = kept.stat().st_ino
    new = bring(ann)
    for path in (shelf.library.file(ann, gone.id), shelf.data.user(ann.user_id) / f"{gone.id}.thumb.webp"):
        path.unlink()
    backup(shelf.data, target)
    assert kept.stat().st_ino == before
    assert not (target / "users" / ann.user_id / f"{gone.id}.png").exists()
    assert len(list(target.glob("*.db"))) == 1
    restore(target, elsewhere)
    library = Library(open_database(elsewhere.database), elsewhere)
    assert library.file(ann, new.id).exists()


@pytest.mark.parametrize("name", ["all.tar", "folder"])
def test_an_interrupted_backup_leaves_the_previous_one_intact(
    shelf: Shelf, ann: Principal, bring: Bring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    target = tmp_path / "disk" / name
    bring(ann)
    backup(shelf.data, target)
    before = verify(target)
    bring(ann)
    with monkeypatch.context() as patch:
        patch.setattr(
            "library.backup_store.HashingReader.read", lambda *_: (_ for _ in ()).throw(OSError(28, "No space"))
        )
        assert refused(lambda: backup(shelf.data, target)) == "backup_failed"
    assert verify(target) == before
    assert [path.name for path in target.parent.iterdir()] == [name]
    assert backup(shelf.data, target).files == len(before.files) + 2


def test_a_modified_backup_is_refused_and_leaves_nothing(
    shelf: Shelf, ann: Principal, bring: Bring, target: Path, elsewhere: DataFolder
) -> None:
    picture = bring(ann, content=b"picture of a zebra")
    backup(shelf.data, target)
    file = target if target.is_file() else target / "users" / ann.user_id / f"{picture.id}.png"
    file.write_bytes(file.read_bytes().replace(b"a zebra", b"a horse"))
    assert refused(lambda: verify(target)) == "damaged_backup"
    assert refused(lambda: restore(target, elsewhere)) == "damaged_backup"
    assert [path.name for path in elsewhere.root.iterdir()] == ["lock"]


def test_a_truncated_backup_is_refused(shelf: Shelf, ann: Principal, bring: Bring, tmp_path: Path) -> None:
    bring(ann)
    target = tmp_path / "all.tar"
    backup(shelf.data, target)
    whole = target.read_bytes()
    for length in (0, 100, 512, len(whole) // 2, len(whole) - 11_000):
        target.write_bytes(whole[:length])
        assert refused(lambda: verify(target)) in ("damaged_backup", "no_backup")


@pytest.mark.parametrize("name", ["../out.txt", "/tmp/out.txt", "users/../../out.txt", ".restoring/x"])
def test_names_outside_the_folder_are_refused(tmp_path: Path, elsewhere: DataFolder, name: str) -> None:
    path = tmp_path / "evil.tar"
    entry = tarfile.TarInfo(name)
    entry.size = 1
    with tarfile.open(path, "w") as tar:
        tar.addfile(entry, io.BytesIO(b"x"))
    assert refused(lambda: restore(path, elsewhere)) == "damaged_backup"
    assert not (tmp_path / "out.txt").exists()


def test_a_backup_is_only_restored_into_an_empty_folder(shelf: Shelf, ann: Principal, tmp_path: Path) -> None:
    target = tmp_path / "all.tar"
    backup(shelf.data, target)
    assert refused(lambda: restore(target, shelf.data)) == "not_empty"
    assert refused(lambda: restore(tmp_path / "nothing.tar", DataFolder(tmp_path / "new"))) == "no_backup"
    assert shelf.library.page(ann).assets == ()


def test_unsuitable_targets_are_refused(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "tax.pdf").write_bytes(b"x")
    (tmp_path / "folder.tar").mkdir()
    (tmp_path / "file").write_bytes(b"x")
    for place in (shelf.data.root / "in.tar", tmp_path / "full", tmp_path / "folder.tar", tmp_path / "file"):
        assert refused(lambda place=place: backup(shelf.data, place)) == "bad_place"
    assert (tmp_path / "full" / "tax.pdf").exists()


@pytest.mark.parametrize("manifest", ['{"name": "a web app"}', '{"made_at": 1, "database": "gone.db", "files": {}}'])
def test_a_folder_with_other_files_is_left_alone(shelf: Shelf, tmp_path: Path, manifest: str) -> None:
    (tmp_path / "site" / "img").mkdir(parents=True)
    (tmp_path / "site" / "manifest.json").write_text(manifest)
    (tmp_path / "site" / "img" / "logo.png").write_bytes(b"x")
    assert refused(lambda: backup(shelf.data, tmp_path / "site")) == "bad_place"
    assert sorted(path.name for path in (tmp_path / "site").rglob("*")) == ["img", "logo.png", "manifest.json"]


def test_another_studio_and_its_backup_are_left_alone(
    shelf: Shelf, ann: Principal, bring: Bring, tmp_path: Path, target: Path
) -> None:
    bring(ann)
    other = DataFolder(tmp_path / "other")
    other.create()
    with open_database(other.database).session() as session:
        session.add(User(name="Zoe", role="owner", created_at=1.0))
    assert refused(lambda: backup(shelf.data, other.root)) == "bad_place"
    backup(shelf.data, target)
    before = verify(target)
    assert refused(lambda: backup(other, target)) == "bad_place"
    assert verify(target) == before
    assert backup(shelf.data, target).files == len(before.files)


def test_a_file_that_is_not_a_backup_is_not_replaced(shelf: Shelf, tmp_path: Path) -> None:
    photos = tmp_path / "photos.tar"
    with tarfile.open(photos, "w") as tar:
        tar.addfile(tarfile.TarInfo("lion.jpg"))
    before = photos.read_bytes()
    assert refused(lambda: backup(shelf.data, photos)) == "bad_place"
    assert photos.read_bytes() == before


def test_other_files_in_a_backup_folder_stay(shelf: Shelf, ann: Principal, bring: Bring, tmp_path: Path) -> None:
    target = tmp_path / "folder"
    bring(ann)
    backup(shelf.data, target)
    (target / "notes.txt").write_text("disk 2, bought 2027")
    bring(ann)
    backup(shelf.data, target)
    assert (target / "notes.txt").exists()
    assert len(list(target.glob("studio-*.db"))) == 1
    assert not (target / "unfinished.json").exists()


def test_an_interrupted_first_backup_continues(
    shelf: Shelf, ann: Principal, bring: Bring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "folder"
    gone = bring(ann)
    with monkeypatch.context() as patch:
        patch.setattr("library.backup_store.FolderStore.finish", lambda *_: (_ for _ in ()).throw(OSError(5, "Off")))
        assert refused(lambda: backup(shelf.data, target)) == "backup_failed"
    copied = target / "users" / ann.user_id / f"{gone.id}.png"
    copied.with_name(f"{copied.name}.part").write_bytes(b"half")
    shelf.library.file(ann, gone.id).unlink()
    assert copied.exists()
    backup(shelf.data, target)
    assert list(copied.parent.glob(f"{gone.id}.png*")) == []
    assert verify(target).missing == (f"users/{ann.user_id}/{gone.id}.png",)


def test_added_models_are_backed_up_also_from_another_disk(
    shelf: Shelf, tmp_path: Path, target: Path, elsewhere: DataFolder
) -> None:
    (tmp_path / "disk 3").mkdir()
    shelf.data.models.symlink_to(tmp_path / "disk 3")
    (shelf.data.models / "mine.gguf").write_bytes(b"weights")
    backup(shelf.data, target)
    restore(target, elsewhere)
    assert (elsewhere.models / "mine.gguf").read_bytes() == b"weights"


def test_a_backup_is_complete_even_if_it_cannot_be_recorded(
    shelf: Shelf, target: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Path, "write_text", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    info = backup(shelf.data, target)
    assert verify(target).total == info.bytes
    assert "No space left" in caplog.text


def test_a_busy_database_is_not_reported_as_damaged(
    shelf: Shelf, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backing, "_BUSY_SECONDS", 0.1)
    shelf.database.close()
    with closing(sqlite3.connect(shelf.data.database, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert refused(lambda: backup(shelf.data, target)) == "database_busy"


def test_missing_space_is_reported_before_anything_is_written(
    shelf: Shelf, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(shelf.data.root)._replace(free=1000)
    monkeypatch.setattr(backing.shutil, "disk_usage", lambda _: usage)
    assert refused(lambda: backup(shelf.data, target)) == "no_room"
    assert not target.exists() or list(target.iterdir()) == []


def test_a_damaged_database_is_not_backed_up(shelf: Shelf, target: Path) -> None:
    shelf.database.close()
    with shelf.data.database.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(8192))
    for journal in shelf.data.root.glob("studio.db-*"):
        journal.unlink()
    assert refused(lambda: backup(shelf.data, target)) == "damaged_database"


def test_from_the_command_line(
    shelf: Shelf,
    ann: Principal,
    bring: Bring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bring(ann)
    monkeypatch.setenv("C41_DATA", str(shelf.data.root))
    assert main(["backup", str(tmp_path / "all.tar")]) == 0
    assert "secrets" in capsys.readouterr().out
    assert main(["check"]) == main(["check", str(tmp_path / "all.tar")]) == 0
    monkeypatch.setenv("C41_DATA", str(tmp_path / "new"))
    assert main(["check"]) == 1
    assert main(["restore", str(tmp_path / "all.tar")]) == 0
    assert "0600" in capsys.readouterr().out
    assert main(["restore", str(tmp_path / "all.tar")]) == 1
    assert "not empty" in capsys.readouterr().err


@pytest.mark.slow
def test_a_backup_of_a_running_studio_works_elsewhere(tmp_path: Path, starter: Path) -> None:
    live = Live(tmp_path / "data", starter, "inprocess").start()
    moved = None
    try:
        live.first_account("ann")
        with live.script("ann") as client:
            jobs = [submit(client, {"task": "speak", "text": f"Take {n}. " * 5, "seed": n}) for n in range(6)]
            finished(client, jobs[0])
            backup(DataFolder(live.data), tmp_path / "all.tar")  # the other jobs continue meanwhile
            token = client.headers["Authorization"]
        live.kill()
        elsewhere = DataFolder(tmp_path / "elsewhere")
        assert restore(tmp_path / "all.tar", elsewhere).missing == ()
        moved = Live(elsewhere.root, starter, "inprocess").start()
        browser = moved.browser()
        answer = browser.post("/login", data={"username": "ann", "password": PASSWORD})
        client = moved.script("ann")
        assert client.get("/api/me", headers={"Authorization": token}).json()["name"] == "ann"
        assert finished(client, jobs[-1])["state"] == "done"
        for asset in client.get("/api/assets").json()["assets"]:
            assert len(client.get(f"/api/assets/{asset['id']}/file").content) == asset["bytes"]
        assert answer.status_code == 303
    finally:
        live.kill()
        if moved:
            moved.kill()
