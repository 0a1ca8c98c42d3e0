"""The one who asks: resolved once a request by the gate, passed to every service."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

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
