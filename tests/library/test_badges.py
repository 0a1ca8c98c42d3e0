"""A file made from another keeps its title; badges say what was done, and are found."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from auth.accounts.principal import Principal
from data import DataFolder
from db import open_database
from library.badges import with_badge
from library.service import Library
from library.views import AssetView
from tests.library.conftest import Shelf
from tests.test_name_migration import add_people, old_database


@pytest.mark.parametrize(
    ("badges", "badge", "after"),
    [
        ((), "2×", ("2×",)),
        (("Animated", "2×"), "24 fps", ("Animated", "2×", "24 fps")),
        (("24 fps", "2×"), "60 fps", ("2×", "60 fps")),
        (("Edited", "2×"), "Edited", ("2×", "Edited")),
    ],
)
def test_a_step_adds_one_badge(badges: tuple[str, ...], badge: str, after: tuple[str, ...]) -> None:
    assert with_badge(badges, badge) == after


def test_badges_follow_the_files_a_file_was_made_from(
    shelf: Shelf, ann: Principal, bring: Callable[..., AssetView]
) -> None:
    boat = bring(ann, title="a blue boat")
    clip = bring(ann, title="a blue boat", kind="clip", parents=(boat.id,), badge="Animated")
    large = bring(ann, title="a blue boat", kind="clip", parents=(clip.id,), badge="2×")
    slow = bring(ann, title="a blue boat", kind="clip", parents=(large.id,), badge="24 fps")
    assert shelf.library.get(ann, slow.id).badges == ("Animated", "2×", "24 fps")
    for q, found in {"24 fps": [slow.id], "2x": [slow.id, large.id], "boat 2×": [slow.id, large.id]}.items():
        assert [asset.id for asset in shelf.library.page(ann, q=q).assets] == found, q


def test_old_titles_that_nobody_changed_become_badges(data_folder: Path) -> None:
    data = DataFolder(data_folder)
    data.create()
    boat, clip, large, slow, named, still = (f"{number:032x}" for number in range(6))
    rows = [
        (boat, "a blue boat", None, {"task": "create_image", "prompt": "a blue boat"}),
        (clip, "a blue boat · moving right", None, {"task": "animate_image", "image": boat, "prompt": "moving right"}),
        (large, "a blue boat · moving right · 2x", None, {"task": "upscale_clip", "clip": clip, "scale": 2}),
        (
            slow,
            "a blue boat · moving right · 2x · 24 fps",
            None,
            {"task": "interpolate_clip", "clip": large, "fps": 24},
        ),
        (named, "For the client", None, {"task": "upscale_image", "image": boat, "long_side": 3840}),
        (still, "a blue boat · moving right · last frame", "last frame", None),
    ]
    with old_database(data.database, "0010") as connection:
        add_people(connection, "Ann")
        for number, (id, title, source, request) in enumerate(rows):
            connection.execute(
                "INSERT INTO assets (id, owner_id, kind, origin, title, file, mime, bytes, content_sha256, created_at, "
                "step, source, provenance) VALUES (?, 'p0', 'clip', 'made', ?, ?, 'video/mp4', 1, '', ?, 0, ?, ?)",
                (
                    id,
                    title,
                    f"users/p0/{id}.mp4",
                    float(number),
                    source,
                    json.dumps({"request": request} if request else None),
                ),
            )
        connection.execute("INSERT INTO asset_parents VALUES (?, ?)", (still, clip))
    library = Library(open_database(data.database), data)
    ann = Principal(user_id="p0", name="Ann", role="owner")
    known = {id: library.get(ann, id) for id, *_ in rows}
    assert {id: (asset.title, asset.badges) for id, asset in known.items()} == {
        boat: ("a blue boat", ()),
        clip: ("a blue boat", ("Animated",)),
        large: ("a blue boat", ("Animated", "2×")),
        slow: ("a blue boat", ("Animated", "2×", "24 fps")),
        named: ("For the client", ("4K",)),
        still: ("a blue boat", ("Animated", "Last frame")),
    }
    assert [asset.id for asset in library.page(ann, q="24 fps").assets] == [slow]
