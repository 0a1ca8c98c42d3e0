"""The gate in front of everything: closed by default. Pure ASGI, so that streams pass through unchanged."""

import hmac
from ipaddress import ip_address
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from auth.accounts.principal import Principal
from auth.accounts.users import Accounts
from auth.http import bodies
from auth.http.base_url import LOOPBACK_NAMES
from auth.http.csrf import SAFE, check_same_site
from auth.http.disk_quota import DiskQuota
from auth.http.gradio_files import FileGuard
from auth.http.gradio_guard import Call, GradioGuard
from auth.http.headers import with_security_headers
from auth.http.responses import not_signed_in, refusal, token_unknown
from auth.http.revocation import serve_while
from data import DataFolder
from errors import StudioError
from settings import Settings

SESSION_KEY = "secret"


def principal(request: Any) -> Principal:
    """Return the caller of a Starlette request or of Gradio's wrapper around one."""
    who: Principal = getattr(request, "request", request).state.principal
    return who


class Gate:
    """Admits only callers it knows, except to the sign-in pages.

    It runs right behind SessionMiddleware and puts the Principal (None on open pages without a sign-in) into
    ``scope["state"]["principal"]``.
    """

    def __init__(self, app: ASGIApp, accounts: Accounts, data: DataFolder, settings: Settings) -> None:
        self._app = app
        self._accounts = accounts
        self._metrics_token = settings.metrics_token
        self._base_url = settings.base_url
        self._gradio = GradioGuard(FileGuard(data.uploads, accounts), DiskQuota(data, settings.keep_free_mb))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = with_security_headers(send, scope)
        try:
            call = await self._check(scope, receive, send)
        except StudioError as error:
            await refusal(error, scope)(scope, receive, send)
            return
        if call[0].get("state", {}).get("principal") is None:
            await self._app(*call)
            return
        headers = Headers(scope=scope)

        async def admitted() -> bool:
            return await self._who(scope, headers) is not None

        await serve_while(admitted, self._app, *call)

    async def _check(self, scope: Scope, receive: Receive, send: Send) -> Call:
        path, headers = scope["path"], Headers(scope=scope)
        if path == "/healthz":
            return scope, receive, send
        if path == "/metrics":
            self._check_metrics(scope, headers)
            return scope, receive, send
        who = await self._who(scope, headers)
        if who is None or who.via == "session":
            check_same_site(scope["method"], headers, scope["scheme"], self._base_url)
        scope = {**scope, "state": {**scope.get("state", {}), "principal": who}}
        if _is_open(path):
            if scope["method"] not in SAFE:
                receive = bodies.replay(await bodies.read(receive, bodies.FORM_LIMIT), receive)
            return scope, receive, send
        if who is None:
            raise token_unknown() if _bearer(headers) is not None else not_signed_in()
        return await self._gradio.check(who, scope, receive, send)

    async def _who(self, scope: Scope, headers: Headers) -> Principal | None:
        if (token := _bearer(headers)) is not None:
            known = self._accounts.cached_principal(token=token)
            return known or await run_in_threadpool(self._accounts.principal_of_token, token)
        secret = scope["session"].get(SESSION_KEY)
        if not isinstance(secret, str):
            return None
        known = self._accounts.cached_principal(session=secret)
        return known or await run_in_threadpool(self._accounts.principal_of_session, secret)

    def _check_metrics(self, scope: Scope, headers: Headers) -> None:
        """Admit the metrics token, or a program on this computer (DNS rebinding shows in the Host header)."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if self._metrics_token and kind.lower() == "bearer":
            if hmac.compare_digest(token.strip().encode(), self._metrics_token.encode()):
                return
        elif _is_loopback(scope) and _host_name(headers) in LOOPBACK_NAMES:
            return
        raise StudioError(
            "metrics_closed",
            "Metrics are only available on the studio's own computer.",
            next="Request them there, or set C41_METRICS_TOKEN and send it as a bearer token.",
            status=401,
        )


def _bearer(headers: Headers) -> str | None:
    """Return the bearer token of a request, or None."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def _is_open(path: str) -> bool:
    return path in ("/login", "/trust") or path.startswith(("/login/static/", "/setup/", "/oidc/", "/trust/"))


def _is_loopback(scope: Scope) -> bool:
    if scope.get("state", {}).get("proxied") or not scope.get("client"):
        return False
    try:
        return ip_address(scope["client"][0]).is_loopback
    except ValueError:
        return False


def _host_name(headers: Headers) -> str:
    host = headers.get("host", "")
    return host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
