"""Whether a browser that has just signed in keeps cookies: it comes by the sign-in page once more, and shows it."""

import time
from collections.abc import Callable
from threading import Lock

from auth.secret import new_secret
from errors import StudioError

SECONDS = 60.0
"""How long a mark is good for: a browser follows a redirect at once."""


class CookieChecks:
    """New sessions whose browsers have not come back yet. Safe to use from any thread.

    A mark is in the address the browser is sent to. It cannot be guessed and counts once, so that nobody who gets such
    an address from elsewhere, or loads it again, reads that their browser keeps no cookies.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._waiting: dict[str, tuple[float, str]] = {}

    def begin(self, session_id: str) -> str:
        """The mark for a new session."""
        mark, now = new_secret(), self._clock()
        with self._lock:
            self._waiting = {key: one for key, one in self._waiting.items() if now - one[0] < SECONDS}
            self._waiting[mark] = now, session_id
        return mark

    def finish(self, mark: str) -> str | None:
        """The session of a mark, which is used up then; None where it was used before, is unknown or a minute old."""
        with self._lock:
            begun, session_id = self._waiting.pop(mark, (0.0, None))
        return session_id if self._clock() - begun < SECONDS else None


def no_cookies() -> StudioError:
    """What the sign-in page says to a browser that comes back without its cookie."""
    return StudioError(
        "no_cookies",
        "Your sign-in worked, but your browser did not keep it.",
        "The studio remembers a sign-in with a cookie, and the browser sent none back.",
        "Allow cookies for this address in the browser's settings, then sign in again.",
        status=401,
    )
