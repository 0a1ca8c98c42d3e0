"""The owner's view of all accounts, sign-ins and tokens, and the actions on them."""

import re
import time

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from auth.accounts import links
from auth.accounts.principal import Role
from auth.accounts.principal_cache import PrincipalCache
from auth.accounts.sessions import as_role, end_others
from auth.accounts.tables import Identity, LoginSession, OneTimeLink, Token, User
from db import Database
from errors import StudioError, not_found

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


class PersonView(BaseModel):
    """A person as the owner sees them. Times are seconds since 1970.

    ``invited`` means they have not chosen a password yet; ``link_until`` is when their open link expires; ``linked``
    means they can also sign in through the identity provider.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    role: Role
    disabled: bool
    invited: bool
    email: str | None
    linked: bool
    seen_at: float | None
    browsers: int
    tokens: int
    link_until: float | None


class SignInView(BaseModel):
    """A browser someone is signed in with.

    ``address`` is the IP address it signed in from, empty if unknown; ``here`` marks the browser making the request.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    user_id: str
    owner: str
    device: str
    address: str
    created_at: float
    seen_at: float
    here: bool


class OwnedToken(BaseModel):
    """Someone's token, without its secret."""

    model_config = ConfigDict(frozen=True)

    id: str
    user_id: str
    owner: str
    name: str
    created_at: float
    used_at: float | None


class PeopleAdmin:
    """Manages all people. Safe to use from any thread."""

    def __init__(self, database: Database, principal_cache: PrincipalCache) -> None:
        self._database = database
        self._principal_cache = principal_cache

    # -- reading

    def people(self) -> list[PersonView]:
        """Return everyone, sorted by name."""
        now = time.time()
        with self._database.session() as session:
            users = session.scalars(select(User).order_by(func.lower(User.name))).all()
            browsers = _counted(session, LoginSession.user_id, LoginSession.expires_at > now)
            tokens = _counted(session, Token.user_id)
            linked = set(session.scalars(select(Identity.user_id)))
            open_links = select(OneTimeLink.user_id, func.max(OneTimeLink.expires_at)).where(
                OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now
            )
            until = dict(session.execute(open_links.group_by(OneTimeLink.user_id)).tuples().all())
        return [
            PersonView(
                id=user.id,
                name=user.name,
                role=as_role(user.role),
                disabled=user.disabled,
                invited=user.password_hash is None,
                email=user.email,
                linked=user.id in linked,
                seen_at=user.seen_at,
                browsers=browsers.get(user.id, 0),
                tokens=tokens.get(user.id, 0),
                link_until=until.get(user.id),
            )
            for user in users
        ]

    def person(self, user_id: str) -> PersonView:
        """Return one person. Raises StudioError not_found."""
        person_view = next((person for person in self.people() if person.id == user_id), None)
        if person_view is None:
            raise not_found("person")
        return person_view

    def devices(self, current_session: str | None) -> list[SignInView]:
        """Return every signed-in browser, last used first; ``here`` is the session id of the caller."""
        query = select(LoginSession, User.name).join(User, User.id == LoginSession.user_id)
        query = query.where(LoginSession.expires_at > time.time()).order_by(LoginSession.seen_at.desc())
        with self._database.session() as session:
            return [
                SignInView(
                    id=row.id,
                    user_id=row.user_id,
                    owner=owner,
                    device=row.device,
                    address=row.address,
                    created_at=row.created_at,
                    seen_at=row.seen_at,
                    here=row.id == current_session,
                )
                for row, owner in session.execute(query).tuples()
            ]

    def tokens(self) -> list[OwnedToken]:
        """Return everyone's tokens, by owner, newest first."""
        query = select(Token, User.name).join(User, User.id == Token.user_id)
        query = query.order_by(func.lower(User.name), Token.created_at.desc())
        with self._database.session() as session:
            return [
                OwnedToken(
                    id=row.id,
                    user_id=row.user_id,
                    owner=owner,
                    name=row.name,
                    created_at=row.created_at,
                    used_at=row.used_at,
                )
                for row, owner in session.execute(query).tuples()
            ]

    # -- changing

    def new_link(self, user_id: str, tokens: bool = False) -> str:
        """Remove a person's password and sign them out everywhere; with ``tokens``, also revoke their tokens.

        Returns the path where they choose a new password. Raises StudioError not_found, disabled (409).
        """
        with self._database.session() as session:
            user = _get(session, user_id)
            if user.disabled:
                what = f"Sign-in is blocked for {user.name}."
                raise StudioError("disabled", what, "A link would not work.", "Allow sign-in first.", 409)
            user.password_hash = None
            _out(session, user_id, tokens)
            path = links.make(session, "password", user_id)
        self._principal_cache.forget()
        return path

    def sign_out(self, user_id: str, tokens: bool = False) -> None:
        """Sign out a person's browsers; with ``tokens``, also revoke their tokens. Raises StudioError not_found."""
        with self._database.session() as session:
            _get(session, user_id)
            _out(session, user_id, tokens)
        self._principal_cache.forget()

    def end_device(self, session_id: str) -> None:
        """Sign out one browser. Raises StudioError not_found."""
        with self._database.session() as session:
            ended = delete(LoginSession).where(LoginSession.id == session_id).returning(LoginSession.id)
            gone = session.execute(ended).first()
        self._principal_cache.forget()
        if gone is None:
            raise not_found("browser")

    def set_disabled(self, user_id: str, disabled: bool) -> None:
        """Block a person with all their browsers and tokens, or let them in again with their old password.

        Raises StudioError not_found, last_owner (409).
        """
        with self._database.session(immediate=True) as session:
            user = _get(session, user_id)
            if disabled:
                _keep_an_owner(session, user)
                end_others(session, user_id, keep=None)
            user.disabled = disabled
        self._principal_cache.forget()

    def set_role(self, user_id: str, role: Role) -> None:
        """Make a person an owner or a member. Raises StudioError not_found, last_owner (409)."""
        with self._database.session(immediate=True) as session:
            user = _get(session, user_id)
            if role != "owner":
                _keep_an_owner(session, user)
            user.role = role
        self._principal_cache.forget()

    def set_email(self, user_id: str, email: str | None) -> None:
        """Set the email address an identity provider knows a person by; None removes it.

        Raises StudioError not_found, bad_email (422), email_taken (409).
        """
        with self._database.session(immediate=True) as session:
            user = _get(session, user_id)
            user.email = clean_email(session, email, user_id) if email else None


def clean_email(session: Session, email: str, user_id: str | None) -> str:
    """Return an email address as stored. Raises StudioError if it is invalid or another person's."""
    email = email.strip().lower()
    if len(email) > 200 or not _EMAIL.fullmatch(email):
        raise StudioError(
            "bad_email", "This is not an email address.", next="Write it like ann@example.org.", status=422
        )
    holder = session.scalar(select(User.name).where(User.email == email, User.id.is_distinct_from(user_id)))
    if holder is not None:
        raise StudioError("email_taken", f"This address belongs to {holder}.", next="Use another one.", status=409)
    return email


def _get(session: Session, user_id: str) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise not_found("person")
    return user


def _out(session: Session, user_id: str, tokens: bool) -> None:
    end_others(session, user_id, keep=None)
    if tokens:
        session.execute(delete(Token).where(Token.user_id == user_id))


def _keep_an_owner(session: Session, user: User) -> None:
    others = select(User.id).where(User.role == "owner", User.disabled.is_(False), User.id != user.id)
    if user.role == "owner" and not session.scalars(others.limit(1)).all():
        raise StudioError(
            "last_owner",
            f"{user.name} is the only owner of the studio.",
            "Without an owner, nobody could add people.",
            "Make someone else an owner first.",
            status=409,
        )


def _counted(session: Session, column: InstrumentedAttribute[str], *where: ColumnElement[bool]) -> dict[str, int]:
    return dict(session.execute(select(column, func.count()).where(*where).group_by(column)).tuples().all())
