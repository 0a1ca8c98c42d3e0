"""Cancelling a job in every state."""

import threading
from pathlib import Path
from typing import Any

import pytest

from auth.accounts.principal import Principal
from auth.accounts.tables import User
from engines import protocol
from errors import StudioError
from tests.jobs.queue_fixtures import Scene


def test_cancelling_a_waiting_job_ends_it_at_once(scene: Scene, mum: Principal, dad: Principal) -> None:
    job = scene.draw(dad)
    guest = scene.person("guest", "guest")
    with pytest.raises(StudioError, match="no such job"):
        scene.jobs.cancel(guest, job.id)
    stopped = scene.jobs.cancel(dad, job.id)
    assert (stopped.state, stopped.words, stopped.can_cancel) == ("cancelled", "canceled", False)
    assert scene.jobs.cancel(dad, job.id).state == "cancelled"
    assert scene.row(job.id).state == "cancelled"
    scene.jobs.start()
    assert scene.device.idle()


@pytest.mark.parametrize("progress", [False, True])
def test_cancelling_an_active_job_tells_the_host(scene: Scene, dad: Principal, progress: bool) -> None:
    scene.jobs.start()
    scene.device.obeys = False
    job = scene.draw(dad)
    envelope = scene.device.next()
    if progress:
        scene.device.progress(envelope, 1, 4)
        scene.until(dad, job, "running")
    stopping = scene.jobs.cancel(dad, job.id)
    assert (stopping.words, stopping.can_cancel) == ("canceling", False)
    assert scene.device.cancelled == [job.id]
    assert scene.row(job.id).cancel
    scene.device.say(protocol.Cancelled(job=job.id, attempt=1))
    assert scene.until(dad, job, "cancelled").words == "canceled"
    assert not list(scene.data.work.iterdir())


def test_the_owner_can_cancel_anyones_job(scene: Scene, mum: Principal, dad: Principal) -> None:
    scene.jobs.start()
    first, second = scene.draw(dad, "one"), scene.draw(dad, "two")
    scene.device.next()
    for job in (first, second):
        seen = next(view for view in scene.jobs.since(mum, None).jobs if view.id == job.id)
        assert (seen.can_cancel, seen.title) == (True, "")
        assert scene.jobs.cancel(mum, job.id).title == ""
        assert scene.until(dad, job, "cancelled")
    with pytest.raises(StudioError, match="no such job"):
        scene.jobs.cancel(mum, first.id)


def test_jobs_of_a_closed_account_end(scene: Scene, mum: Principal, dad: Principal) -> None:
    scene.jobs.start()
    running, waiting, other = scene.draw(dad, "one"), scene.draw(dad, "two"), scene.draw(mum)
    assert scene.device.next().job == running.id
    scene.jobs.end_shut_out()
    assert scene.jobs.get(dad, waiting.id).state == "queued"
    with scene.database.session() as session:
        session.get_one(User, dad.user_id).disabled = True
    scene.jobs.end_shut_out()
    for job in (running, waiting):
        assert scene.until(dad, job, "cancelled")
    assert scene.device.next().job == other.id


def test_everyone_else_only_cancels_their_own(scene: Scene, mum: Principal, dad: Principal) -> None:
    for maker, other in ((mum, dad), (dad, scene.person("sis"))):
        job = scene.draw(maker)
        seen = next(view for view in scene.jobs.since(other, None).jobs if view.id == job.id)
        assert not seen.can_cancel
        with pytest.raises(StudioError) as error:
            scene.jobs.cancel(other, job.id)
        assert error.value.status == 404
        assert not scene.row(job.id).cancel


def test_a_job_that_is_being_saved_still_finishes(
    scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    saving, go = threading.Event(), threading.Event()
    adopt = scene.library.adopt

    def slow(**more: Any) -> tuple[str, ...]:
        saving.set()
        assert go.wait(5)
        return adopt(**more)

    monkeypatch.setattr(scene.library, "adopt", slow)
    scene.jobs.start()
    job = scene.draw(mum)
    scene.device.finish(scene.device.next())
    assert saving.wait(5)
    view = scene.jobs.cancel(mum, job.id)
    assert (view.state, view.words, view.can_cancel) == ("saving", "saving", False)
    go.set()
    assert scene.until(mum, job, "done").assets


def test_a_job_cancelled_before_the_host_knows_it_still_stops(
    scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.jobs.start()
    get = scene.library.get
    job_id: list[str] = []

    def slow(*args: Any, **more: Any) -> Any:
        if job_id:
            scene.jobs.cancel(mum, job_id.pop())
        return get(*args, **more)

    monkeypatch.setattr(scene.library, "get", slow)
    blocker = scene.upscale(mum)
    envelope = scene.cpu.next()
    job = scene.upscale(mum)
    job_id.append(job.id)
    scene.cpu.finish(envelope)
    scene.until(mum, job, "cancelled")
    assert scene.jobs.get(mum, blocker.id).state == "done"


@pytest.mark.parametrize("all_at_once", [False, True])
def test_what_a_waiting_job_has_done_goes_with_it(scene: Scene, mum: Principal, all_at_once: bool) -> None:
    scene.jobs.start()
    job = scene.upscale(mum)
    envelope = scene.cpu.next()
    (Path(envelope.checkpoint_dir) / "tiles").write_bytes(b"half")
    scene.jobs.pause(mum, job.id)
    scene.cpu.say(protocol.Yielded(job=job.id, attempt=1))
    scene.until(mum, job, "paused")
    if all_at_once:
        scene.upscale(mum)
        scene.cpu.next()
        scene.jobs.resume(mum, job.id)
        scene.jobs.own.cancel_waiting(mum)
    else:
        scene.jobs.cancel(mum, job.id)
    scene.until(mum, job, "cancelled")
    assert not Path(envelope.checkpoint_dir).exists()


def test_a_job_that_yields_while_it_is_being_canceled_ends(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    scene.cpu.obeys = False
    job = scene.upscale(mum)
    envelope = scene.cpu.next()
    scene.jobs.pause(mum, job.id)
    scene.jobs.cancel(mum, job.id)
    scene.cpu.say(protocol.Yielded(job=job.id, attempt=1))
    scene.until(mum, job, "cancelled")
    assert not Path(envelope.checkpoint_dir).exists()
