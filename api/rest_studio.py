"""REST: what the owner looks after: people, tokens, devices, health. Nobody else gets in."""

import time
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError

from api.bodies import JsonObject
from api.principal import Who
from api.studio_about import About, about
from api.studio_backup import Backups, BackupView
from api.studio_failures import FailureView, failures
from api.studio_health import Health, HealthLook
from api.studio_unclaimed import Reclaim, UnclaimedView
from auth import qr
from auth.base_url import base_url, is_loopback, page_url, terminal_url
from auth.certificate import fingerprint
from auth.household import DeviceView, OwnedToken, PersonView
from auth.lan import LAN, house_url
from auth.links import LIFETIME
from auth.principal import Principal, require_browser
from auth.trust import folder_of
from errors import StudioError, reason
from jobs.words import duration
from studio import Studio

_ONLY_HERE = (
    "This studio listens to this machine alone, so the link opens here only. To let phones and other computers "
    "in, start it with: make run HOST=lan"
)
_UNKNOWN = (
    "The studio cannot tell which address other devices open it at, so the link opens here only. Set C41_BASE_URL to "
    "that address."
)
Body = TypeVar("Body", bound=BaseModel)


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewPerson(_Asked):
    """Somebody to let in."""

    name: str
    role: Literal["owner", "member"] = "member"
    email: str | None = None


class PersonChange(_Asked):
    """What is to be different about a person; what is left out stays. An empty ``email`` removes it."""

    role: Literal["owner", "member"] | None = None
    disabled: StrictBool | None = None
    email: str | None = None


class Ending(_Asked):
    """Whether tokens end too."""

    tokens: StrictBool = False


class NewLink(BaseModel):
    """A one-time sign-in link, told this once. ``qr`` is an SVG of it; ``note`` says where it does not open."""

    model_config = ConfigDict(frozen=True)

    name: str
    url: str
    qr: str
    words: str
    expires_at: float
    note: str


class Phone(BaseModel):
    """Where a phone of the house finds the studio; ``url`` is empty where it cannot. ``fingerprint`` is what its
    settings show of the certificate (SHA-256), empty without one.
    """

    model_config = ConfigDict(frozen=True)

    url: str
    qr: str
    trust: str
    fingerprint: str
    words: str


async def _owner(who: Who) -> Principal:
    if who.role != "owner":
        raise StudioError("owners_only", "This is for the owner of the studio.", next="Ask them to do it.", status=403)
    return who


async def _in_person(who: "Owner") -> Principal:
    """A token that got into wrong hands must neither let anybody in nor shut anybody out."""
    require_browser(who, "Sign in with a browser: Menu → Studio.")
    return who


Owner = Annotated[Principal, Depends(_owner)]
InPerson = Annotated[Principal, Depends(_in_person)]


def add_to(router: APIRouter, studio: Studio) -> None:
    """Add the routes of the Studio page."""
    _add_people(router, studio)
    _add_access(router, studio)
    _add_machine(router, studio)


def _add_people(router: APIRouter, studio: Studio) -> None:
    def person(who: Owner, id: str) -> PersonView:
        return studio.accounts.household.person(id)

    @router.get("/api/studio/people")
    def people(_: Owner) -> list[PersonView]:
        """Everybody, with when they were last here."""
        return studio.accounts.household.people()

    @router.post("/api/studio/people", status_code=201)
    def add_person(request: Request, _: InPerson, body: JsonObject) -> NewLink:
        """Let somebody in: ``{"name", "role", "email"}``; the link where they choose a password, this once."""
        asked = _read(NewPerson, body)
        path = studio.accounts.add(asked.name, asked.role, asked.email)
        return _link(studio, request, " ".join(asked.name.split()), path)

    @router.post("/api/studio/people/{id}")
    def change_person(_: InPerson, one: Annotated[PersonView, Depends(person)], body: JsonObject) -> PersonView:
        """Change somebody: ``{"role", "disabled", "email"}``, each if it is there."""
        asked, household = _read(PersonChange, body), studio.accounts.household
        if asked.role is not None:
            household.set_role(one.id, asked.role)
        if asked.disabled is not None:
            household.set_disabled(one.id, asked.disabled)
            studio.jobs.end_shut_out()
        if asked.email is not None:
            household.set_email(one.id, asked.email or None)
        return household.person(one.id)

    @router.post("/api/studio/people/{id}/link")
    def new_link(
        request: Request, _: InPerson, one: Annotated[PersonView, Depends(person)], body: JsonObject
    ) -> NewLink:
        """Forget somebody's password and sign them out: ``{"tokens"}`` ends their tokens too; a link for a new one."""
        path = studio.accounts.household.new_link(one.id, _read(Ending, body).tokens)
        return _link(studio, request, one.name, path)

    @router.post("/api/studio/people/{id}/sign-out", status_code=204)
    def sign_out_person(_: InPerson, one: Annotated[PersonView, Depends(person)], body: JsonObject) -> None:
        """Sign somebody out of every browser: ``{"tokens"}`` ends their tokens too."""
        studio.accounts.household.sign_out(one.id, _read(Ending, body).tokens)


def _add_access(router: APIRouter, studio: Studio) -> None:
    @router.get("/api/studio/devices")
    def devices(who: Owner) -> list[DeviceView]:
        """Every signed-in browser, the last used first."""
        return studio.accounts.household.devices(who.session)

    @router.delete("/api/studio/devices/{id}", status_code=204)
    def sign_out_device(_: InPerson, id: str) -> None:
        """Sign one browser out."""
        studio.accounts.household.end_device(id)

    @router.get("/api/studio/tokens")
    def tokens(_: Owner) -> list[OwnedToken]:
        """Everybody's tokens, without their secrets."""
        return studio.accounts.household.tokens()

    @router.delete("/api/studio/tokens/{id}", status_code=204)
    def revoke_token(_: InPerson, id: str) -> None:
        """End a token, whoever's it is."""
        studio.accounts.revoke(None, id)


def _add_machine(router: APIRouter, studio: Studio) -> None:
    look, backups, reclaim = HealthLook(studio), Backups(studio), Reclaim(studio)

    @router.get("/api/studio/health")
    def health(_: Owner) -> Health:
        """How the studio is doing."""
        return look.look()

    @router.get("/api/studio/failures")
    def failed(_: Owner) -> list[FailureView]:
        """What went wrong in the last 30 days, by cause; never what was asked for."""
        return failures(studio.database)

    @router.get("/api/studio/backup")
    def backup(_: Owner) -> BackupView:
        """The last backup, and how far the one being made has come."""
        return backups.view()

    @router.post("/api/studio/backup", status_code=202)
    def make_backup(_: Owner) -> BackupView:
        """Begin a backup, in the background."""
        return backups.start()

    @router.get("/api/studio/unclaimed")
    def unclaimed(_: Owner) -> UnclaimedView:
        """How many files of people have no entry in the database, and how far taking them back has come."""
        return reclaim.view()

    @router.post("/api/studio/unclaimed", status_code=202)
    def take_back(who: Owner) -> UnclaimedView:
        """Begin to take them back into the library, in the background."""
        return reclaim.start(who)

    @router.get("/api/studio/phone")
    def phone(request: Request, _: Owner) -> Phone:
        """Where the phones of the house find the studio."""
        return _phone(studio, request)

    @router.get("/api/studio/about")
    def about_studio(_: Owner) -> About:
        """The version, the settings in effect, what is new."""
        return about(studio.settings, studio.data.root)


def _read(model: type[Body], data: dict[str, Any]) -> Body:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0])[:60] if first["loc"] else "request"
        raise StudioError("bad_value", f"“{field}” cannot be that.", reason(first), status=422) from error


def _address(studio: Studio, request: Request) -> tuple[str, str]:
    """The studio's address for links, and why other devices cannot use it; empty where they can."""
    settings = studio.settings
    here = base_url(request, settings) or page_url(request)
    if here and not is_loopback(here):
        return here, ""
    if settings.host == LAN and not settings.base_url and (house := house_url(settings.port)):
        return house, ""
    return here or terminal_url(settings), _ONLY_HERE if here else _UNKNOWN


def _link(studio: Studio, request: Request, name: str, path: str) -> NewLink:
    address, note = _address(studio, request)
    url = f"{address}{path}"
    return NewLink(
        name=name,
        url=url,
        qr=qr.svg(url),
        words=f"It works once, within {duration(LIFETIME)}. It is shown this once.",
        expires_at=time.time() + LIFETIME,
        note=note,
    )


def _phone(studio: Studio, request: Request) -> Phone:
    url, note = _address(studio, request)
    if note:
        return Phone(url="", qr="", trust="", fingerprint="", words=note.replace(", so the link opens here only", ""))
    authority = folder_of(studio.data).authority() if studio.settings.host == LAN else None
    words = "Point the phone's camera at the code. Phone and studio have to be in the same network."
    if not url.startswith("https:"):
        words += " Without https a phone gives no microphone and no notifications: make run HOST=lan"
    return Phone(
        url=url,
        qr=qr.svg(url),
        trust=f"{url}/trust" if authority else "",
        fingerprint=fingerprint(authority) if authority else "",
        words=words,
    )
