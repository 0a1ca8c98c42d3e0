"""How the gate and the sign-in pages say no: a page for a person, StudioError's shape for a program."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import Scope

from auth.tries import TooManyTries
from errors import StudioError

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """One of our own pages: no scripts, nothing from elsewhere, never kept by the browser."""
    html = _templates.get_template(template).render(**values)
    return HTMLResponse(html, status, {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"})


def wants_page(headers: Headers) -> bool:
    """Whether a person's browser is asking for a page, not a script for data."""
    return "text/html" in headers.get("accept", "")


def not_signed_in() -> StudioError:
    """The answer to anyone the gate does not know."""
    return StudioError(
        "not_signed_in",
        "You are not signed in.",
        "Everything here belongs to the people of this studio.",
        "Sign in at /login, or send a token: Authorization: Bearer c41_…",
        status=401,
    )


def token_unknown() -> StudioError:
    """The answer to a script whose token the studio does not know."""
    return StudioError(
        "token_unknown",
        "This token is invalid or was revoked.",
        "The studio knows no such token.",
        "Make a new one under Menu → Account, and send it whole: Authorization: Bearer c41_…",
        status=401,
    )


def refusal(error: StudioError, scope: Scope) -> Response:
    """The response that tells whoever asked what went wrong."""
    headers = Headers(scope=scope)
    if wants_page(headers) and scope["method"] in ("GET", "HEAD") and error.problem.code == "not_signed_in":
        query = scope["query_string"].decode("latin-1")
        return RedirectResponse("/login?next=" + quote(scope["path"] + ("?" + query if query else "")), 303)
    response: Response
    if wants_page(headers):
        response = page("problem.html", error.status, title="That did not work", problem=error.problem)
    else:
        body = error.problem.model_dump()
        if scope["path"].startswith("/gradio_api/"):
            body["detail"] = _detail(error)
        response = JSONResponse(body, error.status, {"Cache-Control": "no-store"})
    if error.status == 401 and not wants_page(headers):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyTries):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def _detail(error: StudioError) -> str | list[dict[str, Any]]:
    """What Gradio's page and client show: of a 422 they read only a list of what is wrong with which parameter."""
    told = error.problem.sentence
    if error.status != 422:
        return told
    return [{"__type__": "validate", "is_valid": False, "parameter_name": "request", "message": told}]
