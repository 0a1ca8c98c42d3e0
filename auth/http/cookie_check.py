"""Checks that a browser keeps cookies: after signing in, it is redirected to the sign-in page once more."""

import time
from collections.abc import Callable
from threading import Lock

from auth.accounts.secret import new_secret
from errors import StudioError

SECONDS = 60.0
"""How long a mark is valid; a browser follows a redirect at once."""


class CookieChecks:
    """New sessions whose browsers have not returned yet. Safe to use from any thread.

    The redirect's address carries a mark. It is random and works once, so that someone who gets such an address from
    elsewhere, or reloads it, does not see the error about cookies.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._waiting: dict[str, tuple[float, str]] = {}

    def begin(self, session_id: str) -> str:
        """Return the mark for a new session."""
        mark, now = new_secret(), self._clock()
        with self._lock:
            self._waiting = {key: one for key, one in self._waiting.items() if now - one[0] < SECONDS}
            self._waiting[mark] = now, session_id
        return mark

    def finish(self, mark: str) -> str | None:
        """Return the session of a mark and use it up; None if it was used, is unknown or older than a minute."""
        with self._lock:
            begun, session_id = self._waiting.pop(mark, (0.0, None))
        return session_id if self._clock() - begun < SECONDS else None


def no_cookies() -> StudioError:
    """Return the error for a browser that comes back without its cookie."""
    return StudioError(
        "no_cookies",
        "Your name and password are right, but you are not signed in.",
        "The studio needs a cookie to keep you signed in, and your browser blocked it.",
        "Allow cookies for this address in the browser's settings, then sign in again.",
        status=401,
    )
