"""People, browsers and access tokens, for the owner only. Changes require a browser."""

from typing import Literal

from fastapi import Request
from pydantic import StrictBool

from api.bodies import Body, JsonObject, validate
from api.operations.registry import Absent, Id, Operations
from api.principal import InPerson, Owner
from api.studio_links import NewLink, new_link
from auth.accounts.people_admin import OwnedToken, PersonView, SignInView
from studio import Studio

operations = Operations()


class NewPerson(Body):
    """A person to add."""

    name: str
    role: Literal["owner", "member"] = "member"
    email: str | None = None


class PersonChange(Body):
    """Changes to a person; omitted fields stay. An empty ``email`` removes it."""

    role: Literal["owner", "member"] | None = None
    disabled: StrictBool | None = None
    email: str | None = None


class SignOutBody(Body):
    """Whether to revoke tokens too."""

    tokens: StrictBool = False


@operations.add("GET /api/studio/people", Absent.OWNER)
def people(studio: Studio, _: Owner) -> list[PersonView]:
    """List everyone, with when they were last active."""
    return studio.accounts.people_admin.people()


@operations.add("POST /api/studio/people", Absent.OWNER, status=201)
def add_person(studio: Studio, _: InPerson, request: Request, body: JsonObject) -> NewLink:
    """Add a person: ``{"name", "role", "email"}``. Returns a link, not shown again, where they choose a password."""
    new = validate(NewPerson, body)
    path = studio.accounts.add(new.name, new.role, new.email)
    return new_link(studio, request, " ".join(new.name.split()), path)


@operations.add("POST /api/studio/people/{id}", Absent.OWNER)
def change_person(studio: Studio, _: InPerson, person_id: Id, body: JsonObject) -> PersonView:
    """Change a person: ``{"role", "disabled", "email"}``, each optional."""
    people_admin = studio.accounts.people_admin
    one, change = people_admin.person(person_id), validate(PersonChange, body)
    if change.role is not None:
        people_admin.set_role(one.id, change.role)
    if change.disabled is not None:
        people_admin.set_disabled(one.id, change.disabled)
        studio.jobs.end_shut_out()
    if change.email is not None:
        people_admin.set_email(one.id, change.email or None)
    return people_admin.person(one.id)


@operations.add("POST /api/studio/people/{id}/link", Absent.OWNER)
def renew_link(studio: Studio, _: InPerson, request: Request, person_id: Id, body: JsonObject) -> NewLink:
    """Remove a person's password and sign them out; ``{"tokens"}`` revokes their tokens too. Returns a new link."""
    people_admin = studio.accounts.people_admin
    one = people_admin.person(person_id)
    return new_link(studio, request, one.name, people_admin.new_link(one.id, validate(SignOutBody, body).tokens))


@operations.add("POST /api/studio/people/{id}/sign-out", Absent.OWNER, status=204)
def sign_out_person(studio: Studio, _: InPerson, person_id: Id, body: JsonObject) -> None:
    """Sign a person out of every browser; ``{"tokens"}`` revokes their tokens too."""
    people_admin = studio.accounts.people_admin
    people_admin.sign_out(people_admin.person(person_id).id, validate(SignOutBody, body).tokens)


@operations.add("GET /api/studio/devices", Absent.OWNER)
def devices(studio: Studio, who: Owner) -> list[SignInView]:
    """List every signed-in browser, last used first."""
    return studio.accounts.people_admin.devices(who.session)


@operations.add("DELETE /api/studio/devices/{id}", Absent.OWNER, status=204)
def sign_out_device(studio: Studio, _: InPerson, device_id: Id) -> None:
    """Sign out one browser."""
    studio.accounts.people_admin.end_device(device_id)


@operations.add("GET /api/studio/tokens", Absent.OWNER)
def tokens(studio: Studio, _: Owner) -> list[OwnedToken]:
    """List everyone's tokens, without their secrets."""
    return studio.accounts.people_admin.tokens()


@operations.add("DELETE /api/studio/tokens/{id}", Absent.OWNER, status=204)
def revoke_token(studio: Studio, _: InPerson, token_id: Id) -> None:
    """Revoke anyone's token."""
    studio.accounts.revoke(None, token_id)
