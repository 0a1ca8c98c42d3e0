"""What may reach Gradio's own routes: a short list, each with its check. Everything else of Gradio is not there."""

from typing import Any
from urllib.parse import parse_qsl

from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from auth import bodies
from auth.bindings import Bindings
from auth.files import FileGuard
from auth.principal import Principal
from auth.room import Room
from errors import StudioError, not_found

PREFIX = "/gradio_api/"

_OPEN_TO_MEMBERS = frozenset(
    {"info", "openapi.json", "app_id", "startup-events", "theme.css", "user", "login_check", "queue/status"}
)
_LONGEST_NAME = 255
"""No file has a longer name, and Gradio stumbles over one."""
_LONGEST_BOUNDARY = 70
_EVENTS = ("queue/join", "call/", "run/", "api/", "component_server", "cancel", "reset")
_NOT_USED = ("/monitoring", "/dev/", "/vibe", "/deep_link", "/login/", "/gradio_api")

Call = tuple[Scope, Receive, Send]


def bad_form() -> StudioError:
    """The answer to an upload that is no form."""
    return StudioError(
        "bad_upload", "The upload cannot be read.", "It is not a whole form with files.", "Send it again.", status=400
    )


class GradioGuard:
    """Checks requests of people who are signed in."""

    def __init__(self, files: FileGuard, room: Room) -> None:
        self._files = files
        self._room = room
        self._bound = Bindings()

    async def check(self, who: Principal, scope: Scope, receive: Receive, send: Send) -> Call:
        """The request as it may go on. Raises StudioError when it may not."""
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
        """Every value of a query parameter: which of several one counts is Gradio's business."""
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

        receive = self._room.kept(scope, receive)
        return bodies.without_compression(scope), receive, bodies.overheard(send, record)

    async def _event(self, who: Principal, scope: Scope, receive: Receive, send: Send) -> Call:
        body = await run_in_threadpool(bodies.parse, await bodies.read(receive, bodies.EVENT_LIMIT))
        await run_in_threadpool(self._files.check_body, who.user_id, body)
        if isinstance(body, dict):
            if body.get("session_hash") is not None:
                self._bound.claim("page", body["session_hash"], who.user_id)
            if body.get("event_id") is not None:
                self._bound.claim("event", body["event_id"], who.user_id)
        # Gradio reads what was checked, not another reading of the same bytes.
        written = await run_in_threadpool(bodies.dump, body)
        scope = bodies.with_body(scope, written)
        receive = bodies.replay(written, receive)
        if scope["path"].startswith((PREFIX + "queue/join", PREFIX + "call/")):
            scope, send = bodies.without_compression(scope), bodies.overheard(send, self._claim_event(who))
        return scope, receive, send

    def _claim_event(self, who: Principal) -> Any:
        async def claim(answer: Any) -> None:
            self._bound.claim("event", answer["event_id"], who.user_id)

        return claim
