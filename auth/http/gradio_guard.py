"""Admits requests to a short list of Gradio's routes, each with its check; all other Gradio routes answer 404."""

from typing import Any
from urllib.parse import parse_qsl

from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from auth.accounts.principal import Principal
from auth.http import bodies
from auth.http.disk_quota import DiskQuota
from auth.http.gradio_files import FileGuard
from auth.http.gradio_ownership import GradioOwnership
from errors import StudioError, not_found

PREFIX = "/gradio_api/"

_OPEN_TO_MEMBERS = frozenset(
    {"info", "openapi.json", "app_id", "startup-events", "theme.css", "user", "login_check", "queue/status"}
)
_LONGEST_NAME = 255
"""Bytes. No file has a longer name, and Gradio fails on one."""
_LONGEST_BOUNDARY = 70
_EVENTS = ("queue/join", "call/", "run/", "api/", "component_server", "cancel", "reset")
_NOT_USED = ("/monitoring", "/dev/", "/vibe", "/deep_link", "/login/", "/gradio_api")

Call = tuple[Scope, Receive, Send]


def bad_form() -> StudioError:
    """Return the error for an upload that is not a form."""
    return StudioError(
        "bad_upload",
        "The upload cannot be read.",
        "It is not a complete form with files.",
        "Send it again.",
        status=400,
    )


class GradioGuard:
    """Checks requests of signed-in people."""

    def __init__(self, files: FileGuard, disk_quota: DiskQuota) -> None:
        self._files = files
        self._disk_quota = disk_quota
        self._bound = GradioOwnership()

    async def check(self, who: Principal, scope: Scope, receive: Receive, send: Send) -> Call:
        """Return the request as passed on to Gradio. Raises StudioError if it is refused."""
        path: str = scope["path"]
        if not path.startswith(PREFIX):
            if path.startswith(_NOT_USED) or any(len(part.encode()) > _LONGEST_NAME for part in path.split("/")):
                raise not_found("page")
            return scope, receive, send
        route = path.removeprefix(PREFIX)
        if scope["method"] in ("GET", "HEAD"):
            await self._check_reading(who, route, scope)
            return scope, receive, send
        if scope["method"] == "POST" and route.rstrip("/") == "upload":
            return self._upload(who, scope, receive, send)
        if scope["method"] == "POST" and route.startswith(_EVENTS) and not route.startswith("call/v2/"):
            return await self._event(who, scope, receive, send)
        raise not_found("page")

    async def _check_reading(self, who: Principal, route: str, scope: Scope) -> None:
        if route.startswith("file="):
            if not await run_in_threadpool(self._files.may_use, who.user_id, route.removeprefix("file=")):
                raise not_found("file")
            return
        route = route.rstrip("/")
        if route == "queue/data":
            self._claim_queried(who, scope, "session_hash", "page")
        elif route == "upload_progress":
            self._claim_queried(who, scope, "upload_id", "upload")
        elif route.startswith("heartbeat/"):
            self._bound.claim("page", route.removeprefix("heartbeat/"), who.user_id)
        elif route.startswith("call/"):
            self._bound.claim("event", route.rpartition("/")[2], who.user_id)
        elif route not in _OPEN_TO_MEMBERS:
            raise not_found("page")

    def _claim_queried(self, who: Principal, scope: Scope, name: str, kind: str) -> None:
        """Claim every value of a query parameter, because Gradio may use any of several."""
        query = scope["query_string"].decode("latin-1")
        for key, value in parse_qsl(query, keep_blank_values=True):
            if key == name:
                self._bound.claim(kind, value, who.user_id)

    def _upload(self, who: Principal, scope: Scope, receive: Receive, send: Send) -> Call:
        self._claim_queried(who, scope, "upload_id", "upload")
        _, options = parse_options_header(Headers(scope=scope).get("content-type", ""))
        if not 0 < len(options.get(b"boundary", b"")) <= _LONGEST_BOUNDARY:
            raise bad_form()

        async def record(answer: Any) -> None:
            await run_in_threadpool(self._files.record, who.user_id, answer)

        receive = self._disk_quota.limit(scope, receive)
        return bodies.without_compression(scope), receive, bodies.observe_response(send, record)

    async def _event(self, who: Principal, scope: Scope, receive: Receive, send: Send) -> Call:
        body = await run_in_threadpool(bodies.parse, await bodies.read(receive, bodies.EVENT_LIMIT))
        await run_in_threadpool(self._files.check_body, who.user_id, body)
        if isinstance(body, dict):
            if body.get("session_hash") is not None:
                self._bound.claim("page", body["session_hash"], who.user_id)
            if body.get("event_id") is not None:
                self._bound.claim("event", body["event_id"], who.user_id)
        # Gradio gets the checked value, so that it cannot parse the same bytes differently.
        written = await run_in_threadpool(bodies.dump, body)
        scope = bodies.with_body(scope, written)
        receive = bodies.replay(written, receive)
        if scope["path"].startswith((PREFIX + "queue/join", PREFIX + "call/")):
            scope, send = bodies.without_compression(scope), bodies.observe_response(send, self._claim_event(who))
        return scope, receive, send

    def _claim_event(self, who: Principal) -> Any:
        async def claim(answer: Any) -> None:
            self._bound.claim("event", answer["event_id"], who.user_id)

        return claim
