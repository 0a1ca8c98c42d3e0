"""A library with an empty database, two people, and files to upload."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from auth.accounts.principal import Principal, Role
from auth.accounts.tables import User
from data import DataFolder
from db import Database
from library.service import Library
from library.views import AssetView, NewAsset
from tests.support.databases import opened


@dataclass(frozen=True)
class Shelf:
    """A library with its database and data folder."""

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
    database = opened(data)
    return Shelf(Library(database, data), database, data)


@pytest.fixture
def ann(shelf: Shelf) -> Principal:
    return shelf.person("Ann", "owner")


@pytest.fixture
def bob(shelf: Shelf) -> Principal:
    return shelf.person("Bob")


def picture(folder: Path, name: str = "a.png", content: bytes = b"picture", **fields: object) -> NewAsset:
    """A file with a thumbnail in ``folder``, ready to be adopted."""
    folder.mkdir(parents=True, exist_ok=True)
    thumb = f"{Path(name).stem}.thumb.webp"
    (folder / name).write_bytes(content)
    (folder / thumb).write_bytes(b"small")
    known = {"title": "A lion", "kind": "image", "mime": "image/png", "content_sha256": "0" * 64}
    return NewAsset.model_validate({**known, "file": name, "thumb": thumb, **fields})


@pytest.fixture
def bring(shelf: Shelf) -> Callable[..., AssetView]:
    """Uploads a picture for a person."""

    def upload(who: Principal, project_id: str | None = None, **fields: object) -> AssetView:
        folder = shelf.data.uploads / "incoming"
        return shelf.library.take_upload(who, folder / "a.png", new=picture(folder, **fields), project_id=project_id)

    return upload
