"""Helpers shared by browser tests."""

from typing import Any

from playwright.sync_api import Page

from tests.support.waiting import until


def kept(page: Page, task: str) -> dict[str, Any]:
    """The draft of a form that the studio keeps for the person at this page."""
    found: dict[str, Any] = page.request.get("/api/drafts").json().get(f"form/{task}", {})
    return found


def wait_kept(page: Page, task: str, **wanted: Any) -> dict[str, Any]:
    """The draft of a form, once it contains the wanted values."""

    def there() -> dict[str, Any] | None:
        found = kept(page, task)
        return found if all(found.get(name) == value for name, value in wanted.items()) else None

    return until(there, 15, f"{wanted} in the draft of {task}", every=0.1)


def unbundled(page: Page) -> None:
    """Load the page's scripts module by module, so that a test can import one and share it with the page."""
    page.route(
        "**/c41/page/studio-*.js",
        lambda route: route.fulfill(body='import "/c41/js/studio.js";', content_type="text/javascript"),
    )
    page.reload()


def more_action(page: Page, medium: str, name: str) -> None:
    """Press an action in the menu of the result on a tab's stage."""
    page.locator(f"#tab-{medium} .under").get_by_role("button", name="More actions").click()
    page.locator(f"#more-{medium}").get_by_role("button", name=name, exact=True).click()
