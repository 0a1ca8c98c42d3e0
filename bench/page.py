"""A real browser opens the page: how many requests reach the studio, and when the first button can be pressed.

``cold_*``: the first visit of a browser that has nothing of the page yet. ``warm_*``: later visits, median. The browser
runs on the same cores as the studio.
"""

import tempfile
from pathlib import Path
from typing import NamedTuple

import httpx
from playwright.sync_api import BrowserContext, Page, sync_playwright

from bench.report import median, report
from tests.support.live import Live

VISITS = 7
CHROMIUM = "/usr/bin/chromium"
FORM = "image/create_image"
_WATCH = """(() => {
  const look = () => {
    const button = [...document.querySelectorAll(".go")].find((one) => one.offsetParent);
    if (button && !window.seen) window.seen = performance.now();
    const fields = button?.closest(".task").querySelector(".fields");
    if (button?.closest("[data-started]") && !fields.inert) window.ready = performance.now();
    else requestAnimationFrame(look);
  };
  look();
})()"""


class Visit(NamedTuple):
    """Requests that reached the studio, and seconds until the first button is there and its form has started."""

    requests: int
    button: float
    form: float


def run() -> None:
    """Measure one cold visit and several warm ones."""
    with tempfile.TemporaryDirectory() as name:
        live = Live(Path(name) / "data", Path(name) / "starter").start()
        try:
            visits = _visits(live, live.first_account("bench"))
        finally:
            live.kill()
    for kind, few in (("cold", visits[:1]), ("warm", visits[1:])):
        aims = ("<= 25", "<= 1.2") if kind == "warm" else (None, None)
        report("page", f"{kind}_requests", median([one.requests for one in few]), "requests", aims[0], len(few))
        report("page", f"{kind}_first_button_s", median([one.button for one in few]), "s", aims[1], len(few))
        report("page", f"{kind}_form_s", median([one.form for one in few]), "s", runs=len(few))


def _visits(live: Live, person: httpx.Client) -> list[Visit]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(base_url=live.url, viewport={"width": 1440, "height": 900})
        context.add_cookies(
            [{"name": one.name, "value": str(one.value), "url": live.url} for one in person.cookies.jar]
        )
        visits = [visit(context) for _ in range(1 + VISITS)]
        browser.close()
    return visits


def visit(context: BrowserContext, at: str = FORM) -> Visit:
    """Open the page at a form, in a new tab, until it has loaded everything."""
    page = context.new_page()
    page.add_init_script(_WATCH)
    served = _count(page)
    page.goto(f"/#{at}")
    page.wait_for_function("window.ready")
    page.wait_for_load_state("networkidle")
    button, form = page.evaluate("[window.seen / 1000, window.ready / 1000]")
    page.close()
    return Visit(len(served), button, form)


def _count(page: Page) -> list[str]:
    """The addresses of the responses that came from the studio, not from the browser's cache; grows from now on."""
    served: list[str] = []
    cached: set[str] = set()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.requestServedFromCache", lambda event: cached.add(event["requestId"]))

    def responded(event: dict[str, dict[str, object]]) -> None:
        response = event["response"]
        if not response.get("fromDiskCache") and str(event["requestId"]) not in cached:
            served.append(str(response["url"]))

    session.on("Network.responseReceived", responded)
    return served
