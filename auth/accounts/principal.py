"""The caller: resolved once per request by the gate, passed to every service."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from errors import StudioError

Role = Literal["owner", "member", "guest"]


class Principal(BaseModel):
    """A signed-in person or a script acting for one.

    ``via`` is how they signed in; ``session`` is the id of the browser session, None for tokens.
    """

    model_config = ConfigDict(frozen=True)

    user_id: str
    name: str
    role: Role
    via: Literal["session", "token"] = "session"
    session: str | None = None


def require_browser(who: Principal, next: str = "Sign in with a browser and open /account.") -> None:
    """Refuse tokens for actions that grant or end access, so that a stolen token cannot extend its own access.

    Raises StudioError sign_in_needed (403) with ``next`` as advice.
    """
    if who.via != "session":
        raise StudioError("sign_in_needed", "Access tokens cannot do this.", next=next, status=403)
