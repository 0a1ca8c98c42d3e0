"""The cleanup at start: old files are removed, and everything that anyone can still see stays."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from auth.accounts.principal import Principal
from auth.accounts.tables import GradioUpload
from library import cleanup
from library.tables import Asset
from library.views import AssetView
from tests.library.conftest import Shelf

Bring = Callable[..., AssetView]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Advances the cleanup's clock by days."""

    def move(days: float) -> None:
        now = time.time() + days * cleanup.DAY
        monkeypatch.setattr("time.time", lambda: now)

    return move


def test_the_bin_is_emptied_after_thirty_days(
    shelf: Shelf, ann: Principal, bring: Bring, later: Callable[[float], None]
) -> None:
    kept, binned = bring(ann), bring(ann)
    shelf.library.delete(ann, binned.id)
    later(29)
    shelf.library.recover()
    assert shelf.library.restore(ann, binned.id).id == binned.id
    shelf.library.delete(ann, binned.id)
    later(31)
    shelf.library.recover()
    with shelf.database.session() as session:
        assert session.scalars(select(Asset.id)).all() == [kept.id]
    assert shelf.files(ann) == {f"{kept.id}.png", f"{kept.id}.thumb.webp"}


def test_a_proxy_comes_and_goes_with_its_clip(
    shelf: Shelf, ann: Principal, bring: Bring, later: Callable[[float], None]
) -> None:
    (shelf.data.uploads / "incoming").mkdir(parents=True, exist_ok=True)
    (shelf.data.uploads / "incoming" / "c.proxy.mp4").write_bytes(b"small clip")
    clip, other = bring(ann, name="c.mov", proxy="c.proxy.mp4", kind="clip"), bring(ann)
    assert (clip.has_proxy, other.has_proxy) == (True, False)
    path = shelf.library.proxy(ann, clip.id)
    assert path is not None
    assert path.read_bytes() == b"small clip"
    assert shelf.library.proxy(ann, other.id) is None
    later(1)
    assert shelf.library.unclaimed() == []
    shelf.library.delete(ann, clip.id)
    later(32)
    shelf.library.recover()
    assert shelf.files(ann) == {f"{other.id}.png", f"{other.id}.thumb.webp"}


def test_files_without_a_row_stay_and_are_listed(
    shelf: Shelf, ann: Principal, bring: Bring, later: Callable[[float], None]
) -> None:
    known = bring(ann)
    lost = shelf.data.user(ann.user_id) / "lost.png"
    lost.write_bytes(b"x")
    assert shelf.library.unclaimed() == []  # too new: its row may be about to be written
    later(40)
    shelf.library.recover()
    assert lost.exists()
    assert [one.path for one in shelf.library.unclaimed()] == [lost]
    assert shelf.library.file(ann, known.id).exists()


def test_nothing_is_lost_when_the_database_is_replaced(
    shelf: Shelf, ann: Principal, bring: Bring, later: Callable[[float], None]
) -> None:
    brought = [bring(ann) for _ in range(3)]
    with shelf.database.session() as session:
        session.execute(delete(Asset))
    later(40)
    shelf.library.recover()
    assert {one.path.stem for one in shelf.library.unclaimed()} == {asset.id for asset in brought}


def test_old_uploads_are_removed_and_new_ones_stay(
    shelf: Shelf, ann: Principal, later: Callable[[float], None]
) -> None:
    old = shelf.data.uploads / "abc" / "old.png"
    old.parent.mkdir()
    old.write_bytes(b"x")
    os.utime(old, (0, 0))  # an old file that was only just linked is not an old upload
    with shelf.database.session() as session:
        session.add(GradioUpload(path=str(old), user_id=ann.user_id, created_at=time.time()))
    shelf.library.recover()
    assert old.exists()
    later(1.1)
    shelf.library.recover()
    assert not old.parent.exists()
    with shelf.database.session() as session:
        assert session.scalars(select(GradioUpload)).all() == []


def test_nothing_outside_is_touched_through_a_link(
    shelf: Shelf, tmp_path: Path, later: Callable[[float], None]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "film.mp4").write_bytes(b"x")
    (shelf.data.users / "link").symlink_to(outside)
    (shelf.data.uploads / "link").symlink_to(outside)
    later(40)
    shelf.library.recover()
    assert (outside / "film.mp4").exists()
