"""Reused browser windows: with a warm cache, a page opens much faster."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.live import Live

PATIENCE = 30_000


class Windows:
    """The windows of a browser. Windows open at the same time share nothing, like those of two computers."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._resting: dict[tuple[str, int, str], list[BrowserContext]] = defaultdict(list)
        self._spoiled: list[BrowserContext] = []
        self._taken: list[tuple[tuple[str, int, str], BrowserContext]] = []
        self._people: set[int] = set()

    def page(self, house: Live, person: httpx.Client, width: int = 1440, look: Any = "dark") -> Page:
        """An empty page for a signed-in person; only the browser's cache is kept. The first one has no drafts."""
        if id(person) not in self._people:
            forget_drafts(person)  # also those that a page of the last test saved while it closed
        self._people.add(id(person))
        key = (house.url, width, look)
        used = bool(self._resting[key])
        context = self._resting[key].pop() if used else self._new(*key)
        self._taken.append((key, context))
        context.add_cookies([{"name": c.name, "value": str(c.value), "url": house.url} for c in person.cookies.jar])
        page = context.new_page()
        if used:
            kept = {"origin": house.url, "storageTypes": "local_storage,indexeddb,cache_storage,service_workers"}
            context.new_cdp_session(page).send("Storage.clearDataForOrigin", kept)
        return page

    def _new(self, url: str, width: int, look: Any) -> BrowserContext:
        phone = width < 500
        context = self._browser.new_context(
            base_url=url,
            viewport={"width": width, "height": 844 if phone else 900},
            color_scheme=look,
            is_mobile=phone,
            has_touch=phone,
        )
        context.set_default_timeout(PATIENCE)
        return context

    def use_once(self, page: Page) -> None:
        """Do not reuse a page's window: what a test changed, such as its clock, cannot be undone."""
        self._spoiled.append(page.context)

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Close all pages and sign out."""
        try:
            yield
        finally:
            for key, context in self._taken:
                if context in self._spoiled:
                    context.close()
                else:
                    self._empty(context)
                    self._resting[key].append(context)
            self._taken.clear()
            self._spoiled.clear()
            self._people.clear()

    @staticmethod
    def _empty(context: BrowserContext) -> None:
        context.clear_cookies()  # first, so that a closing page saves no draft
        for page in context.pages:
            page.close()


def forget_drafts(person: httpx.Client) -> None:
    """Empty all forms, so that the next test starts with the defaults."""
    answer = person.get("/api/drafts", headers={"Accept": "application/json"})
    for name in answer.json() if answer.status_code == 200 else ():
        person.put("/api/drafts", json={"name": name, "value": None}).raise_for_status()
