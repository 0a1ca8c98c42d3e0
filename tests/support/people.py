"""People for tests: ann owns the studio, bob is a member."""

from dataclasses import dataclass

from starlette.types import ASGIApp

from auth.accounts.principal import Principal
from studio import Studio
from tests.support.clients import Client

PASSWORD = "a quiet red house"


@dataclass(frozen=True)
class Person:
    """A person with an account: their principal for services, and a client with their token."""

    who: Principal
    token: str
    client: Client


def admit(studio: Studio, app: ASGIApp, name: str) -> Person:
    """Create an account with an invite link, for the first person (the owner) or another one, and an access token."""
    path = studio.accounts.first_run_link() or studio.accounts.add(name)
    user = studio.accounts.use_link(path.rpartition("/")[2], name, PASSWORD)
    who = Principal(user_id=user.id, name=user.name, role=user.role, via="token")
    token = studio.accounts.new_token(who, "tests")
    return Person(who, token, Client(app, headers={"Authorization": f"Bearer {token}"}))


def browser(app: ASGIApp, name: str) -> Client:
    """A browser signed in as an existing person."""
    client = Client(app)
    answer = client.post("/login", data={"username": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return client
