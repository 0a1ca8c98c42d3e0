"""All protective middleware around the app, in the right order."""

from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.accounts.users import Accounts
from auth.http.body_timeout import BodyTimeout
from auth.http.gate import Gate
from auth.http.gzip_pages import GzipPages
from auth.http.proxy import TrustedProxies
from data import DataFolder
from settings import Settings

COOKIE = "c41"
_DAY = 86_400


def protect(app: ASGIApp, accounts: Accounts, data: DataFolder, settings: Settings) -> ASGIApp:
    """Wrap the app in proxy handling, the signed cookie and the gate. Serve only the returned app.

    The server itself must ignore forwarding headers (uvicorn: ``proxy_headers=False``).
    """
    gate = Gate(GzipPages(app), accounts, data, settings)
    sessions = SessionMiddleware(
        gate,
        secret_key=data.secret("session"),
        session_cookie=COOKIE,
        max_age=int(settings.session_days * _DAY),
        same_site="lax",
    )
    return TrustedProxies(SecureCookie(BodyTimeout(sessions)), settings.proxies)


class SecureCookie:
    """Marks our cookie Secure if the request came over https, which differs per request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = (b"set-cookie", COOKIE.encode() + b"=")
                message["headers"] = [
                    (name, value + b"; Secure" if (name.lower(), value[: len(ours[1])]) == ours else value)
                    for name, value in message["headers"]
                ]
            await send(message)

        secure = scope["type"] == "http" and scope["scheme"] == "https"
        await self._app(scope, receive, mark if secure else send)
