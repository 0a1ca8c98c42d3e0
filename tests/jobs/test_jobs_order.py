"""Moving one's own waiting jobs, canceling all that wait, dismissing those that failed."""

from dataclasses import replace
from typing import Any

import pytest

from auth.accounts.principal import Principal
from engines import protocol
from errors import Problem, StudioError
from jobs.queue.live_job import LiveJob
from jobs.queue.reorder import positions
from jobs.views import JobView, Move
from tests.jobs.queue_fixtures import Scene
from tests.jobs.test_jobs_fair_order import job, order

NAMES = ("one", "two", "three", "four")


def placed(n: int, position: float, **more: Any) -> LiveJob:
    return replace(job(n, "mum", **more), position=position)


def waiting(scene: Scene, who: Principal) -> list[str]:
    """The titles of a person's waiting jobs, in their order."""
    jobs = [view for view in scene.jobs.since(who, None).jobs if view.mine and view.state == "queued"]
    return [view.title for view in sorted(jobs, key=lambda view: view.place or 0)]


def drawn(scene: Scene, who: Principal) -> list[JobView]:
    return [scene.draw(who, name) for name in NAMES]


def test_a_moved_job_is_neither_overtaken_nor_overtakes() -> None:
    jobs = [placed(0, 1.0, model="cold"), placed(1, 2.0, model="cold"), job(2, "mum", "warm")]
    assert order(jobs, last="warm") == [0, 1, 2]
    assert order([job(3, "mum", "cold"), job(4, "mum", "warm"), placed(5, 4.5, model="warm")], last="warm") == [4, 3, 5]


def test_jobs_run_in_the_order_their_owner_gives_them(scene: Scene, mum: Principal, dad: Principal) -> None:
    one, _two, three, four = drawn(scene, mum)
    theirs = scene.draw(dad, "dad's")
    scene.jobs.own.move(mum, four.id, Move(before=one.id))
    scene.jobs.own.move(mum, one.id, Move(after=three.id))
    assert waiting(scene, mum) == ["four", "two", "three", "one"]
    scene.crash()
    assert waiting(scene, mum) == []
    scene.jobs.start()
    started = []
    for _ in range(5):
        envelope = scene.device.next()
        started.append(envelope.request["prompt"])
        scene.device.finish(envelope)
    assert started == ["four", "dad's", "two", "three", "one"]  # people still take turns
    scene.until(dad, theirs, "done")


def test_jobs_of_the_same_instant_can_be_moved() -> None:
    jobs = [placed(n, 5.0) for n in range(4)]
    ids = [one.id for one in jobs]
    new = positions(jobs, ids[0], ids[1], after=True)
    moved = sorted(jobs, key=lambda one: new.get(one.id, one.position))
    assert [one.id for one in moved] == [ids[1], ids[0], ids[2], ids[3]]


def test_a_job_can_only_be_moved_among_ones_own_in_the_same_lane(scene: Scene, mum: Principal, dad: Principal) -> None:
    mine, other, theirs = scene.draw(mum), scene.draw(mum), scene.draw(dad)
    elsewhere = scene.upscale(mum)
    for who, moved, anchor, code in (
        (dad, mine, theirs, "not_found"),
        (dad, theirs, mine, "not_found"),
        (mum, mine, elsewhere, "cannot_move"),
    ):
        with pytest.raises(StudioError) as refused:
            scene.jobs.own.move(who, moved.id, Move(before=anchor.id))
        assert refused.value.problem.code == code
    scene.jobs.cancel(mum, other.id)
    with pytest.raises(StudioError, match="The order was not changed"):
        scene.jobs.own.move(mum, mine.id, Move(after=other.id))
    assert scene.row(mine.id).position is None


def test_all_waiting_jobs_can_be_canceled_at_once(scene: Scene, mum: Principal, dad: Principal) -> None:
    scene.jobs.start()
    running = scene.draw(mum)
    scene.device.next()
    jobs, theirs = drawn(scene, mum), scene.draw(dad)
    gone = scene.jobs.own.cancel_waiting(mum)
    assert {view.id for view in gone} == {view.id for view in jobs}
    assert {view.state for view in gone} == {"cancelled"}
    assert scene.jobs.get(mum, running.id).state == "loading"
    assert scene.jobs.get(dad, theirs.id).state == "queued"


def test_failures_stay_dismissed_after_a_restart(scene: Scene, mum: Principal, dad: Principal) -> None:
    scene.jobs.start()
    jobs = [scene.upscale(mum), scene.upscale(mum), scene.upscale(dad)]
    for _ in jobs:
        scene.cpu.say(_failed(scene.cpu.next()))
    for who, one in zip((mum, mum, dad), jobs, strict=True):
        scene.until(who, one, "failed")
    with pytest.raises(StudioError, match="no such"):
        scene.jobs.own.dismiss(dad, jobs[0].id)
    assert scene.jobs.own.dismiss(mum, jobs[0].id).dismissed
    assert scene.jobs.own.dismiss_failed(mum) == 1
    scene.crash()
    assert [view.dismissed for view in scene.jobs.own.ended(mum, 0)] == [True, True]
    assert [view.dismissed for view in scene.jobs.own.ended(dad, 0)] == [False]


def _failed(envelope: protocol.Envelope) -> protocol.Failed:
    problem = Problem(code="no", what="It failed.")
    return protocol.Failed(job=envelope.job, attempt=envelope.attempt, problem=problem)
