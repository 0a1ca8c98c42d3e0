"""Uploading and downloading files over REST."""

import io
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from api.file_responses import file_name
from data import DataFolder
from library.views import NewAsset
from tests.api.conftest import House, Person, png


def left_over(house: House) -> list[Path]:
    """Return the content of the folder for files being uploaded."""
    return [path for path in house.studio.data.uploads.rglob("*") if path.is_file()]


def bring(client: TestClient, content: bytes, name: str = "lion.png", **more: Any) -> Any:
    return client.post("/api/assets", params={"name": name, **more}, content=content)


def test_a_picture_can_be_the_body_or_a_form_field(house: House, as_ann: TestClient, photo: Path) -> None:
    raw = bring(as_ann, photo.read_bytes(), "Löwe am Fluß.jpg")
    with photo.open("rb") as file:
        form = as_ann.post("/api/assets", data={"note": "x"}, files={"file": ("Löwe am Fluß.jpg", file)})
    for answer in (raw, form):
        assert answer.status_code == 201
        asset = answer.json()
        assert (asset["kind"], asset["mime"], asset["title"]) == ("image", "image/jpeg", "Löwe am Fluß")
        assert asset["width"] == 160
        assert asset["has_thumb"]
        assert as_ann.get(f"/api/assets/{asset['id']}/file").content == photo.read_bytes()
    assert left_over(house) == []


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Scene 4.2 - take 1", "Scene 4.2 - take 1"),
        ("Scene 4.2 - take 1.png", "Scene 4.2 - take 1"),
        ("Scene 4.2", "Scene 4.2"),
        ("Dr. No.PNG", "Dr. No"),
        ("C:\\shots\\v1.5.jpeg", "v1.5"),
        (".png", ".png"),
    ],
)
def test_only_the_suffix_is_removed_from_the_title(as_owner: TestClient, name: str, title: str) -> None:
    assert bring(as_owner, png(), name).json()["title"] == title


@pytest.mark.parametrize(
    ("disposition", "title"),
    [
        ("filename*=UTF-8''L%C3%B6we%204.2.png", "Löwe 4.2"),
        ("filename=\"Lowe.png\"; filename*=utf-8'de'L%C3%B6we.png", "Löwe"),
        ("filename*=ISO-8859-1''L%F6we.png", "Löwe"),
        ('filename="the %22lion%22 100%25.png"', 'the "lion" 100%25'),
        ("filename=\"a; filename*=UTF-8''b.png\"", "a; filename*=UTF-8''b"),
    ],
)
def test_the_file_name_in_a_form_is_decoded(as_owner: TestClient, disposition: str, title: str) -> None:
    head = f'--x\r\nContent-Disposition: form-data; name="file"; {disposition}\r\n\r\n'
    body = head.encode() + png() + b"\r\n--x--\r\n"
    answer = as_owner.post("/api/assets", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.json()["title"] == title


def test_notes_about_a_file_are_stored_with_it(as_owner: TestClient) -> None:
    deep = io.BytesIO()
    Image.new("I;16", (8, 8)).save(deep, "PNG")
    asset = bring(as_owner, deep.getvalue()).json()
    assert asset["notes"] == ["This picture has more than 8 bits per channel; the studio uses 8."]
    assert as_owner.get(f"/api/assets/{asset['id']}").json()["notes"] == asset["notes"]
    assert bring(as_owner, png()).json()["notes"] == []


def test_an_empty_file_is_refused_by_name(as_owner: TestClient) -> None:
    raw = bring(as_owner, b"", "empty.png")
    form = as_owner.post("/api/assets", files={"file": ("empty.png", b"")})
    for answer in (raw, form):
        assert answer.status_code == 422
        assert answer.json()["what"] == "“empty.png” is empty (0 bytes)."
        assert answer.json()["next"] == "Choose another file."


def test_the_kind_is_detected_from_the_content(as_owner: TestClient, short_clip: Path, speech: Path) -> None:
    clip = bring(as_owner, short_clip.read_bytes(), "actually.png").json()
    assert (clip["kind"], clip["mime"], clip["width"]) == ("clip", "video/mp4", 160)
    assert clip["frames"] > 1
    sound = bring(as_owner, speech.read_bytes(), "../../etc/passwd").json()
    assert (sound["kind"], sound["title"]) == ("sound", "passwd")
    assert sound["seconds"] > 0


def test_an_upload_goes_into_a_project(as_ann: TestClient, as_bob: TestClient) -> None:
    shared = as_ann.get("/api/projects").json()[0]["id"]
    asset = bring(as_ann, png(), project_id=shared).json()
    assert as_bob.get(f"/api/assets/{asset['id']}").json()["mine"] is False
    private = as_ann.post("/api/projects", json={"name": "Secret"}).json()["id"]
    assert bring(as_bob, png(), project_id=private).status_code == 404


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("film.mov", bytes(50 << 20))
    return out.getvalue()


def wide_png() -> bytes:
    """Return a picture of 30,001 × 30,001 px in two hundred bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 30001, 30001, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(zip_bomb(), 422, id="zip bomb"),
        pytest.param(wide_png(), 400, id="900 megapixels"),
        pytest.param(png()[:50], 400, id="half a picture"),
        pytest.param(b"", 422, id="nothing"),
        pytest.param(b"\0" * 1000, 415, id="zeros"),
    ],
)
def test_an_unsupported_file_is_refused_and_deleted(
    house: House, as_ann: TestClient, content: bytes, status: int
) -> None:
    answer = bring(as_ann, content)
    assert answer.status_code == status
    assert answer.json()["what"].endswith(".")
    assert left_over(house) == []
    assert as_ann.get("/api/assets").json()["assets"] == []


@pytest.mark.parametrize("content", [b"<svg onload='alert(1)'/>", b"<!doctype html><script>alert(1)</script>"])
def test_html_is_stored_as_plain_text_and_never_executed(as_owner: TestClient, content: bytes) -> None:
    asset = bring(as_owner, content).json()
    assert (asset["kind"], asset["mime"]) == ("document", "text/plain")
    answer = as_owner.get(f"/api/assets/{asset['id']}/file")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")


def test_a_file_that_is_too_large_is_refused_at_once_or_while_streaming(
    shared_house: House, as_owner: TestClient
) -> None:
    big = b"\0" * (3 << 20)
    told_before = as_owner.post("/api/assets?name=big.mov", content=big)
    pieces = (big[n : n + 9999] for n in range(0, len(big), 9999))
    never_told = as_owner.post("/api/assets?name=big.mov", content=pieces)
    in_a_form = as_owner.post("/api/assets", files={"file": ("big.mov", big)})
    for answer in (told_before, never_told, in_a_form):
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert left_over(shared_house) == []


def test_a_full_disk_refuses_uploads(house: House, as_ann: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DataFolder, "free_bytes", lambda self: 10)
    answer = bring(as_ann, png())
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert left_over(house) == []


def test_space_is_checked_for_copies_that_grow(
    house: House, as_ann: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, picture = io.BytesIO(), Image.new("RGB", (1000, 1000), "teal")
    picture.save(content, "AVIF")
    avif = bring(as_ann, content.getvalue(), "lion.avif").json()["id"]
    lion = bring(as_ann, png()).json()["id"]
    for free, status in ((3_000_000, 507), (5_000_000, 200)):
        monkeypatch.setattr(DataFolder, "free_bytes", lambda self, free=free: free)
        assert as_ann.get(f"/api/assets/{avif}/file?clean=1").status_code == status
        assert as_ann.get(f"/api/assets/{lion}/file?clean=1").status_code == 200, "what stays as large as it is"
        assert left_over(house) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"no form at all"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\nabc"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=other\r\n\r\nabc\r\n--x--\r\n",
        ),
        ("multipart/form-data; boundary=" + "x" * 5000, b""),
    ],
)
def test_broken_forms_are_refused(shared_house: House, as_owner: TestClient, kind: str, body: bytes) -> None:
    answer = as_owner.post("/api/assets", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_upload")
    assert left_over(shared_house) == []


@given(
    content=st.binary(max_size=300), head=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"RIFF", b"\xff\xd8\xff", b"ID3"])
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_arbitrary_bytes_are_stored_or_refused_cleanly(as_owner: TestClient, content: bytes, head: bytes) -> None:
    answer = bring(as_owner, head + content)
    assert answer.status_code in (201, 400, 415, 422)
    assert answer.status_code == 201 or answer.json()["what"]


def test_a_forged_record_in_a_picture_is_harmless(as_owner: TestClient) -> None:
    for record in (
        '{"request": {"task": NaN}}',
        '{"request": {}}',
        '{"request": {"task": "x"}, "parents": [1]}',
        '{"request": {"task": "\\ud800"}}',
        '{"request": {"task": "x"}, "n": 1' + "0" * 40 + "}",
        '{"request": {"task": "x"}, "deep": ' + "[" * 60 + "]" * 60 + "}",
        '{"request": {"task": "x"}, "deep": ' + "[" * 50_000 + "]" * 50_000 + "}",
    ):
        tags, out = PngInfo(), io.BytesIO()
        tags.add_itxt("c41", record)
        Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=tags)
        asset = bring(as_owner, out.getvalue())
        assert asset.status_code == 201
        assert as_owner.post(f"/api/assets/{asset.json()['id']}/reproduce").status_code == 422
    assert as_owner.get("/api/assets").status_code == 200


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=0-999999", 206, slice(0, None)),
        ("bytes=999999-", 416, None),
        ("bytes=5-2", 400, None),
        ("bytes=x-y", 400, None),
        ("lines=0-3", 400, None),
        ("bytes=" + ",".join(["0-0"] * 500), 200, slice(0, None)),
    ],
)
def test_range_requests_are_answered(as_owner: TestClient, asked: str, status: int, expected: slice | None) -> None:
    content = png(40, 40)
    asset = bring(as_owner, content).json()["id"]
    answer = as_owner.get(f"/api/assets/{asset}/file", headers={"Range": asked})
    assert answer.status_code == status
    if expected is not None:
        assert answer.content == content[expected]


def test_a_range_of_another_version_is_the_whole_file(as_owner: TestClient) -> None:
    content = png()
    asset = bring(as_owner, content).json()
    path, etag = f"/api/assets/{asset['id']}/file", f'"{asset["content_sha256"]}"'
    assert as_owner.get(path, headers={"Range": "bytes=0-3", "If-Range": etag}).status_code == 206
    whole = as_owner.get(path, headers={"Range": "bytes=0-3", "If-Range": '"other"'})
    assert (whole.status_code, whole.content) == (200, content)


def test_a_file_is_displayed_and_never_executed(as_ann: TestClient) -> None:
    asset = bring(as_ann, png(), "Fluß: Löwe/1.png").json()
    path = f"/api/assets/{asset['id']}/file"
    shown = as_ann.get(path)
    assert shown.headers["content-security-policy"].startswith("sandbox")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-disposition"].startswith("inline")
    assert "private" in shown.headers["cache-control"]
    assert shown.headers["etag"] == f'"{asset["content_sha256"]}"'
    again = as_ann.get(path, headers={"If-None-Match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = as_ann.head(path)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(asset["bytes"]))
    saved = as_ann.get(path, params={"download": 1})
    assert saved.headers["content-disposition"] == 'attachment; filename="1.png"'
    thumb = as_ann.get(f"/api/assets/{asset['id']}/thumb")
    assert thumb.headers["content-type"] == "image/webp"
    assert "immutable" in thumb.headers["cache-control"]
    assert "private" in thumb.headers["cache-control"]


def test_browsers_play_the_proxy_of_a_clip(house: House, ann: Person, as_ann: TestClient, tmp_path: Path) -> None:
    for name in ("a.mov", "a.proxy.mp4"):
        (tmp_path / name).write_bytes(name.encode())
    facts = {"kind": "clip", "title": "a", "mime": "video/quicktime", "content_sha256": "0" * 64}
    new = NewAsset.model_validate({**facts, "file": "a.mov", "proxy": "a.proxy.mp4"})
    clip = house.studio.library.take_upload(ann.who, tmp_path / "a.mov", new=new).id
    assert as_ann.get(f"/api/assets/{clip}").json()["has_proxy"] is True
    part = as_ann.get(f"/api/assets/{clip}/proxy", headers={"Range": "bytes=2-6"})
    assert (part.status_code, part.content, part.headers["content-type"]) == (206, b"proxy", "video/mp4")
    assert as_ann.get(f"/api/assets/{clip}/file").content == b"a.mov"
    picture = bring(as_ann, png()).json()["id"]
    assert as_ann.get(f"/api/assets/{picture}/proxy").status_code == 404


def test_download_names_survive_any_title(as_ann: TestClient) -> None:
    asset = bring(as_ann, png(), "Ünïcode – “lion”.png").json()
    saved = as_ann.get(f"/api/assets/{asset['id']}/file?download=1")
    assert saved.headers["content-disposition"] == (
        'attachment; filename="Unicode _ _lion_.png"; '
        "filename*=UTF-8''%C3%9Cn%C3%AFcode%20%E2%80%93%20%E2%80%9Clion%E2%80%9D.png"
    )


@given(st.text(max_size=300))
def test_file_names_are_safe_everywhere(title: str) -> None:
    name = file_name(title, ".png")
    assert name.endswith(".png")
    assert not set(name) & set('/\\:*?"<>|\r\n\0')
    assert 4 < len(name) <= 85
    assert len(name.encode()) <= 220
    assert not name.startswith((".", " "))


@pytest.mark.parametrize("title", [pytest.param("\U0001f98a" * 80, id="foxes"), "con", "Nul.png", "\u202egpj.exe"])
def test_odd_titles_become_valid_file_names(title: str) -> None:
    name = file_name(title, ".png")
    assert len(name.encode()) < 255
    assert name.lower().partition(".")[0] not in ("con", "nul")
    assert "\u202e" not in name


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"request": {"task": "fetch_lora", "repo": "some/one"}}, "no_provenance"),
        ({"request": {"task": "fetch_model", "entry": "plain"}}, "no_provenance"),
        ({"request": {"task": "create_image", "prompt": "a"}, "model": "not a record"}, "no_provenance"),
        ({"request": {"task": ["x"]}, "model": 5}, "no_provenance"),
    ],
)
def test_a_record_from_outside_may_hold_anything(as_owner: TestClient, record: dict[str, Any], code: str) -> None:
    tags, out = PngInfo(), io.BytesIO()
    tags.add_itxt("c41", json.dumps(record))
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=tags)
    asset = bring(as_owner, out.getvalue()).json()
    answer = as_owner.post(f"/api/assets/{asset['id']}/reproduce")
    assert (answer.status_code, answer.json().get("code")) == (422, code), answer.text


def test_assets_move_to_the_bin_and_back(as_ann: TestClient) -> None:
    asset = bring(as_ann, png()).json()["id"]
    assert as_ann.delete(f"/api/assets/{asset}").status_code == 204
    assert as_ann.get("/api/assets").json()["assets"] == []
    gone = as_ann.get(f"/api/assets/{asset}/file")
    assert (gone.status_code, gone.json()["code"]) == (410, "deleted_asset")
    assert as_ann.get(f"/api/assets/{asset}").json()["deleted_at"]
    assert as_ann.get(f"/api/assets/{asset}/thumb").status_code == 200
    binned = as_ann.get("/api/assets", params={"deleted": True}).json()["assets"]
    assert [found["id"] for found in binned] == [asset]
    assert as_ann.post(f"/api/assets/{asset}/restore").json()["deleted_at"] is None
    assert as_ann.get(f"/api/assets/{asset}/file").status_code == 200


def test_lists_are_paged(as_ann: TestClient) -> None:
    made = [bring(as_ann, png()).json()["id"] for _ in range(3)]
    first = as_ann.get("/api/assets", params={"limit": 2}).json()
    rest = as_ann.get("/api/assets", params={"limit": 2, "after": first["next"]}).json()
    assert [found["id"] for found in first["assets"] + rest["assets"]] == made[::-1]
    assert rest["next"] is None


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "kind=film", "origin=stolen", "after=x", "deleted=perhaps", "color=red"],
)
def test_invalid_filters_are_refused(as_owner: TestClient, query: str) -> None:
    answer = as_owner.get(f"/api/assets?{query}")
    assert answer.status_code == 422
    assert set(answer.json()) == {"code", "field", "what", "why", "next"}


@pytest.mark.parametrize("id", ["x", "%00", "..%2f..%2fstudio.db", "f" * 32, "a" * 5000])
@pytest.mark.parametrize("what", ["", "/file", "/thumb", "/proxy"])
def test_unknown_assets_are_not_found(as_owner: TestClient, id: str, what: str) -> None:
    assert as_owner.get(f"/api/assets/{id}{what}").status_code == 404


def test_an_interrupted_upload_leaves_nothing(house: House, ann: Person) -> None:
    import anyio

    async def upload() -> None:
        messages = [{"type": "http.request", "body": png(), "more_body": True}, {"type": "http.disconnect"}]

        async def receive() -> dict[str, Any]:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            pass

        await house.app(
            {
                "type": "http",
                "http_version": "1.1",
                "method": "POST",
                "path": "/api/assets",
                "raw_path": b"/api/assets",
                "root_path": "",
                "query_string": b"name=a.png",
                "headers": [(b"host", b"testserver"), (b"authorization", ann.headers["Authorization"].encode())],
                "scheme": "http",
                "server": ("testserver", 80),
                "client": ("127.0.0.1", 1),
            },
            receive,  # type: ignore[arg-type]
            send,
        )

    anyio.run(upload)
    assert left_over(house) == []
