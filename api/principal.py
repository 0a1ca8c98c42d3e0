"""The one who asks, as the gate left them on the request."""

from typing import Annotated, Any

from fastapi import Depends, Request

from auth.principal import Principal
from errors import StudioError


def principal(request: Any) -> Principal:
    """The person behind a FastAPI or a Gradio request. Raises StudioError sign_in where the gate let nobody through."""
    who = getattr(getattr(request, "request", request).state, "principal", None)
    if not isinstance(who, Principal):
        raise StudioError("sign_in", "Nobody is signed in.", next="Sign in, or send a bearer token.", status=401)
    return who


async def _who(request: Request) -> Principal:
    return principal(request)


Who = Annotated[Principal, Depends(_who)]
"""A route's parameter: the person who asks."""
