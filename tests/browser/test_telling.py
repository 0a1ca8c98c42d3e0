"""What the page tells of jobs that fail or end unseen, and how one leaves."""

import json
import re
import secrets
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import shot
from tests.browser.support import wait_kept
from tests.support.live import Live

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]


def job(state: str, **more: Any) -> dict[str, Any]:
    """A job as the queue tells of it."""
    return {
        "id": "a" * 32,
        "mine": True,
        "owner": "ann",
        "task": "upscale_image",
        "noun": "picture",
        "state": state,
        "words": "tile 1 of 4, 5 s left",
        "title": "<b>harbor</b> · 2x",
        "assets": [],
        "created_at": time.time(),
        "finished_at": time.time(),
        **more,
    }


def telling(page: Page, jobs: list[dict[str, Any]]) -> None:
    """Let the queue tell of these jobs from now on, all of them each time."""

    def answer(route: Route) -> None:
        route.fulfill(body=json.dumps({"cursor": "x:1", "whole": True, "jobs": jobs}), content_type="application/json")

    page.route("**/api/jobs?*", answer)
    page.route("**/api/jobs", answer)


def test_a_failure_says_what_why_and_next_and_tries_again(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann)
    jobs = [job("running", can_cancel=True)]
    telling(page, jobs)
    expect(page.locator("#tab-image .stage .said")).to_have_text("Tile 1 of 4")
    problem = {"code": "x", "what": "The disk is full.", "why": "Less than 1 GB is free.", "next": "Make room."}
    jobs[0] = job("failed", words="The disk is full.", error=problem, can_retry=True)
    failure = page.locator("#tab-image .failure")
    for sentence in ("The disk is full.", "Less than 1 GB is free.", "Make room."):
        expect(failure).to_contain_text(sentence)
    expect(page.locator("#tray .chip.failed")).to_contain_text("The disk is full.")
    shot(page, "failed")
    asked: list[str] = []

    def again(route: Route) -> None:
        asked.append(route.request.method)
        jobs[0] = job("queued", words="next")  # the queue tells the same from now on: a poll in flight must not undo it
        route.fulfill(body=json.dumps(jobs[0]), content_type="application/json")

    page.route("**/api/jobs/*/retry", again)
    failure.get_by_role("button", name="Try again").click()
    expect(page.locator("#tab-image .stage .said")).to_be_visible()
    assert asked == ["POST"]


def test_a_line_that_moves_on_keeps_the_focus(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann)
    jobs = [job("running", can_cancel=True, fraction=0.1)]
    telling(page, jobs)
    page.locator("#tray .chip .x").focus()
    jobs[0] = job("running", can_cancel=True, fraction=0.5, words="tile 2 of 4, 3 s left")
    expect(page.locator("#tray .chip .words")).to_have_text("tile 2 of 4, 3 s left")
    expect(page.locator("#tray .chip .x")).to_be_focused()


def test_a_title_is_text_whatever_it_holds(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann)
    jobs = [job("running")]
    telling(page, jobs)
    expect(page.locator("#tray .chip")).to_have_count(1)
    jobs[0] = job("failed", error={"code": "x", "what": "<img src=x onerror=alert(1)>", "why": "", "next": ""})
    expect(page.locator("#tray .chip.failed .words")).to_have_text("<img src=x onerror=alert(1)>")
    assert page.locator("#tray img").count() == 0


def test_the_window_title_tells_of_what_was_done_unseen(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann)
    jobs = [job("running")]
    telling(page, jobs)
    expect(page.locator("#tray .chip")).to_have_count(1)
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    jobs[0] = job("done")
    page.wait_for_function("document.title.startsWith('(✓)')")
    page.evaluate(
        "delete document.hidden; Object.defineProperty(document, 'hidden', {value: false, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    assert page.title() == "C41 Studio"


def test_a_lost_studio_is_told_of_calmly(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann)
    page.route("**/api/jobs*", lambda route: route.fulfill(status=502, body="no"))
    expect(page.locator("#tray .tray")).to_have_class("tray lost")
    page.unroute("**/api/jobs*")
    expect(page.locator("#tray .tray")).to_have_class("tray")


def test_signing_out_ends_at_the_door(opened: Opened, house: Live, ann: httpx.Client) -> None:
    page = opened(house.add(f"guest-{secrets.token_hex(3)}"), at="audio")
    page.get_by_label("What should be said?").fill("Between us.")
    wait_kept(page, "speak", text="Between us.")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/login"))
    page.goto("/")
    expect(page).to_have_url(re.compile("/login"))
    assert "c41-keep" not in page.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }])")
