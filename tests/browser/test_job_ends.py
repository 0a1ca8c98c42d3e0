"""How the page reports jobs that fail or end while it is hidden, and signing out."""

import json
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import shot
from tests.browser.support import wait_kept
from tests.support.live import Live, finished, submit, upload

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]


def job(state: str, **more: Any) -> dict[str, Any]:
    """A job as the queue reports it."""
    return {
        "id": "a" * 32,
        "mine": True,
        "owner": "ann",
        "task": "upscale_image",
        "noun": "picture",
        "state": state,
        "words": "tile 1 of 4, 5 s left",
        "title": "<b>harbor</b> · 2×",
        "lane": "cpu",
        "assets": [],
        "created_at": time.time(),
        "finished_at": time.time(),
        **more,
    }


def telling(page: Page, jobs: list[dict[str, Any]]) -> None:
    """Let the queue report these jobs from now on, all of them in every response."""

    def answer(route: Route) -> None:
        route.fulfill(body=json.dumps({"cursor": "x:1", "whole": True, "jobs": jobs}), content_type="application/json")

    page.route("**/api/jobs?*", answer)
    page.route("**/api/jobs/ended?*", lambda route: route.fulfill(body="[]", content_type="application/json"))
    page.route("**/api/jobs", answer)


def test_a_failure_says_what_happened_why_and_what_next_and_can_be_retried(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann)
    jobs = [job("running", can_cancel=True)]
    telling(page, jobs)
    expect(page.locator("#tab-image .stage .said")).to_have_text("Tile 1 of 4")
    problem = {"code": "x", "what": "The disk is full.", "why": "Less than 1 GB is free.", "next": "Make room."}
    jobs[0] = job("failed", words="The disk is full.", error=problem, can_retry=True)
    failure = page.locator("#tab-image .failure")
    for sentence in ("The disk is full.", "Less than 1 GB is free.", "Make room."):
        expect(failure).to_contain_text(sentence)
    expect(page.locator(".bar .status")).to_contain_text("1 failed")
    shot(page, "failed")
    asked: list[str] = []

    def again(route: Route) -> None:
        asked.append(route.request.method)
        jobs[0] = job(
            "queued", words="next"
        )  # the queue reports the same from now on: a poll in flight must not undo it
        route.fulfill(body=json.dumps(jobs[0]), content_type="application/json")

    page.route("**/api/jobs/*/retry", again)
    failure.get_by_role("button", name="Try again").click()
    expect(page.locator("#tab-image .stage .said")).to_be_visible()
    assert asked == ["POST"]


def test_a_job_that_progresses_keeps_the_focus(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann)
    jobs = [job("running", can_cancel=True, fraction=0.1)]
    telling(page, jobs)
    page.locator(".bar .status").click()
    page.locator(".queue .job .x").focus()
    jobs[0] = job("running", can_cancel=True, fraction=0.5, words="tile 2 of 4, 3 s left")
    expect(page.locator(".queue .job .words")).to_have_text("tile 2 of 4, 3 s left")
    expect(page.locator(".queue .job .x")).to_be_focused()


def test_the_focus_stays_in_the_queue_when_its_button_goes(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann)
    jobs = waiting(45)
    telling(page, jobs)
    page.locator(".bar .status").click()
    rows = page.locator("[data-list=waiting] .job")
    page.get_by_role("button", name="Show 5 more").press("Enter")
    expect(rows).to_have_count(45)
    expect(rows.nth(40).get_by_role("button").first).to_be_focused()
    rows.nth(40).get_by_role("button", name="Cancel").focus()
    jobs[40] = {**jobs[40], "state": "cancelled", "finished_at": 1.0, "can_cancel": False, "can_move": False}
    expect(rows).to_have_count(44)
    expect(rows.nth(40).get_by_role("button").first).to_be_focused()


def waiting(number: int) -> list[dict[str, Any]]:
    """Waiting jobs of the same lane, in order; one in ten is another person's."""
    return [
        job(
            "queued",
            id=f"{n:032x}",
            mine=n % 10 != 9,
            title="" if n % 10 == 9 else f"shot {n} " + "שלום " * 400 * (n == 0),
            words=f"{n + 1}th in line",
            place=n + 1,
            can_move=n % 10 != 9,
            can_cancel=n % 10 != 9,
            finished_at=None,
        )
        for n in range(number)
    ]


def test_five_hundred_waiting_jobs_stay_quick_and_can_be_reordered(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann)
    jobs = waiting(500)
    telling(page, jobs)
    moves: list[Any] = []

    def move(route: Route) -> None:
        moves.append((route.request.url.split("/")[-2], route.request.post_data_json))
        jobs[1], jobs[2] = {**jobs[2], "place": 2}, {**jobs[1], "place": 3}
        route.fulfill(body=json.dumps(jobs[1]), content_type="application/json")

    page.route("**/api/jobs/*/move", move)
    expect(page.locator(".bar .status")).to_contain_text("500 waiting")
    page.locator(".bar .status").click()
    rows = page.locator("[data-list=waiting] .job")
    expect(rows).to_have_count(40)
    assert page.evaluate("document.querySelector('.queue').scrollWidth <= document.querySelector('.queue').clientWidth")
    shot(page, "queue-500")
    third = rows.nth(2).get_by_role("button", name="Move up")
    third.press("Enter")
    expect(rows.nth(1)).to_contain_text("shot 2")
    expect(rows.nth(1).get_by_role("button", name="Move up")).to_be_focused()
    assert moves == [(f"{2:032x}", {"before": f"{1:032x}"})]
    expect(rows.nth(9).get_by_role("button")).to_have_count(0)
    page.get_by_role("button", name="Show 40 more").click()
    expect(rows).to_have_count(80)
    page.keyboard.press("Escape")
    expect(page.locator(".bar .status")).to_be_focused()


def test_the_stage_follows_what_runs_unless_a_result_was_chosen(opened: Opened, ann: httpx.Client, photo: Path) -> None:
    made = finished(ann, submit(ann, {"task": "cut_out", "image": upload(ann, photo)}))["assets"][0]
    page = opened(ann)
    jobs = [job("queued", id="b" * 32, words="2nd in line", place=2), job("running", started_at=1.0)]
    telling(page, jobs)
    said = page.locator("#tab-image .stage .said")
    expect(said).to_have_text("Tile 1 of 4")
    page.locator(f".film [data-asset='{made}']").click()
    chip = page.get_by_role("button", name="Show running job")
    expect(chip).to_be_visible()
    jobs[1] = job("running", started_at=1.0, words="tile 2 of 4, 3 s left")
    expect(page.locator("#tab-image .stage .caption")).to_be_visible()
    chip.click()
    expect(said).to_have_text("Tile 2 of 4")
    expect(chip).to_be_hidden()


def test_a_title_is_shown_as_text(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann)
    jobs = [job("running")]
    telling(page, jobs)
    expect(page.locator(".bar .status b")).to_have_text("<b>harbor</b> · 2×")
    page.locator(".bar .status").click()
    jobs[0] = job("failed", error={"code": "x", "what": "<img src=x onerror=alert(1)>", "why": "", "next": ""})
    expect(page.locator(".queue .job.failed .words")).to_have_text("<img src=x onerror=alert(1)>")
    assert page.locator("#queue img").count() == 0


def test_the_window_title_shows_jobs_done_while_hidden(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann)
    jobs = [job("running")]
    telling(page, jobs)
    expect(page.locator(".bar .status.busy")).to_be_visible()
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    jobs[0] = job("done")
    page.wait_for_function("document.title.startsWith('(✓)')")
    page.evaluate(
        "delete document.hidden; Object.defineProperty(document, 'hidden', {value: false, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    assert page.title() == "C41 Studio"


def test_a_lost_connection_is_shown(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann)
    page.route("**/api/jobs*", lambda route: route.fulfill(status=502, body="no"))
    expect(page.locator(".bar .status")).to_have_text("Reconnecting …")
    page.unroute("**/api/jobs*")
    expect(page.locator(".bar .status")).to_have_text("Queue")


def test_signing_out_leads_to_the_sign_in_page(opened: Opened, house: Live, ann: httpx.Client) -> None:
    page = opened(house.add(f"guest-{secrets.token_hex(3)}"), at="audio")
    page.get_by_label("Text to read aloud").fill("Between us.")
    wait_kept(page, "speak", text="Between us.")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/login"))
    page.goto("/")
    expect(page).to_have_url(re.compile("/login"))
    assert "Between us." not in page.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }])")
