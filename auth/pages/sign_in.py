"""The sign-in page, the pages of one-time links, and sign-out. No scripts."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from auth.accounts import passwords
from auth.accounts.links import Invitation
from auth.accounts.names import key
from auth.accounts.tables import User
from auth.accounts.users import Accounts
from auth.http.bodies import FORM_LIMIT
from auth.http.cookie_check import CookieChecks, no_cookies
from auth.http.rate_limit import RateLimit, address_key
from auth.http.responses import page, refusal, wants_page
from auth.http.session_cookie import address, safe_next, sign_in, sign_out
from auth.pages import account, certificate_page
from data import DataFolder
from errors import StudioError
from settings import Settings

STATIC = Path(__file__).parents[2] / "assets" / "login"

Field = Annotated[str, Form()]
Optional = Annotated[str | None, Form()]


def router(accounts: Accounts, settings: Settings, data: DataFolder) -> APIRouter:
    """Return the routes /login, /logout, /setup/<token>, /account, /oidc/…, /trust and their static files."""
    routes = APIRouter(include_in_schema=False, max_body_size=FORM_LIMIT)
    rate_limit, checks = RateLimit(), CookieChecks()
    form = partial(_login_form, settings.oidc_name if settings.oidc_issuer else "")
    _login(routes, accounts, rate_limit, checks, form)
    _setup(routes, accounts, rate_limit, checks)
    account.add(routes, accounts, rate_limit, settings)
    certificate_page.add(routes, data, settings)
    if settings.oidc_issuer:
        from auth.accounts import oidc  # loads an HTTP client, so only if needed
        from auth.pages import oidc as oidc_pages

        oidc_pages.add(routes, accounts, oidc.Provider(settings, data), rate_limit, form, settings)
    routes.mount("/login/static", StaticFiles(directory=STATIC))
    return routes


def _login_form(oidc: str, next: str, name: str = "", error: StudioError | None = None) -> Response:
    problem, status = (error.problem, error.status) if error else (None, 200)
    return page("login.html", status, title="Sign in", next=safe_next(next), name=name, problem=problem, oidc=oidc)


def _login(
    routes: APIRouter, accounts: Accounts, rate_limit: RateLimit, checks: CookieChecks, form: Callable[..., Response]
) -> None:
    @routes.get("/login")
    def login_page(request: Request, next: str = "/", signed_in: str = "") -> Response:
        session_id = checks.finish(signed_in)
        if request.state.principal:
            return RedirectResponse(safe_next(next), 303)
        if session_id is None or request.session:  # a browser with any of our cookies keeps them
            return form(next)
        accounts.sign_out(session_id)  # no browser has it
        return form(next, error=no_cookies())

    @routes.post("/login")
    def login(request: Request, username: Field = "", password: Field = "", next: Field = "/") -> Response:
        try:
            with rate_limit.counted(address_key(address(request)), "account:" + key(username)[:100]):
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
        return RedirectResponse("/account", 303)  # has the button; a link must not sign anyone out


def _setup(routes: APIRouter, accounts: Accounts, rate_limit: RateLimit, checks: CookieChecks) -> None:
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
            with rate_limit.counted(address_key(address(request))):
                return form(accounts.invitation(token))
        except StudioError as error:
            return refusal(error, request.scope)

    @routes.post("/setup/{token}")
    def setup(request: Request, token: str, name: Field = "", password: Field = "", again: Optional = None) -> Response:
        try:
            with rate_limit.counted(address_key(address(request))):
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
    """Sign in. Browsers are redirected through the sign-in page, which checks that the cookie was kept."""
    session_id = sign_in(request, accounts, user)
    if not wants_page(request.headers):
        return JSONResponse({"success": True})
    return RedirectResponse(f"/login?next={quote(next, safe='')}&signed_in={checks.begin(session_id)}", 303)
