"""The pages of signing in elsewhere: to the provider, back from it, and linking it to one's account."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from auth.accounts import Accounts
from auth.answers import page, refusal, wants_page
from auth.base_url import base_url
from auth.doors import address, safe_next, sign_in
from auth.gate import principal
from auth.oidc import Provider
from auth.principal import require_browser
from auth.tables import User
from auth.tries import Tries, address_key
from errors import StudioError
from settings import Settings

_NEXT, _LINKING = "oidc_next", "oidc_linking"

Form = Callable[[str, str, StudioError | None], Response]
"""The sign-in page: where to go next, the name typed so far, what went wrong."""


def add(
    routes: APIRouter, accounts: Accounts, provider: Provider, tries: Tries, form: Form, settings: Settings
) -> None:
    """Add /oidc/start and /oidc/callback, and linking to /account."""

    def wrong(request: Request, error: StudioError, next: str) -> Response:
        return form(next, "", error) if wants_page(request.headers) else refusal(error, request.scope)

    @routes.get("/oidc/start")
    async def start(request: Request, next: str = "/") -> Response:
        try:
            with tries.counted("oidc:" + address_key(address(request))):
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
            with tries.counted("oidc:" + address_key(address(request))):
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
        # Not a redirect: the page's policy lets its forms lead nowhere but here.
        return page("onward.html", title="One moment", name=provider.name, where="/oidc/start?next=/account")

    @routes.post("/account/oidc/unlink")
    def unlink(request: Request) -> Response:
        try:
            require_browser(principal(request))
            accounts.identities.unlink(principal(request).user_id)
        except StudioError as error:
            return refusal(error, request.scope)
        return RedirectResponse("/account", 303)


def _back(request: Request, settings: Settings) -> str:
    """Where the provider sends the browser to: it has to know this address. Raises StudioError where we do not."""
    base = base_url(request, settings)
    if base is None:
        raise StudioError(
            "oidc_address_unknown",
            "Signing in that way does not work from this address.",
            "The studio cannot tell whether the address is its own, so it does not send you away with it.",
            "The owner of the studio can set C41_BASE_URL to the address people use. Your password works as ever.",
            status=400,
        )
    return f"{base}{request.app.url_path_for('callback')}"
