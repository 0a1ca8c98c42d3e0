"""The studio shared by tests is complete."""

import pytest

from tests.support.live import Live, finished, submit
from tests.support.people import Person

BOTH = pytest.mark.parametrize("engine_kind", ["inprocess", "process"])
PICTURE = {"task": "create_image", "prompt": "a red house", "width": 64, "height": 64, "steps": 2, "seed": 1}


def test_ann_and_bob_are_signed_in_and_nobody_else(ann: Person, bob: Person, client) -> None:
    assert ann.client.get("/api/me").json()["name"] == "ann"
    assert bob.client.get("/api/me").json()["name"] == "bob"
    assert client.get("/api/me").status_code == 401


@pytest.mark.slow
@BOTH
def test_a_live_studio_generates_a_picture(twin: str, live: Live) -> None:
    live.first_account("ann")
    with live.script("ann") as ann:
        made = finished(ann, submit(ann, PICTURE | {"model": twin}))
        assert made["state"] == "done", made
        assert ann.get(f"/api/assets/{made['assets'][0]}/file").content.startswith(b"\x89PNG")
