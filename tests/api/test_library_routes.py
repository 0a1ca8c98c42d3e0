"""The library over REST: found by words, marked, taken away clean and by the hundred, never somebody else's."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from library.views import NewAsset
from tests.api.conftest import House, Person, ended, png

SECRET = "a zebra in the kitchen"


def bring(client: TestClient, name: str = "lion.png", content: bytes | None = None, **more: Any) -> dict[str, Any]:
    answer = client.post("/api/assets", params={"name": name, **more}, content=content or png())
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def made(client: TestClient, **more: Any) -> dict[str, Any]:
    """A picture that was made here."""
    request = {"task": "create_image", "prompt": SECRET, "seed": 3}
    job = client.post("/api/jobs", json={"request": request, **more}).json()
    [asset] = ended(client, job["id"])["assets"]
    found: dict[str, Any] = client.get(f"/api/assets/{asset}").json()
    return found


def told(**texts: str) -> bytes:
    """A picture that says something."""
    tags, out = PngInfo(), io.BytesIO()
    for name, text in texts.items():
        tags.add_itxt(name, text)
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=tags)
    return out.getvalue()


def names(answer: Any) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(answer.content)).namelist()


def left_over(house: House) -> list[Path]:
    return [path for path in house.studio.data.uploads.rglob("*") if path.is_file()]


def test_found_by_words_and_marks(as_ann: TestClient, as_bob: TestClient) -> None:
    asset = made(as_ann)
    bring(as_ann, "Löwe.png", source="client's archive")
    assert asset["model"] == "plain"
    changed = as_ann.patch(f"/api/assets/{asset['id']}", json={"favourite": True, "tags": ["Opening"]}).json()
    assert (changed["favourite"], changed["tags"]) == (True, ["opening"])
    for query in (
        {"q": "zebra kit"},
        {"tag": "opening"},
        {"favourite": 1},
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
    assert (facets["total"], facets["favourites"], facets["tags"][0]["name"]) == (2, 1, "opening")
    assert as_bob.get("/api/library/facets").json()["total"] == 0
    assert as_ann.get("/api/library/space").json()["total"] == asset["bytes"] + lion["bytes"]
    assert as_ann.get("/api/library/sweep").json()["count"] == 0
    assert as_ann.post("/api/library/sweep").json() == {"done": [], "refused": []}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/api/assets/{id}", {"favourite": "perhaps"}),
        ("PATCH", "/api/assets/{id}", {"colour": "red"}),
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
def test_what_makes_no_sense_is_refused(as_ann: TestClient, method: str, path: str, body: dict[str, Any]) -> None:
    answer = as_ann.request(method, path.format(id=bring(as_ann)["id"]), json=body)
    assert answer.status_code == 422
    assert set(answer.json()) == {"code", "what", "why", "next"}


def test_a_clean_copy_says_nothing(house: House, as_ann: TestClient) -> None:
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
    assert [name.rpartition(".")[2] for name in names(zipped)] == ["jpg", "png"]
    assert left_over(house) == []


def test_many_as_one_zip(house: House, as_ann: TestClient, as_bob: TestClient) -> None:
    asset, twin = made(as_ann), made(as_ann)
    tif = io.BytesIO()
    Image.new("RGB", (8, 8)).save(tif, "TIFF")
    odd = bring(as_ann, "a/b: *?.tif", tif.getvalue())
    ids = [asset["id"], twin["id"], odd["id"]]
    whole = as_ann.post("/api/assets/zip", json={"ids": [*ids, asset["id"]]})
    assert names(whole) == [f"{SECRET}.png", f"{SECRET} 2.png", "b.tif"]
    newest_first = as_ann.post("/api/assets/zip", json={"ids": ids[::-1]})
    assert names(newest_first) == names(whole)  # the older one keeps its name
    assert zipfile.ZipFile(io.BytesIO(whole.content)).testzip() is None
    clean = as_ann.post("/api/assets/zip", data={"ids": ",".join(ids), "clean": "true"})
    assert SECRET in whole.text
    files = zipfile.ZipFile(io.BytesIO(clean.content))
    assert files.namelist() == ["C41 Studio_001_16x16.png", "C41 Studio_002_16x16.png", "Not in this ZIP.txt"]
    assert SECRET.encode() not in clean.content
    assert b"TIF" in files.read("Not in this ZIP.txt")
    assert left_over(house) == []
    assert as_bob.post("/api/assets/zip", json={"ids": ids}).status_code == 404


def test_a_zip_for_a_client_is_named_after_its_project_in_any_script(
    house: House, ann: Person, as_ann: TestClient, tmp_path: Path
) -> None:
    project = as_ann.post("/api/projects", json={"name": "Café 港 / spot", "shared": True}).json()["id"]
    photo = io.BytesIO()
    Image.new("RGB", (32, 16)).save(photo, "PNG")
    first = bring(as_ann, "a red boat.png", photo.getvalue())
    second = bring(as_ann, "a blue boat.png", photo.getvalue())
    for one in (first, second):
        as_ann.patch(f"/api/assets/{one['id']}", json={"project_id": project}).raise_for_status()
    (tmp_path / "check.txt").write_text("All 2 words were heard as written.")
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
    assert names(clean) == ["Café 港 spot_001_32x16.png", "Café 港 spot_002_32x16.png"]
    expected = "attachment; filename=\"Cafe _ spot.zip\"; filename*=UTF-8''Caf%C3%A9%20%E6%B8%AF%20spot.zip"
    assert clean.headers["content-disposition"] == expected
    one = as_ann.get(f"/api/assets/{second['id']}/file", params={"download": 1, "clean": 1})
    assert one.headers["content-disposition"].endswith("Caf%C3%A9%20%E6%B8%AF%20spot_002_32x16.png")
    refused = as_ann.get(f"/api/assets/{found}/file", params={"clean": 1})
    assert (refused.status_code, refused.json()["code"]) == (422, "not_for_clients")


def test_how_a_picture_was_made(house: House, as_ann: TestClient) -> None:
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
    assert any("516 x 64" in words for words in answer["unknown"])
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
def test_a_picture_that_says_nothing_is_refused_in_words(as_ann: TestClient, content: bytes) -> None:
    answer = as_ann.post("/api/read", content=content)
    assert (answer.status_code, answer.json()["code"]) == (422, "nothing_said")


def test_out_of_range_is_said_not_taken(as_ann: TestClient) -> None:
    text = "a\nSteps: 9000, CFG scale: 1e9, Seed: -1, Size: 99999x64"
    answer = as_ann.post("/api/read", content=told(parameters=text)).json()
    assert answer["request"] == {"task": "create_image", "prompt": "a"}
    assert len(answer["unknown"]) == 4


def test_a_family_over_rest(as_ann: TestClient, as_bob: TestClient) -> None:
    source = bring(as_ann)
    job = as_ann.post("/api/jobs", json={"task": "upscale_image", "image": source["id"]}).json()
    [child] = ended(as_ann, job["id"])["assets"]
    family = as_ann.get(f"/api/assets/{source['id']}/family").json()
    assert ([asset["id"] for asset in family["children"]], family["parents"], family["missing"]) == ([child], [], 0)
    assert as_ann.get(f"/api/assets/{child}/family").json()["parents"][0]["id"] == source["id"]
    assert as_bob.get(f"/api/assets/{child}/family").status_code == 404
