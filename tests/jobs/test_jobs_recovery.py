"""The studio stops at any point: no finished or queued work is lost, and nothing is made twice."""

import errno
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from auth.accounts.principal import Principal
from engines import protocol
from jobs.queue.attempts import MANIFEST, Attempts
from jobs.queue.queue import Queue
from jobs.queue.tables import Job
from jobs.views import JobView
from library import adopt
from library.service import Library
from library.tables import Asset
from tests.jobs.queue_fixtures import Scene, until


def assets_of(scene: Scene, job_id: str) -> int:
    with scene.database.session() as session:
        return session.scalar(select(func.count()).select_from(Asset).where(Asset.job_id == job_id)) or 0


def test_waiting_jobs_keep_their_order(scene: Scene, mum: Principal, dad: Principal) -> None:
    jobs = [scene.draw(mum, "one"), scene.draw(mum, "two"), scene.draw(dad, "three")]
    scene.crash()
    scene.jobs.start()
    order = []
    for _ in jobs:
        envelope = scene.device.next()
        order.append(envelope.request["prompt"])
        scene.device.finish(envelope)
    assert order == ["one", "three", "two"]
    assert all(scene.until(mum if n < 2 else dad, job, "done") for n, job in enumerate(jobs))


def test_a_job_fails_when_the_studio_stops_twice_at_the_same_point(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    first = scene.device.next()
    scene.device.progress(first, 3, 4)
    scene.until(mum, job, "running")

    scene.crash()
    scene.jobs.start()
    second = scene.device.next()
    assert (second.job, second.attempt) == (job.id, 2)
    assert second.out_dir != first.out_dir
    scene.device.progress(second, 3, 4)
    scene.until(mum, job, "running")

    scene.crash()
    scene.jobs.start()
    failed = scene.until(mum, job, "failed")
    assert failed.words.startswith("The studio stopped twice at the same point of this job.")
    assert scene.device.idle()
    assert not list(scene.data.work.iterdir())
    retried = scene.jobs.retry(mum, job.id)
    scene.device.finish(scene.device.next())
    scene.until(mum, retried, "done")


def stops(scene: Scene, who: Principal, places: list[tuple[int, str]]) -> JobView:
    """The job after the studio stopped at each of these places."""
    scene.jobs.start()
    job = scene.draw(who)
    for step, noun in places:
        envelope = scene.device.next()
        scene.device.progress(envelope, step, 50, noun)
        noted = Path(envelope.out_dir) / "place"
        until(lambda path=noted, place=f"{noun} {step} of 50": path.exists() and path.read_text() == place)
        scene.crash()
        scene.jobs.start()
    return scene.jobs.get(who, job.id)


@pytest.mark.parametrize(
    "places",
    [
        [(2, "step"), (1, "step"), (3, "step"), (4, "step"), (5, "step")],
        [(5, "step"), (4, "step"), (3, "step"), (6, "step"), (4, "step"), (5, "step")],
        [(40, "step"), (2, "tile"), (41, "step"), (3, "tile"), (1, "frame")],
        [(2, "step"), (1, "tile"), (2, "step")],  # restarted from the beginning, which is behind the tile
    ],
)
def test_power_cuts_at_other_places_do_not_count_against_a_job(
    scene: Scene, mum: Principal, places: list[tuple[int, str]]
) -> None:
    job = stops(scene, mum, places)
    scene.device.finish(scene.device.next())
    scene.until(mum, job, "done")


@pytest.mark.parametrize(
    ("places", "code"),
    [
        ([(5, "step"), (3, "step"), (5, "step")], "stopped_twice"),
        ([(5, "step"), (3, "step"), (4, "step"), (3, "step")], "stopped_often"),
        ([(5, "step"), (3, "tile"), (4, "step"), (2, "tile"), (1, "step")], "stopped_often"),
    ],
)
def test_a_job_that_stops_the_studio_without_progress_fails(
    scene: Scene, mum: Principal, places: list[tuple[int, str]], code: str
) -> None:
    failed = stops(scene, mum, places)
    assert failed.error
    assert (failed.state, failed.error.code) == ("failed", code)
    assert scene.device.idle()


def test_a_full_disk_at_start_delays_recovery(scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.queue.recovery._DISK_SECONDS", 0.05)
    scene.jobs.start()
    begun = scene.draw(mum)
    scene.device.next()
    sealed = scene.draw(mum, "another house")
    scene.crash()

    def full(*args: Any, **more: Any) -> Any:
        raise OperationalError("UPDATE jobs", {}, sqlite3.OperationalError("database or disk is full"))

    with monkeypatch.context() as patch:
        patch.setattr(Queue, "requeue", full)
        scene.jobs.start()
        waiting = scene.jobs.get(mum, begun.id)
        assert waiting.words == "waiting for disk space"
        scene.device.finish(scene.device.next())  # other work continues
        scene.until(mum, sealed, "done")
    scene.device.finish(scene.device.next())
    scene.until(mum, begun, "done")


def test_a_finished_result_survives_a_busy_database(
    scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.queue.scheduler._RETRY_SECONDS", 0.05)
    scene.jobs.start()
    job = scene.draw(mum)
    tries = []

    def busy(*args: Any, **more: Any) -> Any:
        tries.append(1)
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database is locked"))

    with monkeypatch.context() as patch:
        patch.setattr(Library, "adopt", busy)
        scene.device.finish(scene.device.next())
        until(lambda: len(tries) > 2)
        assert scene.jobs.get(mum, job.id).words == "waiting for the database"
    done = scene.until(mum, job, "done")
    assert assets_of(scene, job.id) == len(done.assets) == 1


@pytest.mark.parametrize(("place", "name"), [(Attempts, "seal"), (adopt, "move"), (adopt, "sync"), (Queue, "done")])
def test_a_finished_result_survives_a_full_disk(
    scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch, place: Any, name: str
) -> None:
    monkeypatch.setattr("jobs.queue.scheduler._RETRY_SECONDS", 0.05)
    scene.jobs.start()
    job = scene.draw(mum)
    tries = []

    def full(*args: Any, **more: Any) -> Any:
        tries.append(1)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(place, name, full)
        scene.device.finish(scene.device.next())
        until(lambda: len(tries) > 2)
        assert scene.jobs.get(mum, job.id).words == "waiting for disk space"
    done = scene.until(mum, job, "done")
    assert assets_of(scene, job.id) == len(done.assets) == 1
    assert scene.library.file(mum, done.assets[0]).read_text() == "same"


@pytest.mark.parametrize("name", ["move", "sync"])
def test_a_result_that_could_not_be_saved_is_saved_at_a_later_start(
    scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def refused(*args: Any, **more: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")

    scene.jobs.start()
    job = scene.draw(mum)
    with monkeypatch.context() as patch:
        patch.setattr(adopt, name, refused)
        scene.device.finish(scene.device.next())
        for _ in range(2):
            failed = scene.until(mum, job, "failed")
            assert failed.error
            assert failed.error.code == "not_saved"
            scene.crash()
            scene.jobs.start()
    assert scene.jobs.get(mum, job.id).state == "failed"
    scene.crash()
    scene.jobs.start()
    done = scene.jobs.get(mum, job.id)
    assert (done.state, done.error, len(done.assets)) == ("done", None, 1)
    assert scene.library.file(mum, done.assets[0]).read_text() == "same"
    assert scene.device.idle()


def test_a_result_of_an_unknown_job_is_left_alone(scene: Scene, mum: Principal) -> None:
    strange = scene.data.work / f"{'a' * 32}-1"
    strange.mkdir()
    (strange / MANIFEST).write_text("[]")
    scene.jobs.start()
    assert strange.exists()


def test_a_job_being_cancelled_stays_cancelled(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    scene.device.obeys = False
    job = scene.draw(mum)
    scene.device.next()
    scene.jobs.cancel(mum, job.id)
    scene.crash()
    scene.jobs.start()
    assert scene.jobs.get(mum, job.id).state == "cancelled"
    assert scene.device.idle()


def dies(function: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    """The function, with the studio stopping right before or after it: the rest of its thread does not run."""

    def dying(*args: Any, **more: Any) -> Any:
        if after:
            function(*args, **more)
        raise SystemExit

    return dying


POINTS: dict[str, tuple[Any, str, bool, bool]] = {
    # where the studio stops: the function, whether after it, and whether the work was complete by then
    "result arrived": (Attempts, "seal", False, False),
    "sealed": (Attempts, "seal", True, True),
    "saving written": (Queue, "mark", True, True),
    "before adoption": (Library, "adopt", False, True),
    "file moved": (adopt, "sync", False, True),
    "in the transaction": (Queue, "done", True, True),
    "adopted": (Library, "adopt", True, True),
    "shown": (Queue, "show_done", True, True),
    "before clearing": (Attempts, "clear", False, True),
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("point", POINTS)
def test_a_result_is_saved_exactly_once_wherever_the_studio_stops(
    scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    place, name, after, complete = POINTS[point]
    scene.jobs.start()
    job = scene.draw(mum)
    envelope = scene.device.next()
    lane = next(lane for lane in scene.jobs._lanes if lane.name == "device")
    with monkeypatch.context() as patch:
        patch.setattr(place, name, dies(getattr(place, name), after=after))
        scene.device.finish(envelope)
        lane._thread.join(5)
        assert not lane._thread.is_alive()
    scene.crash()
    scene.jobs.start()
    if not complete:
        again = scene.device.next()
        assert again.attempt == 2
        scene.device.finish(again)
    done = scene.until(mum, job, "done")
    assert len(done.assets) == assets_of(scene, job.id) == 1
    assert scene.library.file(mum, done.assets[0]).read_text() == "same"
    assert len(list(scene.data.user(mum.user_id).iterdir())) == 1
    assert until(lambda: not list(scene.data.work.iterdir()))
    assert scene.device.idle()
    scene.crash()
    scene.jobs.start()
    assert scene.jobs.get(mum, job.id).assets == done.assets
    assert scene.device.idle()


@pytest.mark.parametrize("manifest", [b"", b'[{"file"', b"[]x", b'[{"file": "gone.png"}]', b"\xff\xfe"])
def test_a_broken_manifest_is_ignored(scene: Scene, mum: Principal, manifest: bytes) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    envelope = scene.device.next()
    (scene.data.job(job.id, envelope.attempt) / MANIFEST).write_bytes(manifest)
    scene.crash()
    scene.jobs.start()
    assert scene.device.next().attempt == 2
    assert assets_of(scene, job.id) == 0


def test_a_manifest_without_its_files_is_ignored(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    envelope = scene.device.next()
    live = scene.jobs._live.get(job.id)
    assert live
    result = scene.device.write(envelope)
    scene.jobs._attempts.seal(live, result.files)
    (scene.data.job(job.id, 1) / result.files[0].file).unlink()
    scene.crash()
    scene.jobs.start()
    assert scene.device.next().attempt == 2


def test_a_result_of_an_outdated_attempt_is_not_saved(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    envelope = scene.device.next()
    with scene.database.session() as session:  # as if another start had restarted it meanwhile
        session.execute(update(Job).where(Job.id == job.id).values(attempt=2))
    scene.device.finish(envelope)
    other = scene.draw(mum)
    scene.device.finish(scene.device.next())
    scene.until(mum, other, "done")  # earlier events have been processed
    assert assets_of(scene, job.id) == 0
    assert scene.row(job.id).state != "done"


def test_folders_without_a_job_are_removed_from_the_work_folder(scene: Scene, mum: Principal) -> None:
    job = scene.draw(mum)
    for name in (f"{'a' * 32}-1", f"{'a' * 32}-checkpoint", f"{job.id}-1", f"{job.id}-checkpoint", "somebody-elses"):
        (scene.data.work / name).mkdir()
    scene.jobs.start()
    scene.device.next()
    left = {path.name for path in scene.data.work.iterdir()}
    assert left == {f"{job.id}-1", f"{job.id}-checkpoint", "somebody-elses"}


def test_jobs_finished_within_the_hour_are_still_shown(scene: Scene, mum: Principal, dad: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    scene.device.finish(scene.device.next())
    done = scene.until(mum, job, "done")
    cursor = scene.jobs.since(mum, None).cursor
    scene.crash()
    scene.jobs.start()
    follow = scene.jobs.since(mum, cursor)
    assert follow.whole
    assert [(view.id, view.state, view.assets) for view in follow.jobs] == [(job.id, "done", done.assets)]
    assert scene.jobs.since(dad, None).jobs == ()


# -- orderly stop


def test_ctrl_c_puts_running_jobs_back_without_counting_it_against_them(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    envelope = scene.device.next()
    scene.device.progress(envelope, 1, 4)
    scene.until(mum, job, "running")
    began = time.monotonic()
    scene.jobs.stop()
    assert time.monotonic() - began < 3
    assert scene.device.cancelled == [job.id]
    assert scene.device.stopped
    row = scene.row(job.id)
    assert (row.state, row.restarts, row.cancel) == ("queued", 0, False)
    scene.crash()
    scene.jobs.start()
    assert scene.device.next().attempt == 2


def test_a_queue_that_never_started_can_be_stopped(scene: Scene, mum: Principal) -> None:
    job = scene.draw(mum)
    scene.jobs.stop()
    assert not scene.device.stopped
    assert scene.row(job.id).state == "queued"


def test_an_unresponsive_host_does_not_delay_the_stop(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    scene.device.obeys = False
    job = scene.draw(mum)
    scene.device.next()
    began = time.monotonic()
    scene.jobs.stop()
    assert time.monotonic() - began < 3
    assert scene.row(job.id).state == "queued"


def test_a_job_finished_at_the_last_moment_is_saved(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    envelope = scene.device.next()
    scene.device.cancel = lambda job: scene.device.finish(envelope)  # type: ignore[method-assign]
    scene.jobs.stop()
    assert scene.row(job.id).state == "done"
    assert assets_of(scene, job.id) == 1


def test_a_job_that_yielded_continues_from_its_checkpoint(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    first = scene.device.next()
    checkpoint = scene.data.work / f"{job.id}-checkpoint" / "state"
    checkpoint.write_text("half")
    scene.device.say(protocol.Yielded(job=job.id, attempt=1))
    second = scene.device.next()
    assert (second.attempt, second.checkpoint_dir) == (2, first.checkpoint_dir)
    assert checkpoint.read_text() == "half"
    assert scene.row(job.id).resume == "checkpoint"
    scene.device.finish(second)
    scene.until(mum, job, "done")
    assert until(lambda: not checkpoint.exists())


def test_one_broken_job_does_not_end_its_lane(scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.jobs.start()

    def broken(envelope: protocol.Envelope) -> None:
        raise RuntimeError("no")

    with monkeypatch.context() as patch:
        patch.setattr(scene.device, "run", broken)
        failed = scene.until(mum, scene.draw(mum), "failed")
    assert failed.error
    assert failed.error.code == "internal"
    job = scene.draw(mum)
    scene.device.finish(scene.device.next())
    scene.until(mum, job, "done")
