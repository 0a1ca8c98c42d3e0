"""Files that lost their entry are counted for the owner and added again on request, with their records."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import delete
from starlette.testclient import TestClient

from auth.accounts.tables import User
from library import unclaimed
from library.adopt import result_id
from library.integrity import check
from library.tables import Asset
from tests.api.conftest import House, Person
from tests.support.waiting import until


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make every file old enough to be counted."""
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


def test_files_return_to_their_owners_with_their_ids(
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


def test_files_of_a_disabled_person_stay_theirs(
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


def test_files_of_a_lost_account_go_to_the_owner_and_other_files_stay(
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


def made(path: Path, *parents: str) -> None:
    """Return a picture as made by the studio, with its record."""
    request = {"task": "create_image", "prompt": "A red lion"}
    record = {"request": request, "model": None, "loras": [], "seed": 1, "studio": "0.4.0", "parents": parents}
    path.parent.mkdir(exist_ok=True)
    info = PngInfo()
    info.add_itxt("c41", json.dumps(record))
    Image.new("RGB", (64, 64), "red").save(path, pnginfo=info)


def test_results_return_with_their_parents(
    as_ann: TestClient, ann: Person, as_bob: TestClient, house: House, photo: Path, old: Callable[[], None]
) -> None:
    own, foreign = brought(as_ann, photo), brought(as_bob, photo)
    first, last = sorted(result_id("job", n) for n in range(2))
    folder = house.studio.data.user(ann.who.user_id)
    made(folder / f"{first}.png", last, own, foreign, "f" * 32)  # the later one does not exist yet
    made(folder / f"{last}.png")
    old()
    assert reclaimed(as_ann)["count"] == 0
    asset = as_ann.get(f"/api/assets/{first}").json()
    assert (asset["origin"], asset["title"], set(asset["parents"])) == ("made", "A red lion", {last, own})
    assert as_ann.get(f"/api/assets/{own}").json()["origin"] == "upload"


def test_subtitles_return_as_subtitles(as_ann: TestClient, ann: Person, house: House, old: Callable[[], None]) -> None:
    path = house.studio.data.user(ann.who.user_id) / f"{result_id('job', 1)}.srt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n\n")
    old()
    assert reclaimed(as_ann)["count"] == 0
    asset = as_ann.get(f"/api/assets/{path.stem}").json()
    assert (asset["kind"], asset["mime"], asset["origin"]) == ("subtitles", "application/x-subrip", "made")
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_file_whose_suffix_changes_leaves_no_copy(
    as_ann: TestClient, ann: Person, house: House, photo: Path, old: Callable[[], None]
) -> None:
    path = house.studio.data.user(ann.who.user_id) / f"{'1' * 32}.JPG"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(photo.read_bytes())
    old()
    assert reclaimed(as_ann)["count"] == 0
    assert sorted(one.suffix for one in path.parent.iterdir()) == [".jpg", ".webp"]
    assert as_ann.get(f"/api/assets/{'1' * 32}/thumb").status_code == 200


def test_finished_results_of_unknown_jobs_are_added(as_ann: TestClient, house: House, old: Callable[[], None]) -> None:
    work = house.studio.data.work
    for attempt in (1, 2, 3):
        made(work / f"{'a' * 32}-{attempt}" / "1.png")
    for attempt in (1, 2):
        (work / f"{'a' * 32}-{attempt}" / "result.json").write_text('[{"file": "1.png"}]')
    (work / f"{'b' * 32}-1").mkdir()
    (work / f"{'b' * 32}-1" / "result.json").write_text('[{"file": "../../studio.db"}]')
    assert as_ann.get("/api/studio/unclaimed").json()["count"] == 0  # too young
    old()
    assert as_ann.get("/api/studio/unclaimed").json()["count"] == 1
    view = reclaimed(as_ann)
    assert (view["count"], view["done"], view["unreadable"]) == (0, 1, [])
    assert as_ann.get(f"/api/assets/{result_id('a' * 32, 0)}").json()["origin"] == "made"
    assert not (work / f"{'a' * 32}-2").exists()


def test_the_health_check_and_the_page_count_the_same_files(house: House, ann: Person, old: Callable[[], None]) -> None:
    folder = house.studio.data.user(ann.who.user_id)
    folder.mkdir(exist_ok=True)
    (folder / f"{'1' * 32}.thumb.webp").write_bytes(b"x")
    (folder / f"{'2' * 32}.png").write_bytes(b"x")
    assert check(house.studio.data).problems == ()  # too young
    old()
    assert len(house.studio.library.unclaimed()) == 1
    (problem,) = check(house.studio.data).problems
    assert problem.startswith("Files without an entry in the database: 1.")
