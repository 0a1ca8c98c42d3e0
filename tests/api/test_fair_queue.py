"""One person's calls and streams do not block others, and end when the account is disabled."""

import threading
import time

import httpx
import pytest
from gradio_client import Client

from api.fair_queue import MOST_WAITING
from tests.api.conftest import Live, Person
from tests.support.waiting import until

CALL = "/gradio_api/call"


def script(live: Live, person: Person) -> httpx.Client:
    return httpx.Client(base_url=live.url, headers=person.headers, timeout=30)


def draw(client: httpx.Client) -> str:
    return str(client.post("/api/jobs", json={"task": "create_image", "prompt": "a lion"}).json()["id"])


@pytest.mark.slow
def test_following_many_jobs_does_not_block_others(live: Live) -> None:
    live.house.painter.go_on.clear()
    with script(live, live.bob) as bob:
        try:
            job = draw(bob)
            answers = [bob.post(f"{CALL}/wait_job", json={"data": [job]}) for _ in range(MOST_WAITING + 20)]
            assert [answer.status_code for answer in answers] == [200] * MOST_WAITING + [429] * 20
            assert "Wait for one of them to end" in answers[-1].json()["detail"]
            ann = Client(live.url, headers=live.ann.headers, verbose=False, analytics_enabled=False)
            began = time.monotonic()
            assert ann.predict(api_name="/list_recipes")
            assert ann.submit(job, api_name="/wait_job").exception()  # another person's call is answered at once
            assert time.monotonic() - began < 10
            event = bob.post(f"{CALL}/job_status", json={"data": [job]}).json()["event_id"]
            assert "complete" in bob.get(f"{CALL}/job_status/{event}").text
        finally:
            live.house.painter.go_on.set()
        until(lambda: bob.get(f"/api/jobs/{job}").json()["state"] == "done")
        until(lambda: bob.post(f"{CALL}/wait_job", json={"data": [job]}).status_code == 200)


def state(live: Live, job: str) -> str:
    """Return a job's state from the database, as a disabled person can no longer request it."""
    with live.house.studio.database.session() as session:
        found = session.connection().exec_driver_sql("select state from jobs where id = ?", (job,))
        return str(found.scalar_one())


def test_streams_and_jobs_of_a_disabled_person_end(live: Live) -> None:
    carol = live.house.person("Carol")
    live.house.painter.go_on.clear()
    try:
        with script(live, carol) as client:
            job = draw(client)
            event = client.post(f"{CALL}/wait_job", json={"data": [job]}).json()["event_id"]
            ended: list[str] = []

            def follow(path: str) -> None:
                with script(live, carol) as own, own.stream("GET", path) as stream:
                    for _ in stream.iter_raw():
                        """Until it ends."""
                ended.append(path)

            paths = [f"/api/jobs/{job}/text", f"{CALL}/wait_job/{event}"]
            threads = [threading.Thread(target=follow, args=(path,)) for path in paths]
            for thread in threads:
                thread.start()
            until(lambda: client.get(f"/api/jobs/{job}").json()["state"] == "running")
            assert ended == []
            live.house.studio.accounts.disable("Carol")
            live.house.studio.jobs.end_shut_out()
            for thread in threads:
                thread.join(15)
            assert sorted(ended) == sorted(paths)
            assert client.get("/api/me").status_code == 401
            until(lambda: state(live, job) == "cancelled")
    finally:
        live.house.painter.go_on.set()
