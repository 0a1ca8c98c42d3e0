"""A job's path through the queue, from submission to its end."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from auth.accounts.principal import Principal
from engines import protocol
from engines.requests import CreateImage, UpscaleImage
from errors import Problem, StudioError
from jobs.queue.tables import Cost, Job
from jobs.views import State
from tests.jobs.queue_fixtures import Scene, until


def test_from_submission_to_done(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    picture = scene.picture(mum)
    job = scene.jobs.submit(mum, UpscaleImage(image=picture.id))
    assert (job.mine, job.title, job.noun, job.model) == (True, "Beach · 2×", "picture", "toy-a")

    envelope = scene.cpu.next()
    assert Path(envelope.inputs[picture.id].path).read_bytes() == b"picture"
    assert envelope.inputs[picture.id].facts.width == 1000
    scene.cpu.say(protocol.Loading(job=job.id, attempt=1, note="Toy A"))
    assert until(lambda: scene.jobs.get(mum, job.id).words == "loading Toy A")
    scene.cpu.progress(envelope, 3, 12, "tile")
    running = until(lambda: view if "tile 3 of 12, " in (view := scene.jobs.get(mum, job.id)).words else None)
    assert running.fraction == 0.25
    assert scene.row(job.id).state == "running"

    scene.cpu.finish(envelope)
    done = scene.until(mum, job, "done")
    assert done.words == "done in under 1 s"
    asset = scene.library.get(mum, done.assets[0])
    assert (asset.title, asset.badges, asset.job_id, asset.parents) == ("Beach", ("2×",), job.id, (picture.id,))
    assert until(lambda: not list(scene.data.work.iterdir()))
    assert scene.jobs.counts()["cpu"] == {"done": 1}


def test_previews_and_text_are_only_in_memory(scene: Scene, mum: Principal, dad: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    envelope = scene.device.next()
    with pytest.raises(StudioError, match="no such preview"):
        scene.jobs.preview(mum, job.id)
    for n in range(3):
        scene.device.say(protocol.Preview(job=job.id, attempt=1, jpeg=b"jpeg%d" % n))
        scene.device.say(protocol.Text(job=job.id, attempt=1, delta=f"word{n} "))
    view = until(lambda: v if (v := scene.jobs.get(mum, job.id)).text.endswith("word2 ") else None)
    assert (view.preview, view.text, view.state) == (3, "word0 word1 word2 ", "running")
    assert scene.jobs.preview(mum, job.id) == b"jpeg2"
    with pytest.raises(StudioError, match="no such preview"):
        scene.jobs.preview(dad, job.id)
    scene.device.finish(envelope)
    done = scene.until(mum, job, "done")
    assert (done.preview, done.text) == (0, view.text)


def test_a_failure_says_what_and_why(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    scene.device.next()
    problem = Problem(code="too_big", what="It is too big.", next="Make it smaller.")
    scene.device.say(protocol.Failed(job=job.id, attempt=1, problem=problem, detail="Traceback: secret"))
    failed = scene.until(mum, job, "failed")
    assert failed.words == "It is too big. Make it smaller."
    assert failed.error == problem
    assert failed.can_retry
    assert "secret" not in failed.model_dump_json()
    again = scene.jobs.retry(mum, job.id)
    assert again.id != job.id
    assert again.request == failed.request
    assert scene.row(again.id).parent == job.id
    assert scene.device.next().job == again.id


def test_events_of_another_attempt_change_nothing(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    envelope = scene.device.next()
    old = envelope.model_copy(update={"attempt": 0})
    scene.device.say(scene.device.write(old, "old"))
    scene.device.say(protocol.Failed(job=job.id, attempt=2, problem=Problem(code="x", what="x")))
    scene.device.say(protocol.Cancelled(job="0" * 32, attempt=1))
    scene.device.progress(envelope, 1, 2)
    until(lambda: scene.jobs.get(mum, job.id).step == 1)
    scene.device.finish(envelope, "new")
    scene.until(mum, job, "done")


# -- repeated requests


def test_simultaneous_requests_with_one_client_ref_make_one_job(scene: Scene, mum: Principal, dad: Principal) -> None:
    scene.jobs.start()
    request = CreateImage(prompt="a house")
    ids: list[str] = []
    threads = [
        threading.Thread(target=lambda: ids.append(scene.jobs.submit(mum, request, client_ref="r1").id))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 12
    assert len(set(ids)) == 1
    with pytest.raises(StudioError) as other:
        scene.jobs.submit(mum, CreateImage(prompt="a boat"), client_ref="r1")
    assert (other.value.problem.code, other.value.status) == ("conflict", 409)
    assert scene.jobs.submit(dad, request, client_ref="r1").id not in ids
    scene.device.finish(scene.device.next())
    scene.until(mum, ids[0], "done")
    assert scene.jobs.submit(mum, request, client_ref="r1").state == "done"


@pytest.mark.parametrize("ref", ["", "x" * 201])
def test_a_client_ref_has_a_sensible_length(scene: Scene, mum: Principal, ref: str) -> None:
    with pytest.raises(StudioError) as error:
        scene.jobs.submit(mum, CreateImage(prompt="a house"), client_ref=ref)
    assert error.value.status == 422


def test_nobody_has_more_than_200_unfinished_jobs(
    scene: Scene, mum: Principal, dad: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.queue.queue.MOST_UNFINISHED", 3)
    for _ in range(3):
        scene.draw(mum)
    with pytest.raises(StudioError) as error:
        scene.draw(mum)
    assert (error.value.problem.code, error.value.status) == ("too_many_jobs", 429)
    scene.draw(dad)


def test_a_job_needs_access_to_its_project(scene: Scene, mum: Principal, dad: Principal) -> None:
    project = scene.library.create_project(mum, "Film", shared=False)
    with pytest.raises(StudioError, match="no such project"):
        scene.draw(dad, project_id=project.id)
    assert scene.draw(mum, project_id=project.id).project_id == project.id


# -- jobs that wait for others


def test_a_job_waits_for_the_jobs_it_names(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    first = scene.draw(mum)
    envelope = scene.device.next()
    second = scene.upscale(mum, after=(first.id,))
    assert second.words == "waiting for an earlier job"
    assert second.place == 1
    assert scene.cpu.idle()
    scene.device.finish(envelope)
    assert scene.cpu.next().job == second.id


def test_what_waits_for_a_failed_job_fails_too(scene: Scene, mum: Principal, dad: Principal) -> None:
    first = scene.draw(mum)
    second = scene.upscale(mum, after=(first.id,))
    third = scene.draw(mum, after=(second.id,))
    with pytest.raises(StudioError):
        scene.draw(dad, after=(first.id,))
    scene.jobs.cancel(mum, first.id)
    for job in (second, third):
        view = scene.jobs.get(mum, job.id)
        assert view.error
        assert view.error.code == "waited_in_vain"
    with pytest.raises(StudioError) as error:
        scene.draw(mum, after=(first.id,))
    assert error.value.status == 409


# -- following and reproducing


def test_waiting_yields_every_change_until_the_end(scene: Scene, mum: Principal, dad: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    scene_thread = threading.Thread(target=_work, args=(scene,))

    async def follow() -> list[str]:
        states: list[str] = []
        async for view in scene.jobs.wait(mum, job.id):
            states.append(view.state)
            if len(states) == 1:
                scene_thread.start()
        return states

    states = asyncio.run(asyncio.wait_for(follow(), 5))
    scene_thread.join()
    assert states[-1] == "done"
    assert asyncio.run(follow_once(scene, mum, job.id)) == ["done"]
    with pytest.raises(StudioError):
        asyncio.run(follow_once(scene, dad, job.id))


async def follow_once(scene: Scene, who: Principal, job_id: str) -> list[State]:
    return [view.state async for view in scene.jobs.wait(who, job_id)]


def _work(scene: Scene) -> None:
    envelope = scene.device.next()
    scene.device.progress(envelope, 1, 2)
    scene.device.finish(envelope)


@pytest.mark.parametrize(
    ("content", "words"), [("same", "identical to the original"), ("other", "differs from the original")]
)
def test_reproducing_an_asset_says_whether_it_is_identical(
    scene: Scene, mum: Principal, content: str, words: str
) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    scene.device.finish(scene.device.next())
    asset = scene.until(mum, job, "done").assets[0]
    copy = scene.jobs.reproduce(mum, asset)
    envelope = scene.device.next()
    assert envelope.request == job.request
    scene.device.finish(envelope, content)
    done = scene.until(mum, copy, "done")
    assert words in done.words
    assert words in done.text
    scene.crash()
    assert words in scene.jobs.get(mum, copy.id).words


def test_a_reproduction_uses_the_original_precision_or_says_why_not(scene: Scene, mum: Principal) -> None:
    def plan(painting: str) -> dict[str, Any]:  # in the format of records from before 0.5
        return {"reading": {"precision": "bfloat16", "offload": "none"}, "painting": {"precision": painting}}

    scene.jobs.start()
    job = scene.draw(mum)
    scene.device.plan = plan("int8")
    envelope = scene.device.next()
    assert envelope.pinned == protocol.Pinned()
    scene.device.finish(envelope)
    copy = scene.jobs.reproduce(mum, scene.until(mum, job, "done").assets[0])
    envelope = scene.device.next()
    assert envelope.pinned == protocol.Pinned(stages={"text_encode": "bfloat16", "denoise": "int8"})
    scene.device.plan = plan("bfloat16")
    scene.device.finish(envelope, "other")
    words = scene.until(mum, copy, "done").words
    assert words.endswith(
        "differs from the original: made in bfloat16, the original in int8 (text encoder in bfloat16)"
    )


def test_a_reproduction_repeats_both_denoisers_and_tiled_decoding(scene: Scene, mum: Principal) -> None:
    def plan(second: str, **decode: Any) -> dict[str, Any]:
        return {"denoise": {"precision": "int8"}, "denoise_2": {"precision": second}, "decode": decode}

    scene.jobs.start()
    job = scene.draw(mum)
    scene.device.plan = plan("bfloat16", precision="float32", accelerated=["tiled decoding"])
    scene.device.finish(scene.device.next())
    copy = scene.jobs.reproduce(mum, scene.until(mum, job, "done").assets[0])
    envelope = scene.device.next()
    assert envelope.pinned == protocol.Pinned(stages={"denoise": "int8", "denoise_2": "bfloat16"}, tiled=True)
    scene.device.plan = plan("int8")
    scene.device.finish(envelope, "other")
    words = scene.until(mum, copy, "done").words
    assert words.endswith("made in int8, the original in int8 and bfloat16 (decoded in tiles)")


def test_a_reproduction_says_if_its_model_was_accelerated_differently(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    scene.device.plan = {"denoise": {"precision": "int8", "accelerated": ["first_block_cache 0.1"]}}
    scene.device.finish(scene.device.next())
    copy = scene.jobs.reproduce(mum, scene.until(mum, job, "done").assets[0])
    scene.device.plan = {"denoise": {"precision": "int8"}}
    scene.device.finish(scene.device.next(), "other")
    assert scene.until(mum, copy, "done").words.endswith("made with other accelerations")


def test_an_upload_cannot_be_reproduced(scene: Scene, mum: Principal) -> None:
    with pytest.raises(StudioError) as error:
        scene.jobs.reproduce(mum, scene.picture(mum).id)
    assert error.value.problem.code == "no_provenance"


def test_the_cost_of_a_job_is_learned(scene: Scene, mum: Principal) -> None:
    request = UpscaleImage(image=scene.picture(mum).id, model="toy-a")
    first = scene.jobs.estimate(mum, request)
    assert (first.learned, first.seconds, first.fits) == (False, 24.0, True)
    assert first.words == "first run on this computer: usually 14–65 s"
    assert first.queue_words == "Starts right away."
    scene.jobs.start()
    for _ in range(6):
        scene.upscale(mum)
        scene.cpu.finish(scene.cpu.next(), load=2.0, run=10.0)
    until(lambda: _learned_from(scene) == 6)
    scene.crash()
    learned = scene.jobs.estimate(mum, request)
    assert learned.learned
    assert learned.seconds == pytest.approx(12.0)
    assert learned.words == "about 12 s"


def _learned_from(scene: Scene) -> int | None:
    with scene.database.session() as session:
        return session.scalar(select(Cost.jobs))


def test_free_now_asks_every_host(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    scene.jobs.free_now(mum)
    assert (scene.cpu.freed, scene.device.freed) == (1, 1)
    with pytest.raises(StudioError):
        scene.jobs.free_now(scene.person("visitor", "guest"))


def test_ones_own_jobs_are_listed_newest_first(scene: Scene, mum: Principal, dad: Principal) -> None:
    jobs = [scene.draw(mum, f"house {n}") for n in range(4)]
    scene.draw(dad)
    assert [job.title for job in scene.jobs.page(mum)] == ["house 3", "house 2", "house 1", "house 0"]
    assert [job.id for job in scene.jobs.page(mum, limit=1)] == [jobs[3].id]
    with scene.database.session() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 5
