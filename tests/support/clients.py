"""Clients of an app in this process that share one event loop, as with a server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.testclient import TestClient


class Client(TestClient):
    """A TestClient without a new thread and loop for each request, which take longer than most responses."""

    _loop: ClassVar[BlockingPortal | None] = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.portal = self._loop

    @classmethod
    @contextmanager
    def sharing(cls) -> Iterator[None]:
        """Run the event loop for clients created from now on."""
        with start_blocking_portal() as cls._loop:
            yield
        cls._loop = None
