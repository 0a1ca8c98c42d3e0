"""People for tests: ann owns the studio, bob is a member."""

from dataclasses import dataclass

from starlette.testclient import TestClient
from starlette.types import ASGIApp

from auth.principal import Principal
from studio import Studio

PASSWORD = "a quiet red house"


@dataclass(frozen=True)
class Person:
    """Someone with an account: who they are to services, and a client that acts for them with their token."""

    who: Principal
    token: str
    client: TestClient


def admit(studio: Studio, app: ASGIApp, name: str) -> Person:
    """Let somebody in by a link, as the first (the owner) or a further person, and make them a token."""
    path = studio.accounts.first_run_link() or studio.accounts.add(name)
    user = studio.accounts.use_link(path.rpartition("/")[2], name, PASSWORD)
    who = Principal(user_id=user.id, name=user.name, role=user.role, via="token")
    token = studio.accounts.new_token(who, "tests")
    return Person(who, token, TestClient(app, headers={"Authorization": f"Bearer {token}"}))


def browser(app: ASGIApp, name: str) -> TestClient:
    """A browser that is signed in as somebody who was let in."""
    client = TestClient(app)
    answer = client.post("/login", data={"username": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return client
