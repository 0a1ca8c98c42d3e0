"""A library on an empty database, and two people with something to put into it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from auth.principal import Principal, Role
from auth.tables import User
from data import DataFolder
from db import Database, open_database
from library.service import Library
from library.views import AssetView, NewAsset


@dataclass(frozen=True)
class Shelf:
    """A library and what lies under it."""

    library: Library
    database: Database
    data: DataFolder

    def person(self, name: str, role: Role = "member") -> Principal:
        """A new account."""
        with self.database.session() as session:
            user = User(name=name, role=role, created_at=time.time())
            session.add(user)
            session.flush()
            return Principal(user_id=user.id, name=name, role=role)

    def files(self, who: Principal) -> set[str]:
        """The names of everything in a person's folder."""
        folder = self.data.user(who.user_id)
        return {path.name for path in folder.iterdir()} if folder.exists() else set()


@pytest.fixture
def shelf(data_folder: Path) -> Shelf:
    data = DataFolder(data_folder)
    data.create()
    database = open_database(data.database)
    return Shelf(Library(database, data), database, data)


@pytest.fixture
def ann(shelf: Shelf) -> Principal:
    return shelf.person("Ann", "owner")


@pytest.fixture
def bob(shelf: Shelf) -> Principal:
    return shelf.person("Bob")


def picture(folder: Path, name: str = "a.png", content: bytes = b"picture", **fields: object) -> NewAsset:
    """A file with a thumbnail in ``folder``, on its way in."""
    folder.mkdir(parents=True, exist_ok=True)
    thumb = f"{Path(name).stem}.thumb.webp"
    (folder / name).write_bytes(content)
    (folder / thumb).write_bytes(b"small")
    known = {"title": "A lion", "kind": "image", "mime": "image/png", "content_sha256": "0" * 64}
    return NewAsset.model_validate({**known, "file": name, "thumb": thumb, **fields})


@pytest.fixture
def bring(shelf: Shelf) -> Callable[..., AssetView]:
    """Brings a picture in for somebody."""

    def upload(who: Principal, project_id: str | None = None, **fields: object) -> AssetView:
        folder = shelf.data.uploads / "incoming"
        return shelf.library.take_upload(who, folder / "a.png", new=picture(folder, **fields), project_id=project_id)

    return upload
