"""Routes for signing in with an identity provider, and for linking it to an account."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from auth.accounts.oidc import Provider
from auth.accounts.principal import require_browser
from auth.accounts.tables import User
from auth.accounts.users import Accounts
from auth.http.base_url import base_url
from auth.http.gate import principal
from auth.http.rate_limit import RateLimit, address_key
from auth.http.responses import page, refusal, wants_page
from auth.http.session_cookie import address, safe_next, sign_in
from errors import StudioError
from settings import Settings

_NEXT, _LINKING = "oidc_next", "oidc_linking"

Form = Callable[[str, str, StudioError | None], Response]
"""The sign-in page from: the path to open next, the name typed so far, the error."""


def add(
    routes: APIRouter, accounts: Accounts, provider: Provider, rate_limit: RateLimit, form: Form, settings: Settings
) -> None:
    """Add /oidc/start and /oidc/callback, and linking to /account."""

    def wrong(request: Request, error: StudioError, next: str) -> Response:
        return form(next, "", error) if wants_page(request.headers) else refusal(error, request.scope)

    @routes.get("/oidc/start")
    async def start(request: Request, next: str = "/") -> Response:
        try:
            with rate_limit.counted("oidc:" + address_key(address(request))):
                answer = await provider.start(request, _back(request, settings))
        except StudioError as error:
            return wrong(request, error, next)
        request.session[_NEXT] = safe_next(next)
        return answer

    @routes.get("/oidc/callback")
    async def callback(request: Request) -> Response:
        next, linking = request.session.pop(_NEXT, "/"), request.session.pop(_LINKING, None)
        who = request.state.principal
        try:
            with rate_limit.counted("oidc:" + address_key(address(request))):
                claims = await provider.finish(request)
                if linking and who and who.user_id == linking:
                    require_browser(who)
                    await run_in_threadpool(accounts.identities.link, claims, who.user_id)
                    return RedirectResponse("/account", 303)
                user: User = await run_in_threadpool(accounts.identities.user, claims)
        except StudioError as error:
            return wrong(request, error, next)
        await run_in_threadpool(sign_in, request, accounts, user)
        return RedirectResponse(next, 303)

    @routes.post("/account/oidc/link")
    def link(request: Request) -> Response:
        try:
            require_browser(principal(request))
        except StudioError as error:
            return refusal(error, request.scope)
        request.session[_LINKING] = principal(request).user_id
        # Not a redirect: the page's policy allows forms to lead only to this site.
        return page("onward.html", title="Continue", name=provider.name, where="/oidc/start?next=/account")

    @routes.post("/account/oidc/unlink")
    def unlink(request: Request) -> Response:
        try:
            require_browser(principal(request))
            accounts.identities.unlink(principal(request).user_id)
        except StudioError as error:
            return refusal(error, request.scope)
        return RedirectResponse("/account", 303)


def _back(request: Request, settings: Settings) -> str:
    """Return the address the provider sends the browser back to. Raises StudioError if the studio does not know it."""
    base = base_url(request, settings)
    if base is None:
        raise StudioError(
            "oidc_address_unknown",
            "This sign-in does not work from this address.",
            "The studio cannot verify that the address is its own.",
            "Sign in with your password. The owner of the studio can set C41_BASE_URL to the address people use.",
            status=400,
        )
    return f"{base}{request.app.url_path_for('callback')}"
