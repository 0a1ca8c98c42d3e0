"""Error responses of the gate and the sign-in pages: an HTML page for people, StudioError's JSON for programs."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import Scope

from auth.http.rate_limit import TooManyAttempts
from errors import StudioError

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_TEMPLATES = Path(__file__).parents[1] / "pages" / "templates"
_templates = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Render one of our own pages: no scripts, no external content, no caching."""
    html = _templates.get_template(template).render(**values)
    return HTMLResponse(html, status, {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"})


def wants_page(headers: Headers) -> bool:
    """Return whether the client wants an HTML page, as browsers do."""
    return "text/html" in headers.get("accept", "")


def not_signed_in() -> StudioError:
    """Return the error for unknown callers."""
    return StudioError(
        "not_signed_in",
        "You are not signed in.",
        "Only people with an account can use this studio.",
        "Sign in at /login, or send an access token: Authorization: Bearer c41_…",
        status=401,
    )


def token_unknown() -> StudioError:
    """Return the error for an unknown token."""
    return StudioError(
        "token_unknown",
        "This token is invalid or was revoked.",
        "It may also be incomplete.",
        "Create a new one under Menu → Account and send all of it: Authorization: Bearer c41_…",
        status=401,
    )


def refusal(error: StudioError, scope: Scope) -> Response:
    """Return the response for an error: a redirect to the sign-in page, an HTML page, or JSON."""
    headers = Headers(scope=scope)
    if wants_page(headers) and scope["method"] in ("GET", "HEAD") and error.problem.code == "not_signed_in":
        query = scope["query_string"].decode("latin-1")
        return RedirectResponse("/login?next=" + quote(scope["path"] + ("?" + query if query else "")), 303)
    response: Response
    if wants_page(headers):
        response = page("problem.html", error.status, title="Error", problem=error.problem)
    else:
        body = error.problem.model_dump()
        if scope["path"].startswith("/gradio_api/"):
            body["detail"] = _detail(error)
        response = JSONResponse(body, error.status, {"Cache-Control": "no-store"})
    if error.status == 401 and not wants_page(headers):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def _detail(error: StudioError) -> str | list[dict[str, Any]]:
    """Return the detail Gradio's page and client show; for a 422 they only read a list of invalid parameters."""
    sentence = error.problem.sentence
    if error.status != 422:
        return sentence
    return [{"__type__": "validate", "is_valid": False, "parameter_name": "request", "message": sentence}]
