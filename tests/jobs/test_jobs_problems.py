"""Jobs that lack something: an input, or disk space."""

import errno
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select, text

from auth.accounts.principal import Principal
from engines.requests import CreateImage, UpscaleImage
from errors import StudioError
from jobs.queue import attempts
from library.tables import Asset, ProjectMember
from tests.jobs.queue_fixtures import Scene, until


def test_an_input_deleted_while_waiting_fails_the_job_with_a_sentence(scene: Scene, mum: Principal) -> None:
    picture = scene.picture(mum)
    job = scene.jobs.submit(mum, UpscaleImage(image=picture.id))
    scene.library.delete(mum, picture.id)
    with pytest.raises(StudioError) as error:
        scene.jobs.submit(mum, UpscaleImage(image=picture.id))
    assert error.value.problem.code == "deleted_asset"
    scene.jobs.start()
    failed = scene.until(mum, job, "failed")
    assert failed.error
    assert failed.error.code == "deleted_asset"
    assert "Beach" in failed.words


def test_an_input_of_someone_else_is_refused(scene: Scene, mum: Principal, dad: Principal) -> None:
    picture = scene.picture(mum)
    for ask in (scene.jobs.submit, scene.jobs.estimate):
        with pytest.raises(StudioError) as error:
            ask(dad, UpscaleImage(image=picture.id))
        assert error.value.status == 404


def test_someone_who_left_a_project_adds_nothing_to_it(scene: Scene, mum: Principal) -> None:
    project, guest = scene.library.create_project(mum, "Film", shared=False), scene.person("visitor", "guest")
    with scene.database.session() as session:
        session.add(ProjectMember(project_id=project.id, user_id=guest.user_id))
    job = scene.jobs.submit(guest, CreateImage(prompt="a fox"), project_id=project.id)
    with scene.database.session() as session:
        session.execute(delete(ProjectMember))
    scene.jobs.start()
    failed = scene.until(guest, job, "failed")
    assert failed.error
    assert failed.error.code == "not_found"


def test_no_job_is_accepted_while_the_disk_is_full(
    scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.queue.scheduler._DISK_SECONDS", 0.05)
    waiting = scene.draw(mum)
    scene.jobs._keep_free = 2**62
    with pytest.raises(StudioError) as error:
        scene.draw(mum)
    assert (error.value.problem.code, error.value.status) == ("disk_full", 507)
    scene.jobs.start()
    assert until(lambda: scene.jobs.get(mum, waiting.id).words == "waiting for disk space")
    assert scene.device.idle()
    scene.jobs._keep_free = 0
    assert scene.device.next().job == waiting.id


def test_a_full_disk_before_a_job_only_fails_that_job(
    scene: Scene, mum: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any, **more: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    scene.jobs.start()
    with monkeypatch.context() as patch:
        patch.setattr(attempts.Attempts, "envelope", full)
        job = scene.draw(mum)
        failed = scene.until(mum, job, "failed")
    assert failed.error
    assert failed.error.code == "disk_full"
    assert until(lambda: not list(scene.data.work.iterdir()))
    with scene.database.session() as session:
        assert session.scalar(select(func.count()).select_from(Asset)) == 0
    again = scene.jobs.retry(mum, job.id)
    scene.device.finish(scene.device.next())
    scene.until(mum, again, "done")


def test_a_database_that_cannot_grow_is_reported_as_a_full_disk(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum, "a very long story " * 400)
    envelope = scene.device.next()
    scene.device.progress(envelope, 1, 2)
    scene.until(mum, job, "running")
    with scene.database.session() as session:
        pages = session.scalar(text("PRAGMA page_count"))

    def limit(connection: Any, _: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    event.listen(scene.database.engine, "connect", limit)
    scene.database.engine.dispose()
    with pytest.raises(StudioError) as error:
        [scene.draw(mum, "another long story " * 400) for _ in range(20)]
    assert (error.value.problem.code, error.value.status) == ("disk_full", 507)
    scene.device.finish(envelope)
    assert until(lambda: scene.jobs.get(mum, job.id).words == "waiting for disk space")
    event.remove(scene.database.engine, "connect", limit)
    scene.database.engine.dispose()
    done = scene.until(mum, job, "done")  # the result was saved meanwhile
    assert len(done.assets) == 1
