"""The library over REST: search, tags, clean copies, actions on many files, and never other people's files."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import update

from library.tables import Asset
from library.views import NewAsset
from tests.api.conftest import House, Person, ended, png

SECRET = "a zebra in the kitchen"
YEAR = 365 * 24 * 3600.0


def bring(client: TestClient, name: str = "lion.png", content: bytes | None = None, **more: Any) -> dict[str, Any]:
    answer = client.post("/api/assets", params={"name": name, **more}, content=content or png())
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def made(client: TestClient, **more: Any) -> dict[str, Any]:
    """Return a picture made here."""
    request = {"task": "create_image", "prompt": SECRET, "seed": 3}
    job = client.post("/api/jobs", json={"request": request, **more}).json()
    [asset] = ended(client, job["id"])["assets"]
    found: dict[str, Any] = client.get(f"/api/assets/{asset}").json()
    return found


def told(**texts: str) -> bytes:
    """Return a picture with metadata."""
    tags, out = PngInfo(), io.BytesIO()
    for name, text in texts.items():
        tags.add_itxt(name, text)
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=tags)
    return out.getvalue()


def names(answer: Any) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(answer.content)).namelist()


def left_over(house: House) -> list[Path]:
    return [path for path in house.studio.data.uploads.rglob("*") if path.is_file()]


def test_assets_are_found_by_text_tags_and_favorites(as_ann: TestClient, as_bob: TestClient) -> None:
    asset = made(as_ann)
    bring(as_ann, "Löwe.png", source="client's archive")
    assert asset["model"] == "plain"
    changed = as_ann.patch(f"/api/assets/{asset['id']}", json={"favorite": True, "tags": ["Opening"]}).json()
    assert (changed["favorite"], changed["tags"]) == (True, ["opening"])
    for query in (
        {"q": "zebra kit"},
        {"tag": "opening"},
        {"favorite": 1},
        {"model": "plain"},
        {"since": 1, "q": '"a zebra"'},
    ):
        assert [found["id"] for found in as_ann.get("/api/assets", params=query).json()["assets"]] == [asset["id"]], (
            query
        )
        assert as_bob.get("/api/assets", params=query).json()["assets"] == []
    [lion] = as_ann.get("/api/assets", params={"q": "lowe archive"}).json()["assets"]
    assert lion["source"] == "client's archive"
    facets = as_ann.get("/api/library/facets").json()
    assert (facets["total"], facets["favorites"], facets["tags"][0]["name"]) == (2, 1, "opening")
    assert as_bob.get("/api/library/facets").json()["total"] == 0
    assert as_ann.get("/api/library/space").json()["total"] == asset["bytes"] + lion["bytes"]
    assert as_ann.get("/api/library/sweep").json()["count"] == 0
    assert as_ann.post("/api/library/sweep").json() == {"done": [], "refused": []}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/api/assets/{id}", {"favorite": "perhaps"}),
        ("PATCH", "/api/assets/{id}", {"color": "red"}),
        ("PATCH", "/api/assets/{id}", {"tags": "x"}),
        ("PATCH", "/api/assets/{id}", {"tags": [""]}),
        ("POST", "/api/assets/many", {"ids": [], "do": "delete"}),
        ("POST", "/api/assets/many", {"ids": ["x"] * 501, "do": "delete"}),
        ("POST", "/api/assets/many", {"ids": ["x"], "do": "burn"}),
        ("POST", "/api/assets/many", {"ids": ["x"], "do": "tag"}),
        ("POST", "/api/assets/zip", {"ids": []}),
        ("POST", "/api/assets/zip", {"ids": "x"}),
    ],
)
def test_invalid_bodies_are_refused(as_owner: TestClient, method: str, path: str, body: dict[str, Any]) -> None:
    answer = as_owner.request(method, path.format(id=bring(as_owner)["id"]), json=body)
    assert answer.status_code == 422
    assert set(answer.json()) == {"code", "field", "what", "why", "next"}


def test_a_clean_copy_has_no_metadata(house: House, as_ann: TestClient) -> None:
    asset = made(as_ann)
    path = f"/api/assets/{asset['id']}/file"
    assert SECRET.encode() in as_ann.get(path, params={"download": 1}).content
    clean = as_ann.get(path, params={"download": 1, "clean": 1})
    assert clean.headers["content-disposition"].startswith('attachment; filename="C41 Studio_001_16x16.png"')
    assert SECRET.encode() not in clean.content
    with Image.open(io.BytesIO(clean.content)) as one, Image.open(io.BytesIO(as_ann.get(path).content)) as other:
        assert one.tobytes() == other.tobytes()
    assert left_over(house) == []


def test_clean_copies_of_avif_are_jpeg_or_png(house: House, as_ann: TestClient) -> None:
    ids = []
    for mode, suffix, mime in (("RGB", "jpg", "image/jpeg"), ("RGBA", "png", "image/png")):
        content = io.BytesIO()
        Image.new(mode, (40, 24), (200, 20, 30, 90)[: len(mode)]).save(content, "AVIF", xmp=SECRET.encode())
        assert SECRET.encode() in content.getvalue()
        ids.append(bring(as_ann, f"{SECRET}.avif", content.getvalue())["id"])
        clean = as_ann.get(f"/api/assets/{ids[-1]}/file", params={"download": 1, "clean": 1})
        assert clean.headers["content-type"] == mime
        assert f'_40x24.{suffix}"' in clean.headers["content-disposition"]
        assert SECRET.encode() not in clean.content
        with Image.open(io.BytesIO(clean.content)) as image:
            assert (image.size, image.mode, image.get_format_mimetype()) == ((40, 24), mode, mime)
    zipped = as_ann.post("/api/assets/zip", json={"ids": ids, "clean": True})
    assert [name.rpartition(".")[2] for name in names(zipped)] == ["png", "jpg"]
    assert left_over(house) == []


def test_many_assets_become_one_zip(house: House, as_ann: TestClient, as_bob: TestClient) -> None:
    asset, twin = made(as_ann), made(as_ann)
    tif = io.BytesIO()
    Image.new("RGB", (8, 8)).save(tif, "TIFF")
    odd = bring(as_ann, "a/b: *?.tif", tif.getvalue())
    ids = [asset["id"], twin["id"], odd["id"]]
    with house.studio.database.session() as session:
        session.execute(update(Asset).values(created_at=Asset.created_at - 30 * YEAR))
    whole = as_ann.post("/api/assets/zip", json={"ids": [*ids, asset["id"]]})
    assert names(whole) == ["b.tif", f"{SECRET}.png", f"{SECRET} 2.png"]
    backwards = as_ann.post("/api/assets/zip", json={"ids": ids[::-1]})
    assert names(backwards) == names(whole)
    newest = zipfile.ZipFile(io.BytesIO(whole.content)).read(f"{SECRET}.png")
    assert newest == as_ann.get(f"/api/assets/{twin['id']}/file").content  # the newest has no number
    assert zipfile.ZipFile(io.BytesIO(whole.content)).testzip() is None
    clean = as_ann.post("/api/assets/zip", data={"ids": ",".join(ids), "clean": "true"})
    assert SECRET in whole.text
    files = zipfile.ZipFile(io.BytesIO(clean.content))
    assert files.namelist() == ["C41 Studio_002_16x16.png", "C41 Studio_001_16x16.png", "Not in this ZIP.txt"]
    assert SECRET.encode() not in clean.content
    assert b"TIF" in files.read("Not in this ZIP.txt")
    assert all(info.date_time[0] > 2000 for info in files.infolist())  # not when they were made
    assert left_over(house) == []
    assert as_bob.post("/api/assets/zip", json={"ids": ids}).status_code == 404


def test_whether_a_zip_can_be_made_is_known_before(as_ann: TestClient, as_bob: TestClient) -> None:
    ids = [made(as_ann)["id"]]
    possible = as_ann.post("/api/assets/zip", json={"ids": ids, "clean": True, "check": True})
    assert (possible.status_code, possible.content) == (204, b"")
    assert as_bob.post("/api/assets/zip", json={"ids": ids, "check": True}).json()["code"] == "not_found"


def test_a_zip_for_a_client_is_named_after_its_project(
    house: House, ann: Person, as_ann: TestClient, tmp_path: Path
) -> None:
    project = as_ann.post("/api/projects", json={"name": "Café 港 / spot", "shared": True}).json()["id"]
    photo = io.BytesIO()
    Image.new("RGB", (32, 16)).save(photo, "PNG")
    first = bring(as_ann, "a red boat.png", photo.getvalue())
    second = bring(as_ann, "a blue boat.png", photo.getvalue())
    for one in (first, second):
        as_ann.patch(f"/api/assets/{one['id']}", json={"project_id": project}).raise_for_status()
    (tmp_path / "check.txt").write_text("All 2 words match the text.")
    check = {
        "file": "check.txt",
        "kind": "document",
        "title": "check",
        "mime": "text/plain",
        "content_sha256": "0" * 64,
    }
    report = NewAsset.model_validate(check | {"provenance": {"check": {"words": 2}}})
    found = house.studio.library.take_upload(ann.who, tmp_path / "check.txt", new=report, project_id=project).id
    clean = as_ann.post("/api/assets/zip", json={"ids": [second["id"], found, first["id"]], "clean": True})
    assert names(clean) == ["Cafe spot_002_32x16.png", "Cafe spot_001_32x16.png"]
    assert clean.headers["content-disposition"] == 'attachment; filename="Cafe spot.zip"'
    one = as_ann.get(f"/api/assets/{second['id']}/file", params={"download": 1, "clean": 1})
    assert one.headers["content-disposition"] == 'attachment; filename="Cafe spot_002_32x16.png"'
    refused = as_ann.get(f"/api/assets/{found}/file", params={"clean": 1})
    assert (refused.status_code, refused.json()["code"]) == (422, "not_for_clients")


def test_the_settings_of_a_picture_are_read(house: House, as_ann: TestClient) -> None:
    parameters = f"{SECRET}\nNegative prompt: blurry\nSteps: 5, Seed: 7, Size: 516x64, Sampler: Euler a, Model: Plain"
    answer = as_ann.post("/api/read", files={"file": ("a.png", told(parameters=parameters))}).json()
    assert answer["kind"] == "a1111"
    assert answer["request"] == {
        "task": "create_image",
        "prompt": SECRET,
        "negative_prompt": "blurry",
        "steps": 5,
        "seed": 7,
        "width": 512,
        "height": 64,
        "model": "plain",
    }
    assert any("516 × 64" in words for words in answer["unknown"])
    assert any("Euler a" in words for words in answer["unknown"])
    assert as_ann.post("/api/estimate", json=answer["request"]).status_code == 200

    asset = made(as_ann)
    ours = as_ann.post("/api/read", content=as_ann.get(f"/api/assets/{asset['id']}/file").content).json()
    assert (ours["kind"], ours["request"]["prompt"], ours["request"]["seed"], ours["unknown"]) == ("c41", SECRET, 3, [])
    assert len(as_ann.get("/api/assets").json()["assets"]) == 1
    assert left_over(house) == []


@pytest.mark.parametrize(
    "content",
    [
        png(),
        b"no picture",
        told(parameters="Steps"),
        told(c41='{"request": {"task": "burn"}}'),
        told(c41='{"request": {"task": "create_image", "prompt": ""}}'),
    ],
)
def test_a_picture_without_settings_is_refused_with_a_reason(as_owner: TestClient, content: bytes) -> None:
    answer = as_owner.post("/api/read", content=content)
    assert (answer.status_code, answer.json()["code"]) == (422, "nothing_said")


def test_values_out_of_range_are_listed_and_not_used(as_owner: TestClient) -> None:
    text = "a\nSteps: 9000, CFG scale: 1e9, Seed: -1, Size: 99999x64"
    answer = as_owner.post("/api/read", content=told(parameters=text)).json()
    assert answer["request"] == {"task": "create_image", "prompt": "a"}
    assert len(answer["unknown"]) == 4


def test_parents_and_children_are_returned(as_ann: TestClient, as_bob: TestClient) -> None:
    source = bring(as_ann)
    job = as_ann.post("/api/jobs", json={"task": "upscale_image", "image": source["id"]}).json()
    [child] = ended(as_ann, job["id"])["assets"]
    family = as_ann.get(f"/api/assets/{source['id']}/family").json()
    assert ([asset["id"] for asset in family["children"]], family["parents"], family["missing"]) == ([child], [], 0)
    assert as_ann.get(f"/api/assets/{child}/family").json()["parents"][0]["id"] == source["id"]
    assert as_bob.get(f"/api/assets/{child}/family").status_code == 404
