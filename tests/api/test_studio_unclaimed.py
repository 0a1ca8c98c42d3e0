"""Files that lost their entry are counted for the owner and taken back on request, with what they say of themselves."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete
from starlette.testclient import TestClient

from auth.tables import User
from library import unclaimed
from library.tables import Asset
from tests.api.conftest import House, Person
from tests.support.waiting import until


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes every file old enough to be looked at."""
    return lambda: monkeypatch.setattr(unclaimed, "_GRACE_SECONDS", -1.0)


def brought(client: TestClient, photo: Path) -> str:
    with photo.open("rb") as file:
        return str(client.post("/api/assets", files={"file": ("lion.jpg", file)}).json()["id"])


def reclaimed(client: TestClient) -> dict[str, object]:
    assert client.post("/api/studio/unclaimed").status_code == 202
    return until(
        lambda: view if not (view := client.get("/api/studio/unclaimed").json())["running"] else None,
        30,
        "the files to be taken back",
    )


def test_files_come_back_to_their_people_under_their_ids(
    as_ann: TestClient, as_bob: TestClient, house: House, photo: Path, old: Callable[[], None]
) -> None:
    mine, theirs = brought(as_ann, photo), brought(as_bob, photo)
    with house.studio.database.session() as session:
        session.execute(delete(Asset))
    old()
    assert as_ann.get("/api/studio/unclaimed").json()["count"] == 2
    checks = as_ann.get("/api/studio/health").json()["checks"]
    assert [check["state"] for check in checks if check["name"] == "Files"] == ["warn"]
    assert as_bob.get("/api/studio/unclaimed").status_code == 403
    assert as_bob.post("/api/studio/unclaimed").status_code == 403

    view = reclaimed(as_ann)
    assert (view["count"], view["done"], view["unreadable"]) == (0, 2, [])
    assert as_ann.get(f"/api/assets/{mine}/file").content == photo.read_bytes()
    assert as_ann.get(f"/api/assets/{mine}/thumb").status_code == 200
    assert as_bob.get(f"/api/assets/{theirs}").json()["title"] == "Recovered file"
    assert as_ann.get(f"/api/assets/{theirs}").status_code == 404


def test_files_of_somebody_who_is_shut_out_stay_theirs(
    as_ann: TestClient, as_bob: TestClient, bob: Person, house: House, photo: Path, old: Callable[[], None]
) -> None:
    theirs = brought(as_bob, photo)
    with house.studio.database.session() as session:
        session.execute(delete(Asset))
        session.get_one(User, bob.who.user_id).disabled = True
    old()
    assert reclaimed(as_ann)["count"] == 0
    assert as_ann.get(f"/api/assets/{theirs}").status_code == 404
    assert (house.studio.data.user(bob.who.user_id) / f"{theirs}.jpg").exists()


def test_files_of_a_lost_account_go_to_the_owner_and_what_is_no_media_stays(
    as_ann: TestClient, house: House, photo: Path, old: Callable[[], None]
) -> None:
    gone = house.studio.data.users / ("f" * 32)
    gone.mkdir()
    (gone / f"{'1' * 32}.jpg").write_bytes(photo.read_bytes())
    (gone / f"{'2' * 32}.png").write_bytes(bytes(range(256)) * 4)
    old()
    view = reclaimed(as_ann)
    assert (view["count"], view["unreadable"]) == (1, [f"users/{'f' * 32}/{'2' * 32}.png"])
    assert as_ann.get(f"/api/assets/{'1' * 32}/file").content == photo.read_bytes()
    assert [path.name for path in gone.iterdir()] == [f"{'2' * 32}.png"]
