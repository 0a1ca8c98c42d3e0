"""The account page: password, access tokens, and signed-in browsers."""

import threading
import time
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from auth.accounts import passwords
from auth.accounts.principal import Principal, require_browser
from auth.accounts.users import Accounts
from auth.http.gate import principal
from auth.http.rate_limit import RateLimit
from auth.http.responses import page, refusal, wants_page
from auth.pages.wording import ago
from errors import StudioError
from settings import Settings

Field = Annotated[str, Form()]
Optional = Annotated[str | None, Form()]

_NOTICE_SECONDS = 60.0


def add(routes: APIRouter, accounts: Accounts, rate_limit: RateLimit, settings: Settings) -> None:
    """Add /account and the routes of its buttons."""

    show, notices = partial(_show, accounts, settings), _Notices()

    def done(request: Request, **notice: str) -> Response:
        notices.put(principal(request), notice)
        return RedirectResponse("/account", 303)  # so that reloading the page repeats nothing

    def refused(request: Request, error: StudioError) -> Response:
        return show(request, error) if wants_page(request.headers) else refusal(error, request.scope)

    @routes.get("/account")
    def account(request: Request) -> Response:
        notice = notices.take(principal(request))
        return show(request, done=notice.get("done", ""), token=notice.get("token", ""))

    @routes.post("/account/password")
    def change_password(request: Request, current: Field = "", new: Field = "", again: Optional = None) -> Response:
        who = principal(request)
        try:
            require_browser(who)
            with rate_limit.counted("password:" + who.user_id):
                passwords.check_same(new, again)
                accounts.change_password(who, current, new)
        except StudioError as error:
            return refused(request, error)
        return done(request, done="Password changed. Every other browser is signed out.")

    @routes.post("/account/tokens")
    def new_token(request: Request, name: Field = "") -> Response:
        try:
            require_browser(principal(request))
            token = accounts.new_token(principal(request), name)
        except StudioError as error:
            return refused(request, error)
        return done(request, token=token)

    @routes.post("/account/tokens/{token_id}/revoke")
    def revoke(request: Request, token_id: str) -> Response:
        try:
            require_browser(principal(request))
            accounts.revoke(principal(request), token_id)
        except StudioError as error:
            return refused(request, error)
        return done(request, done="Token revoked. Scripts that use it no longer have access.")

    @routes.post("/account/sign-out-everywhere")
    def sign_out_everywhere(request: Request, tokens: Field = "") -> Response:
        try:
            require_browser(principal(request))
        except StudioError as error:
            return refused(request, error)
        accounts.sign_out_everywhere(principal(request).user_id, tokens == "yes")
        request.session.clear()
        return RedirectResponse("/login", 303)


class _Notices:
    """Messages shown once after an action, to the browser that did it, within a minute. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notices: dict[str, tuple[float, dict[str, str]]] = {}

    def put(self, who: Principal, notice: dict[str, str]) -> None:
        """Keep a notice in memory only: it may contain a token, which must not end up in a cookie or a file."""
        now = time.monotonic()
        with self._lock:
            self._notices = {key: item for key, item in self._notices.items() if now - item[0] < _NOTICE_SECONDS}
            if who.session:
                self._notices[who.session] = now, notice

    def take(self, who: Principal) -> dict[str, str]:
        """Return the notice for this browser and remove it."""
        with self._lock:
            created_at, notice = self._notices.pop(who.session or "", (0.0, dict[str, str]()))
        return notice if time.monotonic() - created_at < _NOTICE_SECONDS else {}


def _show(
    accounts: Accounts,
    settings: Settings,
    request: Request,
    error: StudioError | None = None,
    done: str = "",
    token: str = "",
) -> Response:
    who, now = principal(request), time.time()
    return page(
        "account.html",
        error.status if error else 200,
        title="Your account",
        who=who,
        problem=error.problem if error else None,
        done=done,
        token=token,
        tokens=[(item, ago(item.used_at, now)) for item in accounts.tokens(who)],
        sessions=[(item, ago(item.seen_at, now)) for item in accounts.sessions(who)],
        shortest=passwords.SHORTEST,
        days=f"{settings.session_days:g}",
        oidc=settings.oidc_name if settings.oidc_issuer else "",
        linked=accounts.identities.linked(who.user_id),
    )
