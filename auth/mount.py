"""The whole protection around an app, in its one right order."""

from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.accounts import Accounts
from auth.gate import Gate
from auth.patience import Patience
from auth.proxy import TrustedProxies
from auth.weight import LightPages
from data import DataFolder
from settings import Settings

COOKIE = "c41"
_DAY = 86_400


def protect(app: ASGIApp, accounts: Accounts, data: DataFolder, settings: Settings) -> ASGIApp:
    """The app behind proxies' headers, the signed cookie and the gate. Serve only what this returns.

    The server itself must leave forwarding headers alone (uvicorn: ``proxy_headers=False``).
    """
    gate = Gate(LightPages(app), accounts, data, settings)
    sessions = SessionMiddleware(
        gate,
        secret_key=data.secret("session"),
        session_cookie=COOKIE,
        max_age=int(settings.session_days * _DAY),
        same_site="lax",
    )
    return TrustedProxies(SecureCookie(Patience(sessions)), settings.proxies)


class SecureCookie:
    """Marks our cookie Secure where the request came over https, which only the request tells."""

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
