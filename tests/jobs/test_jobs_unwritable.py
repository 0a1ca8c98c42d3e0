"""Data that cannot be written or read ends or hides one job, never the queue."""

from typing import Any

import pytest
from fastapi.encoders import jsonable_encoder
from sqlalchemy import text

from auth.accounts.principal import Principal
from engines import protocol
from errors import Problem
from tests.jobs.queue_fixtures import Scene

HALF = "\ud83d"


def test_half_a_character_from_an_engine_is_replaced(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    envelope = scene.device.next()
    of_job: dict[str, Any] = {"job": job.id, "attempt": envelope.attempt}
    scene.device.say(protocol.Text(**of_job, delta=f"fer{HALF}ry"))
    scene.device.say(protocol.Facts(**of_job, facts={"left_out_files": [f"{HALF}.txt"]}))
    scene.device.say(protocol.Failed(**of_job, problem=Problem(code="x", what="It broke.", why=f"It says: {HALF}.")))
    ended = scene.until(mum, job, "failed")
    assert ended.text == "fer\ufffdry"
    assert ended.error
    assert ended.error.why == "It says: \ufffd."
    assert jsonable_encoder(scene.jobs.page(mum))
    scene.draw(mum)
    assert scene.device.next()


@pytest.mark.parametrize("state", ["done", "failed"])
def test_a_job_whose_end_cannot_be_written_fails_and_the_next_one_runs(
    scene: Scene, mum: Principal, state: str
) -> None:
    def broken(session: Any, job: Any, ended: str, error: Any) -> None:
        raise UnicodeEncodeError("utf-8", HALF, 0, 1, "surrogates not allowed")

    scene.jobs.when_ended(broken)
    scene.jobs.start()
    job, other = scene.draw(mum), scene.draw(mum)
    envelope = scene.device.next()
    if state == "done":
        scene.device.finish(envelope)
    else:
        problem = Problem(code="engine_error", what="This did not work.")
        scene.device.say(protocol.Failed(job=job.id, attempt=envelope.attempt, problem=problem))
    ended = scene.until(mum, job, "failed")
    assert ended.error
    assert ended.error.code == ("not_saved" if state == "done" else "engine_error")
    assert scene.device.next().job == other.id
    assert scene.row(job.id).state == "failed"


def test_an_event_that_cannot_be_processed_only_ends_its_job(
    scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(job: Any, event: Any) -> None:
        raise ArithmeticError

    scene.jobs.start()
    job, other = scene.draw(mum), scene.draw(mum)
    envelope = scene.device.next()
    with monkeypatch.context() as patch:
        for lane in scene.jobs._lanes:
            patch.setattr(lane, "_progress", broken)
        scene.device.progress(envelope, 1, 4)
        scene.until(mum, job, "failed")
    assert scene.device.cancelled == [job.id]
    assert scene.device.next().job == other.id


@pytest.mark.parametrize("damage", ["request = '{'", "error = '[1]'", "request = '[]'", "after = 'null'"])
def test_a_damaged_row_does_not_hide_others(scene: Scene, mum: Principal, damage: str) -> None:
    scene.jobs.start()
    jobs = [scene.draw(mum) for _ in range(3)]
    for _ in jobs:
        scene.device.finish(scene.device.next())
    for job in jobs:
        scene.until(mum, job, "done")
    with scene.database.session() as session:
        session.execute(text(f"UPDATE jobs SET {damage} WHERE id = :id"), {"id": jobs[1].id})
    scene.crash()
    scene.jobs.start()
    for listed in (scene.jobs.page(mum), scene.jobs.since(mum, None).jobs):
        assert {jobs[0].id, jobs[2].id} <= {job.id for job in listed}
        assert jsonable_encoder(listed)
    assert scene.jobs.cancel(mum, jobs[0].id).state == "done"


def test_a_job_whose_view_fails_is_shown_in_outline(
    scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(request: Any, model: Any) -> None:
        raise KeyError("cast")

    monkeypatch.setattr("jobs.visibility.lines_of_job", broken)
    job = scene.draw(mum)
    (shown,) = scene.jobs.since(mum, None).jobs
    assert (shown.id, shown.state, shown.request) == (job.id, "queued", None)
    assert scene.jobs.cancel(mum, job.id).state == "cancelled"
