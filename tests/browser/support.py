"""What browser tests share beside the fixtures."""

import json
from typing import Any

from playwright.sync_api import Page

_KEPT = """task => {
  const key = Object.keys(sessionStorage).find((name) => name.endsWith(`form/${task}`));
  return key ? JSON.stringify(JSON.parse(sessionStorage.getItem(key)).value) : "{}";
}"""


def kept(page: Page, task: str) -> dict[str, Any]:
    """What the page keeps of a form for the next visit."""
    found: dict[str, Any] = json.loads(page.evaluate(_KEPT, task))
    return found


def wait_kept(page: Page, task: str, **wanted: Any) -> dict[str, Any]:
    """What the page keeps of a form, once it holds what is wanted."""
    page.wait_for_function(
        f"""([task, wanted]) => {{ const held = JSON.parse(({_KEPT})(task));
        const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
        return Object.entries(wanted).every(([name, value]) => same(held[name], value)); }}""",
        arg=[task, wanted],
    )
    return kept(page, task)
