"""Titles and tags in an older database are normalized by the migration, and found by search."""

import unicodedata
from pathlib import Path

from auth.accounts.principal import Principal
from data import DataFolder
from db import open_database
from library.service import Library
from tests.test_name_migration import add_people, old_database

TITLE, TAG = "서울의 밤", "élodie"


def test_old_titles_and_tags_are_normalized(data_folder: Path) -> None:
    data = DataFolder(data_folder)
    data.create()
    title, tag = (unicodedata.normalize("NFD", text) for text in (TITLE, TAG))
    with old_database(data.database, "0009") as connection:
        add_people(connection, "Ann")
        connection.execute(
            "INSERT INTO assets (id, owner_id, kind, origin, title, file, mime, bytes, content_sha256, created_at, "
            "step) VALUES ('a1', 'p0', 'image', 'upload', ?, 'users/p0/a1.png', 'image/png', 1, '', 1.0, 0)",
            (title,),
        )
        connection.executemany("INSERT INTO asset_tags VALUES ('a1', ?)", [(tag,), (TAG,), ("sea",)])
    library = Library(open_database(data.database), data)
    ann = Principal(user_id="p0", name="Ann", role="owner")
    for wanted in ({"q": TITLE}, {"q": "서울"}, {"tag": TAG}, {"q": title}):
        [asset] = library.page(ann, **wanted).assets  # type: ignore[arg-type]
        assert (asset.title, asset.tags) == (TITLE, ("sea", TAG))
