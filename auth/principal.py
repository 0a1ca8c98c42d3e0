"""The one who asks: resolved once a request by the gate, passed to every service."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from errors import StudioError

Role = Literal["owner", "member", "guest"]


class Principal(BaseModel):
    """A signed-in person or a script acting for one.

    ``via`` says how they proved it; ``session`` is the id of the browser session, None for tokens.
    """

    model_config = ConfigDict(frozen=True)

    user_id: str
    name: str
    role: Role
    via: Literal["session", "token"] = "session"
    session: str | None = None


def require_browser(who: Principal, next: str = "Sign in with a browser and use /account.") -> None:
    """Refuse a token what gives or ends access: in the wrong hands it must not be able to make itself at home.

    Raises StudioError sign_in_needed (403) that says what to do ``next``.
    """
    if who.via != "session":
        raise StudioError("sign_in_needed", "A script cannot do that.", next=next, status=403)
