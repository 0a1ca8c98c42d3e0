"""Short jobs run between the steps of a long one, which always gets on."""

import time
from dataclasses import replace

import pytest

from auth.accounts.principal import Principal
from engines import protocol
from engines.requests import UpscaleImage
from jobs.queue import yielding
from jobs.queue.live_job import Expected, LiveJob, Pace, Ticket
from jobs.queue.yielding import SHORT_SECONDS, begins_working, waits, works_until, yields_in
from tests.jobs.queue_fixtures import FakeHost, Scene, until

NOW = 1000.0


def long_job(**more: object) -> LiveJob:
    ticket = Ticket(
        id="a" * 32, user_id="u", owner="mum", lane="cpu", task="upscale_image", model="toy-a", created_at=0.0
    )
    pace = Pace(step=2, total=10, noun="tile", at=NOW, began=NOW - 20, first_step=0)
    job = LiveJob(
        ticket=ticket, state="running", started_at=NOW - 20, expected=Expected(0, 100, 90, 110, True), pace=pace
    )
    return replace(job, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ({}, 0.0),
        ({"works_until": NOW + 20}, 20.0),
        ({"works_until": NOW - 1}, 0.0),
        ({"pause": True}, None),
        ({"cancel": True}, None),
        ({"state": "loading"}, None),
        ({"pace": None}, None),
        ({"expected": Expected(0, 20, 20, 20, True), "pace": None}, None),
    ],
)
def test_a_job_yields_if_it_has_long_to_go_and_has_worked_since(more: dict[str, object], seconds: float | None) -> None:
    assert yields_in(long_job(**more), NOW) == seconds


def test_a_job_works_three_times_as_long_as_it_paused() -> None:
    assert works_until(NOW - 10, NOW) == NOW + 30
    assert NOW + 1 < works_until(NOW - 0.1, NOW) < NOW + 5


def test_loading_the_model_again_is_no_work() -> None:
    loaded = long_job(works_until=NOW + 9)
    changes = begins_working(replace(loaded, pace=replace(loaded.pace, began=NOW - 30)), NOW)
    assert yields_in(replace(loaded, **changes), NOW) == 39.0
    assert begins_working(long_job(), NOW) == {}


def test_a_job_that_is_nearly_done_does_not_yield() -> None:
    nearly = Pace(step=9, total=10, noun="tile", at=NOW, began=NOW - 90, first_step=0)
    assert yields_in(long_job(pace=nearly), NOW) is None


def test_a_task_that_cannot_continue_does_not_yield() -> None:
    job = long_job()
    assert yields_in(replace(job, ticket=replace(job.ticket, task="create_image")), NOW) is None


def test_short_jobs_beyond_ten_seconds_wait_for_the_next_pause() -> None:
    assert waits([4.0, 4.0, 4.0, 4.0], 2.0) == [6.0, 10.0, 14.0, 18.0 + 3 * SHORT_SECONDS]


class Tiler(FakeHost):
    """A host whose jobs yield when they are asked to."""

    def request_yield(self, job: str) -> None:
        envelope = self.under_way
        if envelope and envelope.job == job:
            self.under_way = None
            self.say(protocol.Yielded(job=job, attempt=envelope.attempt))


@pytest.fixture
def tiled(scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A queue whose cpu lane runs jobs that yield; this computer has learned that toy-b takes a second, toy-a more."""
    monkeypatch.setattr(FakeHost, "request_yield", Tiler.request_yield)
    scene.jobs.start()
    for model, seconds in (("toy-a", 100.0), ("toy-b", 1.0)):
        job = scene.upscale(mum, model)
        scene.cpu.finish(scene.cpu.next(), run=seconds)
        scene.until(mum, job, "done")
    return scene


def test_a_short_job_runs_between_the_steps_of_a_long_one(tiled: Scene, mum: Principal, dad: Principal) -> None:
    long = tiled.upscale(mum, "toy-a")
    first = tiled.cpu.next()
    tiled.cpu.progress(first, 1, 10, "tile")
    until(lambda: tiled.jobs.get(mum, long.id).state == "running")
    other = tiled.upscale(dad, "toy-a")
    short = tiled.upscale(dad, "toy-b")
    slipped = tiled.cpu.next()
    assert slipped.job == short.id
    seen = tiled.jobs.get(mum, long.id)
    assert (seen.state, seen.place, seen.step, seen.can_move) == ("queued", 2, 1, False)
    assert seen.words.startswith("continues after a short job · about ")
    tiled.cpu.finish(slipped)
    again = tiled.cpu.next()  # before dad's long one, although he waits longer
    loading = tiled.jobs._live.get(long.id)
    time.sleep(0.2)
    tiled.cpu.progress(again, 2, 10, "tile")
    working = until(lambda: live if (live := tiled.jobs._live.get(long.id)) and live.state == "running" else None)
    assert working.works_until >= loading.works_until + 0.2  # its model had to be loaded again
    assert (again.job, again.attempt, again.checkpoint_dir) == (long.id, 2, first.checkpoint_dir)
    tiled.cpu.finish(again, run=50.0)
    assert tiled.cpu.next().job == other.id
    done = tiled.until(mum, long, "done")
    assert done.started_at == tiled.row(long.id).started_at < (done.finished_at or 0)
    assert tiled.jobs._queue._costs.expect("upscale_image", "toy-a", 1.0).run == 100.0  # half of it teaches nothing


def test_what_is_said_about_the_wait_counts_on_the_pause(tiled: Scene, mum: Principal, dad: Principal) -> None:
    tiled.upscale(mum, "toy-a")
    tiled.cpu.progress(tiled.cpu.next(), 1, 10, "tile")
    until(lambda: tiled.jobs.since(mum, None).jobs[0].state == "running")
    picture = tiled.picture(dad).id
    short = tiled.jobs.estimate(dad, UpscaleImage(image=picture, model="toy-b"))
    long = tiled.jobs.estimate(dad, UpscaleImage(image=picture, model="toy-a"))
    assert short.wait_seconds < 15 < 80 < long.wait_seconds
    assert short.queue_words.endswith("in a pause of a longer job (mum's).")


def test_a_long_job_gets_on_in_a_stream_of_short_ones(
    tiled: Scene, mum: Principal, dad: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yielding, "LEAST_SECONDS", 0.3)
    monkeypatch.setattr(yielding, "LONG_SECONDS", 0.0)
    monkeypatch.setattr("jobs.queue.scheduler.SHORT_SECONDS", 0.1)
    long = tiled.upscale(mum, "toy-a")
    step, attempts, shorts = 0, set(), 0
    deadline = time.monotonic() + 20
    while step < 10:
        assert time.monotonic() < deadline
        waiting = [job for job in tiled.jobs.since(dad, None).jobs if job.mine and job.state == "queued"]
        if len(waiting) < 2:
            tiled.upscale(dad, "toy-b")
        envelope = tiled.cpu.next()
        if envelope.job != long.id:
            shorts += 1
            tiled.cpu.finish(envelope)
            continue
        attempts.add(envelope.attempt)
        while tiled.cpu.under_way is envelope and step < 10:
            step += 1  # finished steps are never repeated
            tiled.cpu.progress(envelope, step, 10, "tile")
            time.sleep(0.1)
    tiled.cpu.finish(envelope)
    tiled.until(mum, long, "done")
    assert shorts >= 2
    assert 2 <= len(attempts) <= 5  # it worked for a while between two pauses
