"""Thumbnails of a picture in the looks of Restyle: made while someone asks, cached, and seen by nobody else."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from settings import Settings
from tests.api.conftest import png
from tests.support.people import admit
from tests.support.studios import at_work, wired
from tests.support.waiting import until


@pytest.mark.slow
def test_thumbnails_are_made_while_one_asks_and_stay_private(tmp_path: Path, starter: Path) -> None:
    settings = Settings(data=tmp_path / "data", starter=starter, keep_free_mb=10)
    with wired(settings) as studio, at_work(studio) as app:
        check_thumbnails(admit(studio, app, "ann").client, admit(studio, app, "bob").client)


def check_thumbnails(as_ann: TestClient, as_bob: TestClient) -> None:
    picture = as_ann.post("/api/assets", params={"name": "a.png"}, content=png()).json()["id"]
    looks = f"/api/assets/{picture}/styles"

    def answer() -> dict[str, object]:
        found: dict[str, object] = as_ann.post(looks).json()
        return found

    assert as_ann.get(f"{looks}/style-00").status_code == 404
    until(lambda: answer()["done"], seconds=120)
    assert len(answer()["ready"]) == 26  # type: ignore[arg-type]
    thumb = as_ann.get(f"{looks}/style-00")
    assert (thumb.status_code, thumb.headers["content-type"]) == (200, "image/webp")
    assert thumb.content != as_ann.get(f"{looks}/style-01").content
    assert as_bob.post(looks).status_code == 404
    assert as_bob.get(f"{looks}/style-00").status_code == 404
    for wrong in ("style-99", "style-0", "..%2F..%2Fstudio"):
        assert as_ann.get(f"{looks}/{wrong}").status_code == 404
    as_ann.delete(f"/api/assets/{picture}")
    assert as_ann.get(f"{looks}/style-00").status_code == 410


def test_only_pictures_have_looks(as_ann: TestClient) -> None:
    document = as_ann.post("/api/assets", params={"name": "a.txt"}, content=b"Some words.").json()["id"]
    assert as_ann.post(f"/api/assets/{document}/styles").status_code == 404
