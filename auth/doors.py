"""Signing a browser in and out of a request's cookie, and where to go from there."""

from starlette.requests import Request

from auth.accounts import Accounts
from auth.gate import SESSION_KEY
from auth.secret import sha256
from auth.tables import User
from auth.words import device


def sign_in(request: Request, accounts: Accounts, user: User) -> str:
    """Give the browser a fresh session; one it had before ends. Returns the id of the new one."""
    sign_out(request, accounts)
    secret = accounts.sign_in(user.id, device(request.headers.get("user-agent", "")), address(request))
    request.session[SESSION_KEY] = secret
    return sha256(secret)


def sign_out(request: Request, accounts: Accounts) -> None:
    """End the browser's session, if it has one, and empty its cookie."""
    who = request.state.principal
    if who and who.session:
        accounts.sign_out(who.session)
    request.session.clear()


def safe_next(path: str) -> str:
    """Where to go after signing in: a path of this studio, never another site."""
    if not path.startswith("/") or path[1:2] in ("/", "\\") or not path.isprintable():
        return "/"
    return "/" if path.partition("?")[0] in ("/login", "/logout") else path


def address(request: Request) -> str:
    """The client's address, as the trusted proxies tell it."""
    return request.client.host if request.client else ""
