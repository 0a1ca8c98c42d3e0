"""The account page: one's password, tokens for scripts, and the browsers one is signed in with."""

import threading
import time
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from auth import passwords
from auth.accounts import Accounts
from auth.answers import page, refusal, wants_page
from auth.gate import principal
from auth.principal import Principal, require_browser
from auth.tries import Tries
from auth.words import ago
from errors import StudioError
from settings import Settings

Field = Annotated[str, Form()]
Optional = Annotated[str | None, Form()]

_NOTICE_SECONDS = 60.0


def add(routes: APIRouter, accounts: Accounts, tries: Tries, settings: Settings) -> None:
    """Add /account and what its buttons do."""

    show, notices = partial(_show, accounts, settings), _Notices()

    def done(request: Request, **notice: str) -> Response:
        notices.put(principal(request), notice)
        return RedirectResponse("/account", 303)  # loading the page again does nothing twice

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
            with tries.counted("password:" + who.user_id):
                passwords.check_same(new, again)
                accounts.change_password(who, current, new)
        except StudioError as error:
            return refused(request, error)
        return done(request, done="Your password is changed. Every other browser is signed out.")

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
        return done(request, done="The token is revoked: scripts that use it are refused from now on.")

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
    """What the page says once after something was done: to the browser that did it, within a minute. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notices: dict[str, tuple[float, dict[str, str]]] = {}

    def put(self, who: Principal, notice: dict[str, str]) -> None:
        """Keep a notice in memory alone: a token in it must not lie in a cookie or a file."""
        now = time.monotonic()
        with self._lock:
            self._notices = {key: kept for key, kept in self._notices.items() if now - kept[0] < _NOTICE_SECONDS}
            if who.session:
                self._notices[who.session] = now, notice

    def take(self, who: Principal) -> dict[str, str]:
        """The notice for this browser, which is gone then."""
        with self._lock:
            made, notice = self._notices.pop(who.session or "", (0.0, dict[str, str]()))
        return notice if time.monotonic() - made < _NOTICE_SECONDS else {}


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
