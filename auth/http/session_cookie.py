"""Signs a browser in and out through its cookie, and picks the page to open afterwards."""

from starlette.requests import Request

from auth.accounts.secret import sha256
from auth.accounts.tables import User
from auth.accounts.users import Accounts
from auth.http.gate import SESSION_KEY
from auth.pages.wording import device


def sign_in(request: Request, accounts: Accounts, user: User) -> str:
    """Start a new session for the browser and end its old one. Returns the id of the new session."""
    sign_out(request, accounts)
    secret = accounts.sign_in(user.id, device(request.headers.get("user-agent", "")), address(request))
    request.session[SESSION_KEY] = secret
    return sha256(secret)


def sign_out(request: Request, accounts: Accounts) -> None:
    """End the browser's session, if it has one, and clear its cookie."""
    who = request.state.principal
    if who and who.session:
        accounts.sign_out(who.session)
    request.session.clear()


def safe_next(path: str) -> str:
    """Return where to go after signing in: a path in this studio, never another site."""
    if not path.startswith("/") or path[1:2] in ("/", "\\") or not path.isprintable():
        return "/"
    return "/" if path.partition("?")[0] in ("/login", "/logout") else path


def address(request: Request) -> str:
    """Return the client's IP address, as reported by trusted proxies."""
    return request.client.host if request.client else ""
