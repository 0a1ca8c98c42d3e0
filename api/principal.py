"""The caller of a request, as set by the gate."""

from typing import Annotated, Any

from fastapi import Depends, Request

from auth.accounts.principal import Principal, require_browser
from errors import StudioError


def principal(request: Any) -> Principal:
    """Return the caller of a FastAPI or Gradio request. Raises StudioError sign_in if the gate set none."""
    who = getattr(getattr(request, "request", request).state, "principal", None)
    if not isinstance(who, Principal):
        raise StudioError("sign_in", "You are not signed in.", next="Sign in, or send an access token.", status=401)
    return who


async def _who(request: Request) -> Principal:
    return principal(request)


Who = Annotated[Principal, Depends(_who)]
"""A route's parameter: the caller."""


async def _owner(who: Who) -> Principal:
    if who.role != "owner":
        raise StudioError("owners_only", "Only the owner of the studio can do this.", next="Ask the owner.", status=403)
    return who


Owner = Annotated[Principal, Depends(_owner)]
"""A route's parameter: the caller, who is an owner."""


async def _in_person(who: Owner) -> Principal:
    """Refuse tokens: a stolen one must not add or block people."""
    require_browser(who, "Sign in with a browser: Menu → Studio.")
    return who


InPerson = Annotated[Principal, Depends(_in_person)]
"""A route's parameter: the caller, who is an owner in a browser."""
