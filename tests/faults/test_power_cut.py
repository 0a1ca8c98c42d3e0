"""kill -9 at any moment: no finished work and no waiting job is lost, and nothing is made twice."""

import hashlib
import os
import signal
from collections.abc import Callable

import httpx
import pytest

from tests.support.live import Live, finished, job, submit
from tests.support.waiting import until

pytestmark = pytest.mark.slow

BOTH = pytest.mark.parametrize("engine_kind", ["inprocess", "process"])
ITS_OWN = pytest.mark.parametrize("engine_kind", ["process"])
"""Voices always run in their own process."""
PICTURE = {"task": "create_image", "prompt": "a red house", "width": 64, "height": 64, "steps": 2}
LONG_PICTURE = PICTURE | {"width": 256, "height": 256, "steps": 20}
# Most moments are tested with a voice-over: its engine starts within a second.
SPEECH = {"task": "speak", "text": "The harbour is quiet at dawn.", "subtitles": False}
LONG_SPEECH = SPEECH | {"text": "The harbour is quiet at dawn. " * 40}


Arrived = Callable[[Live, httpx.Client, str], bool]


def at_once(live: Live, ann: httpx.Client, id: str) -> bool:
    """Right after the job is queued."""
    return True


def in_state(state: str) -> Arrived:
    return lambda live, ann, id: job(ann, id)["state"] == state


def in_work(live: Live, id: str, name: str) -> bool:
    return any((live.data / "work").glob(f"{id}-*/{name}"))


# The last moments are short: a test that misses one kills the studio a little later.


def written(live: Live, ann: httpx.Client, id: str) -> bool:
    """The engine has written the sound, and it is not processed yet."""
    return in_work(live, id, "*.wav") or sealed(live, ann, id)


def sealed(live: Live, ann: httpx.Client, id: str) -> bool:
    """The manifest is written; the sound has not been moved yet."""
    return in_work(live, id, "result.json") or moved(live, ann, id)


def moved(live: Live, ann: httpx.Client, id: str) -> bool:
    """The sound is in its owner's folder; the database may or may not have its row."""
    return (in_work(live, id, "result.json") and not in_work(live, id, "*.wav")) or job(ann, id)["state"] == "done"


MOMENTS: list[tuple[str, dict[str, object], Arrived]] = [
    ("loading", SPEECH, in_state("loading")),  # first: nothing is loaded yet
    ("asked", SPEECH, at_once),
    ("running", LONG_SPEECH, in_state("running")),
    ("written", SPEECH, written),
    ("sealed", SPEECH, sealed),
    ("moved", SPEECH, moved),
    ("done", SPEECH, in_state("done")),
]


def made_by(client: httpx.Client, id: str) -> list[str]:
    return [asset["id"] for asset in client.get("/api/assets", params={"job_id": id}).json()["assets"]]


def content(client: httpx.Client, asset: str) -> str:
    return hashlib.sha256(client.get(f"/api/assets/{asset}/file").content).hexdigest()


@ITS_OWN
def test_the_power_goes_at_every_moment(live: Live) -> None:
    live.first_account("ann")
    with live.script("ann") as ann:
        kept: dict[str, str] = {}
        for number, (moment, request, arrived) in enumerate(MOMENTS):
            here = submit(ann, request | {"seed": number})
            waiting = [submit(ann, SPEECH | {"seed": 100 + number + more}) for more in (0, 50)]
            until(lambda check=arrived, id=here: check(live, ann, id), 90, f"the moment “{moment}”")
            live.kill()
            live.start()
            for id in (here, *waiting):
                end = finished(ann, id)
                assert end["state"] == "done", (moment, end)
                assert made_by(ann, id) == end["assets"], moment
                assert len(end["assets"]) == 1, moment
                kept[end["assets"][0]] = content(ann, end["assets"][0])
            for asset, sha256 in kept.items():
                assert content(ann, asset) == sha256, moment
        assert len(list((live.data / "users").rglob("*.wav"))) == len(kept)
        assert not any((live.data / "work").iterdir())


@BOTH
def test_the_power_goes_on_both_lanes(twin: str, live: Live) -> None:
    live.first_account("ann")
    with live.script("ann") as ann:
        picture = submit(ann, LONG_PICTURE | {"model": twin, "seed": 1})
        speech = submit(ann, LONG_SPEECH | {"seed": 2})
        next_one = submit(ann, PICTURE | {"model": twin, "seed": 3})
        until(lambda: job(ann, picture)["state"] == "running", 90, "the picture")
        live.kill()
        live.start()
        for id in (picture, speech, next_one):
            end = finished(ann, id)
            assert (end["state"], len(end["assets"])) == ("done", 1)
            assert made_by(ann, id) == end["assets"]


@ITS_OWN
def test_finished_work_is_not_repeated(live: Live) -> None:
    live.first_account("ann")
    with live.script("ann") as ann:
        request = SPEECH | {"seed": 7}
        done = finished(ann, submit(ann, request, client_ref="scene 1"))
        live.kill()
        live.start()
        again = job(ann, done["id"])
        assert (again["state"], again["attempt"], again["assets"]) == ("done", done["attempt"], done["assets"])
        assert submit(ann, request, client_ref="scene 1") == done["id"]


@ITS_OWN
def test_an_engine_that_dies_only_fails_its_own_job(twin: str, live: Live) -> None:
    live.first_account("ann")
    with live.script("ann") as ann:
        first, second = (
            submit(ann, LONG_PICTURE | {"model": twin, "seed": 1}),
            submit(ann, PICTURE | {"model": twin, "seed": 2}),
        )
        until(lambda: job(ann, first)["state"] == "running", 90, "the first job")
        os.kill(live.engine_pid("device"), signal.SIGKILL)
        assert finished(ann, second)["state"] == "done"
        end = finished(ann, first)
        assert end["state"] == "failed"
        assert end["error"]["code"] == "engine_died"
        assert end["can_retry"]
        retried = finished(ann, ann.post(f"/api/jobs/{first}/retry").json()["id"])
        assert retried["state"] == "done"
        assert ann.get("/healthz").text.startswith("ok")
