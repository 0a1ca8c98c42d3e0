"""The sign-in page, the pages of one-time links, and signing out. No scripts."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from auth import account_page, passwords, trust
from auth.accounts import Accounts
from auth.answers import page, refusal, wants_page
from auth.bodies import FORM_LIMIT
from auth.cookie_check import CookieChecks, no_cookies
from auth.doors import address, safe_next, sign_in, sign_out
from auth.links import Invitation
from auth.names import key
from auth.tables import User
from auth.tries import Tries, address_key
from data import DataFolder
from errors import StudioError
from settings import Settings

STATIC = Path(__file__).parent.parent / "assets" / "login"

Field = Annotated[str, Form()]
Optional = Annotated[str | None, Form()]


def router(accounts: Accounts, settings: Settings, data: DataFolder) -> APIRouter:
    """/login, /logout, /setup/<token>, /account, /oidc/…, /trust and the files their pages need."""
    routes = APIRouter(include_in_schema=False, max_body_size=FORM_LIMIT)
    tries, checks = Tries(), CookieChecks()
    form = partial(_login_form, settings.oidc_name if settings.oidc_issuer else "")
    _login(routes, accounts, tries, checks, form)
    _setup(routes, accounts, tries, checks)
    account_page.add(routes, accounts, tries, settings)
    trust.add(routes, data, settings)
    if settings.oidc_issuer:
        from auth import oidc, oidc_pages  # with an HTTP client: only where one is needed

        oidc_pages.add(routes, accounts, oidc.Provider(settings, data), tries, form, settings)
    routes.mount("/login/static", StaticFiles(directory=STATIC))
    return routes


def _login_form(oidc: str, next: str, name: str = "", error: StudioError | None = None) -> Response:
    problem, status = (error.problem, error.status) if error else (None, 200)
    return page("login.html", status, title="Sign in", next=safe_next(next), name=name, problem=problem, oidc=oidc)


def _login(
    routes: APIRouter, accounts: Accounts, tries: Tries, checks: CookieChecks, form: Callable[..., Response]
) -> None:
    @routes.get("/login")
    def login_page(request: Request, next: str = "/", signed_in: str = "") -> Response:
        session_id = checks.finish(signed_in)
        if request.state.principal:
            return RedirectResponse(safe_next(next), 303)
        if session_id is None or request.session:  # a browser with any cookie of ours keeps them
            return form(next)
        accounts.sign_out(session_id)  # it is in nobody's hands
        return form(next, error=no_cookies())

    @routes.post("/login")
    def login(request: Request, username: Field = "", password: Field = "", next: Field = "/") -> Response:
        try:
            with tries.counted(address_key(address(request)), "account:" + key(username)[:100]):
                user = accounts.check_password(username, password)
        except StudioError as error:
            if wants_page(request.headers):
                return form(next, username[:100], error)
            return refusal(error, request.scope)
        return _welcome(request, accounts, checks, user, safe_next(next))

    @routes.post("/logout")
    def logout(request: Request) -> Response:
        sign_out(request, accounts)
        return RedirectResponse("/login", 303)

    @routes.get("/logout")
    def logout_page() -> Response:
        return RedirectResponse("/account", 303)  # where the button is: a link must not sign anybody out


def _setup(routes: APIRouter, accounts: Accounts, tries: Tries, checks: CookieChecks) -> None:
    def form(invitation: Invitation, name: str = "", error: StudioError | None = None) -> Response:
        first = invitation.purpose == "first"
        return page(
            "setup.html",
            error.status if error else 200,
            title="Create the first account" if first else "Choose your password",
            first=first,
            name=name if first else invitation.name,
            shortest=passwords.SHORTEST,
            problem=error.problem if error else None,
        )

    @routes.get("/setup/{token}")
    def setup_page(request: Request, token: str) -> Response:
        try:
            with tries.counted(address_key(address(request))):
                return form(accounts.invitation(token))
        except StudioError as error:
            return refusal(error, request.scope)

    @routes.post("/setup/{token}")
    def setup(request: Request, token: str, name: Field = "", password: Field = "", again: Optional = None) -> Response:
        try:
            with tries.counted(address_key(address(request))):
                invitation = accounts.invitation(token)
                try:
                    passwords.check_same(password, again)
                    user = accounts.use_link(token, name or None, password)
                except StudioError as error:
                    if error.status == 410 or not wants_page(request.headers):
                        raise
                    return form(invitation, name[:100], error)
        except StudioError as error:
            return refusal(error, request.scope)
        return _welcome(request, accounts, checks, user, "/")


def _welcome(request: Request, accounts: Accounts, checks: CookieChecks, user: User, next: str) -> Response:
    """Sign in. A browser goes on by way of the sign-in page, which sees whether it kept the cookie."""
    session_id = sign_in(request, accounts, user)
    if not wants_page(request.headers):
        return JSONResponse({"success": True})
    return RedirectResponse(f"/login?next={quote(next, safe='')}&signed_in={checks.begin(session_id)}", 303)
