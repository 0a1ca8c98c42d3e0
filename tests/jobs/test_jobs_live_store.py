"""Following the queue: only changes, only what the person may see, in plain words."""

import threading
import time

import pytest
from sqlalchemy import event

from auth.accounts.principal import Principal
from engines import protocol
from engines.requests import CreateImage, UpscaleImage
from jobs.queue import live_store
from jobs.views import Follow, JobView
from tests.jobs.queue_fixtures import Scene, until

HIDDEN = ("title", "model", "project_id", "request", "client_ref", "text", "error")


def one(follow: Follow) -> JobView:
    assert len(follow.jobs) == 1
    return follow.jobs[0]


def test_only_changes_are_sent(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    envelope = scene.device.next()
    first = scene.jobs.since(mum, None)
    assert first.whole
    assert one(first).id == job.id
    nothing = scene.jobs.since(mum, first.cursor)
    assert (nothing.whole, nothing.jobs, nothing.cursor, nothing.device) == (False, (), first.cursor, None)
    scene.device.progress(envelope, 1, 4)
    change = until(lambda: f if (f := scene.jobs.since(mum, first.cursor)).jobs else None)
    assert (change.whole, one(change).step) == (False, 1)
    scene.device.device("part")
    change = until(lambda: f if (f := scene.jobs.since(mum, change.cursor)).device else None)
    assert change.device == scene.jobs.device()
    assert change.device.words == "2.0 GB of 8.0 GB in use"


@pytest.mark.parametrize("cursor", ["", "x", "0.0", "ffffffff.1", "....", "boot.99999999999999999999", "boot.٣"])
def test_an_invalid_cursor_gets_the_whole_list(scene: Scene, mum: Principal, cursor: str) -> None:
    scene.draw(mum)
    boot = scene.jobs.since(mum, None).cursor.split(".")[0]
    follow = scene.jobs.since(mum, cursor.replace("boot", boot))
    assert follow.whole
    assert len(follow.jobs) == 1


def test_other_peoples_jobs_are_shown_in_outline(scene: Scene, mum: Principal, dad: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum, "our secret film", client_ref="secret-ref")
    envelope = scene.device.next()
    scene.device.say(protocol.Loading(job=job.id, attempt=1, note="Secret Model"))
    until(lambda: "Secret" in scene.jobs.get(mum, job.id).words)
    assert one(scene.jobs.since(dad, None)).words == "starting"
    scene.device.progress(envelope, 1, 4)
    scene.device.say(protocol.Text(job=job.id, attempt=1, delta="secret words"))
    scene.device.say(protocol.Preview(job=job.id, attempt=1, jpeg=b"secret"))
    until(lambda: scene.jobs.get(mum, job.id).preview)
    seen = one(scene.jobs.since(dad, None))
    assert (seen.owner, seen.noun, seen.state, seen.mine) == ("mum", "picture", "running", False)
    assert seen.words.startswith("working, ")
    assert not any(getattr(seen, name) for name in (*HIDDEN, "preview", "assets", "step", "total", "fraction"))
    assert "secret" not in seen.model_dump_json().lower()
    assert not seen.can_cancel
    for look in (scene.jobs.get, scene.jobs.preview, scene.jobs.retry):
        with pytest.raises(Exception, match="There is no such"):
            look(dad, job.id)
    cursor = scene.jobs.since(dad, None).cursor
    scene.device.finish(envelope)
    done = until(lambda: f.jobs[0] if (f := scene.jobs.since(dad, cursor)).jobs and f.jobs[0].state == "done" else None)
    assert not any(getattr(done, name) for name in (*HIDDEN, "assets"))
    assert scene.jobs.since(dad, None).jobs == ()


def test_other_people_do_not_see_why_a_job_failed(scene: Scene, mum: Principal, dad: Principal) -> None:
    scene.jobs.start()
    scene.upscale(mum)
    before = scene.cpu.next()
    picture = scene.picture(mum)
    job = scene.jobs.submit(mum, UpscaleImage(image=picture.id))
    scene.library.delete(mum, picture.id)
    cursor = scene.jobs.since(dad, None).cursor
    scene.cpu.finish(before)
    scene.until(mum, job, "failed")
    seen = next(view for view in scene.jobs.since(dad, cursor).jobs if view.id == job.id)
    assert (seen.words, seen.error) == ("failed", None)


def test_jobs_of_a_shared_project_are_seen_in_full(scene: Scene, mum: Principal, dad: Principal) -> None:
    shared = scene.library.create_project(mum, "Our film", shared=True)
    own = scene.library.create_project(mum, "My film", shared=False)
    open_ = scene.draw(mum, "for all", project_id=shared.id, client_ref="mine")
    closed = scene.draw(mum, "for me", project_id=own.id)
    views = {view.id: view for view in scene.jobs.since(dad, None).jobs}
    assert (views[open_.id].title, views[open_.id].mine, views[open_.id].can_cancel) == ("for all", False, False)
    assert views[open_.id].client_ref is None
    assert views[closed.id].title == ""
    assert scene.jobs.get(dad, open_.id).title == "for all"
    guest = scene.person("guest", "guest")
    assert {view.title for view in scene.jobs.since(guest, None).jobs} == {""}


def test_the_queue_is_described_in_plain_words(scene: Scene, mum: Principal, dad: Principal) -> None:
    scene.jobs.start()
    scene.draw(dad)
    scene.device.next()
    first, second = scene.draw(mum, "one"), scene.draw(mum, "two")
    assert scene.jobs.get(mum, first.id).place == 2
    words = scene.jobs.get(mum, second.id).words
    assert words.startswith("3rd in line · about ")
    outline = next(view for view in scene.jobs.since(dad, None).jobs if view.id == second.id)
    assert (outline.place, outline.words) == (3, words)
    estimate = scene.jobs.estimate(mum, CreateImage(prompt="three"))
    assert estimate.queue_words == "3 jobs are ahead of you, starting with dad's."
    assert estimate.wait_seconds > 60
    mine = scene.jobs.estimate(dad, CreateImage(prompt="three"))
    assert mine.queue_words == "2 jobs are ahead of you, starting with yours."  # people take turns


def test_places_move_up(scene: Scene, mum: Principal, dad: Principal) -> None:
    scene.jobs.start()
    jobs = [scene.draw(who) for who in (dad, mum, mum)]
    envelope = scene.device.next()
    cursor = scene.jobs.since(mum, None).cursor
    scene.device.finish(envelope)
    scene.device.next()
    until(lambda: scene.jobs.get(mum, jobs[2].id).place == 2)
    moved = {view.id: view.place for view in scene.jobs.since(mum, cursor).jobs}
    assert moved[jobs[2].id] == 2
    assert scene.jobs.get(mum, jobs[2].id).words.startswith("2nd in line · about ")


def test_remaining_times_count_down(scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    scene.device.next()
    waiting = scene.draw(mum)
    cursor = scene.jobs.since(mum, None).cursor
    before = scene.jobs.get(mum, waiting.id).seconds_left
    now = time.time()
    monkeypatch.setattr("jobs.queue.live_store.time.time", lambda: now + 100)
    follow = scene.jobs.since(mum, cursor)
    assert {view.id for view in follow.jobs} == {job.id, waiting.id}
    after = scene.jobs.get(mum, waiting.id).seconds_left
    assert before
    assert after
    assert before - after == pytest.approx(100, abs=5)
    assert scene.jobs.since(mum, follow.cursor).jobs == ()


def test_finished_jobs_leave_memory_by_age_and_number(
    scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_store, "KEEP_JOBS", 2)
    jobs = [scene.draw(mum, f"house {n}") for n in range(3)]
    cursor = scene.jobs.since(mum, None).cursor
    for job in jobs:
        scene.jobs.cancel(mum, job.id)
    follow = scene.jobs.since(mum, cursor)
    assert follow.whole  # a job was dropped since: only the whole list is correct
    assert {view.title for view in follow.jobs} == {"house 1", "house 2"}
    assert scene.jobs.get(mum, jobs[0].id).words == "canceled"  # still in the database
    now = time.time()
    monkeypatch.setattr("jobs.queue.live_store.time.time", lambda: now + 2 * live_store.KEEP_SECONDS)
    assert scene.jobs.since(mum, follow.cursor).jobs == ()
    assert len(scene.jobs.page(mum)) == 3


def test_polling_does_not_query_the_database(scene: Scene, mum: Principal, dad: Principal) -> None:
    for _ in range(50):
        scene.draw(mum)
    for who in (mum, dad):
        scene.jobs.since(who, None)
    statements: list[str] = []
    event.listen(
        scene.database.engine, "before_cursor_execute", lambda conn, cursor, text, *rest: statements.append(text)
    )
    began = time.perf_counter()
    cursor = None
    for _ in range(400):
        cursor = scene.jobs.since(dad, cursor).cursor
    assert statements == []
    assert time.perf_counter() - began < 1


def test_no_change_is_missed_among_many(scene: Scene, mum: Principal) -> None:
    store = scene.jobs._live
    jobs = [scene.draw(mum, str(n)) for n in range(8)]
    known: dict[str, str] = {}
    stop = threading.Event()

    def follow() -> None:
        cursor = None
        while True:
            last = stop.is_set()
            answer = scene.jobs.since(mum, cursor)
            cursor = answer.cursor
            known.update({view.id: view.text for view in answer.jobs})
            if last:
                return

    def write(job_id: str) -> None:
        for n in range(200):
            store.update(job_id, text=str(n))

    follower = threading.Thread(target=follow)
    writers = [threading.Thread(target=write, args=(job.id,)) for job in jobs]
    for thread in (follower, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    follower.join()
    assert known == {job.id: "199" for job in jobs}
