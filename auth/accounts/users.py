"""People and how they sign in: passwords, sessions, access tokens, one-time links."""

import time
from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from auth.accounts import links, passwords
from auth.accounts.identities import Identities
from auth.accounts.links import Invitation
from auth.accounts.names import clean_name, key
from auth.accounts.people_admin import PeopleAdmin, PersonView, clean_email
from auth.accounts.principal import Principal, Role
from auth.accounts.principal_cache import PrincipalCache
from auth.accounts.sessions import Sessions, SessionView, end_others
from auth.accounts.tables import OneTimeLink, User
from auth.accounts.tokens import Tokens, TokenView
from auth.http.gradio_uploads import Uploads
from db import Database
from errors import StudioError
from settings import Settings


class Accounts:
    """Everything about people. Safe to use from any thread."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._principal_cache = PrincipalCache()
        self._sessions = Sessions(database, self._principal_cache, settings.session_days)
        self._tokens = Tokens(database, self._principal_cache)
        self._uploads = Uploads(database)
        self.people_admin = PeopleAdmin(database, self._principal_cache)
        self.identities = Identities(database, settings.oidc_allow)
        self._names: dict[str, str] = {}

    # People

    def first_run_link(self) -> str | None:
        """Return a new path for creating the first account, valid for 24 hours; None once there is an owner."""
        with self._database.session() as session:
            if _owners(session):
                return None
            return links.make(session, "first", None)

    def add(self, name: str, role: Literal["owner", "member"] = "member", email: str | None = None) -> str:
        """Add a person; ``email`` is the address an identity provider knows them by.

        Returns the path where they choose their password. Raises StudioError for an invalid name or address, and for
        one that is taken (409).
        """
        with self._database.session(immediate=True) as session:
            user = _insert(session, name, role)
            user.email = clean_email(session, email, user.id) if email else None
            if role == "owner":
                session.execute(delete(OneTimeLink).where(OneTimeLink.purpose == "first"))
            return links.make(session, "password", user.id)

    def reset(self, name: str, tokens: bool = False) -> str:
        """Remove a person's password and sign them out everywhere; with ``tokens``, also revoke their tokens.

        Returns the path where they choose a new one.
        """
        return self.people_admin.new_link(self.find(name).id, tokens)

    def disable(self, name: str) -> None:
        """Block a person with all their browsers and tokens. Raises StudioError for the last owner."""
        self.people_admin.set_disabled(self.find(name).id, True)

    def enable(self, name: str) -> None:
        """Let a disabled person sign in again, with their old password and tokens."""
        self.people_admin.set_disabled(self.find(name).id, False)

    def people(self) -> list[PersonView]:
        """Return everyone, sorted by name."""
        return self.people_admin.people()

    def find(self, name: str) -> User:
        """Return the person of that name, ignoring case. Raises StudioError if there is none."""
        with self._database.session() as session:
            return _find(session, name)

    def user_name(self, user_id: str) -> str:
        """Return the name to show for an id; "someone" if there is no such person."""
        if user_id not in self._names:
            with self._database.session() as session:
                user = session.get(User, user_id)
            if user is None:
                return "someone"
            self._names[user_id] = user.name
        return self._names[user_id]

    def count(self) -> int:
        """Return the number of people who may sign in."""
        with self._database.session() as session:
            return session.scalar(select(func.count()).select_from(User).where(User.disabled.is_(False))) or 0

    # One-time links and passwords

    def invitation(self, token: str) -> Invitation:
        """Return what a one-time link is for. Raises StudioError (410) if it no longer works."""
        with self._database.session() as session:
            return links.read(session, token)

    def use_link(self, token: str, name: str | None, password: str) -> User:
        """Use a one-time link: create the first account (``name`` required), or set its person's password.

        Raises StudioError for a dead link, and for an invalid name or password; then the link can still be used.
        """
        with self._database.session() as session:
            invitation = links.read(session, token)
            passwords.check_new(password, invitation.name or name or "")
            links.spend(session, token)
            if invitation.user_id is None:
                user = _insert(session, name or "", "owner")
            else:
                user = session.get_one(User, invitation.user_id)
                end_others(session, user.id, keep=None)
            user.password_hash = passwords.hash_password(password)
        self._principal_cache.forget()
        return user

    def check_password(self, name: str, password: str) -> User:
        """Return the person if the password is right. Raises the same StudioError (401) if either is wrong."""
        with self._database.session() as session:
            user = _look_up(session, name)
        password_hash = user.password_hash if user and not user.disabled else None
        if not passwords.matches(password_hash, password) or user is None or password_hash is None:
            raise StudioError(
                "wrong_password",
                "Wrong name or password.",
                next="Check both. If you forgot your password, ask the owner of the studio for a new link.",
                status=401,
            )
        if passwords.needs_rehash(password_hash):
            with self._database.session() as session:
                session.get_one(User, user.id).password_hash = passwords.hash_password(password)
        return user

    def change_password(self, who: Principal, current: str, new: str) -> None:
        """Change one's own password and sign out every other browser. Raises StudioError if ``current`` is wrong."""
        with self._database.session() as session:
            user = session.get_one(User, who.user_id)
        if not passwords.matches(user.password_hash, current):
            raise StudioError("wrong_password", "Your current password is wrong.", next="Type it again.", status=401)
        passwords.check_new(new, user.name)
        with self._database.session() as session:
            session.get_one(User, who.user_id).password_hash = passwords.hash_password(new)
            end_others(session, who.user_id, keep=who.session)
        self._principal_cache.forget()

    # Browsers

    def sign_in(self, user_id: str, device: str, address: str = "") -> str:
        """Sign in a browser from an IP address. Returns the secret for its cookie."""
        return self._sessions.start(user_id, device, address)

    def sign_out(self, session_id: str) -> None:
        """Sign out one browser."""
        self._sessions.end(session_id)

    def sign_out_everywhere(self, user_id: str, tokens: bool = False) -> None:
        """Sign out every browser of a person; with ``tokens``, also revoke their tokens."""
        self.people_admin.sign_out(user_id, tokens)

    def sessions(self, who: Principal) -> list[SessionView]:
        """Return the browsers this person is signed in with."""
        return self._sessions.of(who.user_id)

    def principal_of_session(self, secret: str) -> Principal | None:
        """Return the principal of a cookie, or None."""
        return self._sessions.principal(secret)

    # Scripts

    def new_token(self, who: Principal, name: str) -> str:
        """Create an access token ("c41_…"). It is shown only once."""
        return self._tokens.new(who.user_id, name)

    def tokens(self, who: Principal) -> list[TokenView]:
        """Return a person's tokens, without their secrets."""
        return self._tokens.of(who.user_id)

    def revoke(self, who: Principal | None, token_id: str) -> None:
        """Revoke a person's own token, or anyone's if ``who`` is None. Raises StudioError if there is none."""
        self._tokens.revoke(token_id, who.user_id if who else None)

    def principal_of_token(self, secret: str) -> Principal | None:
        """Return the principal of a token, or None."""
        return self._tokens.principal(secret)

    def cached_principal(self, *, session: str | None = None, token: str | None = None) -> Principal | None:
        """Return the principal of a cookie or token if it is cached. Never blocks."""
        if token is not None:
            return self._tokens.cached_principal(token)
        return self._sessions.cached_principal(session) if session is not None else None

    # Uploads to Gradio's cache

    def record_upload(self, user_id: str, path: str) -> None:
        """Record that this person uploaded the file at this real path to Gradio's cache."""
        self._uploads.record(user_id, path)

    def owns_upload(self, user_id: str, path: str) -> bool:
        """Return whether this person uploaded the file at exactly this real path."""
        return self._uploads.owns(user_id, path)


def _owners(session: Session) -> list[User]:
    return list(session.scalars(select(User).where(User.role == "owner", User.disabled.is_(False))))


def _look_up(session: Session, name: str) -> User | None:
    return session.scalar(select(User).where(User.key == key(name)))


def _find(session: Session, name: str) -> User:
    user = _look_up(session, name)
    if user is None:
        raise StudioError("no_such_person", f"There is no account named {name}.", status=404)
    return user


def _insert(session: Session, name: str, role: Role) -> User:
    name = clean_name(name)
    if _look_up(session, name):
        raise StudioError("name_taken", f"The name {name} is already taken.", next="Choose another name.", status=409)
    user = User(name=name, password_hash=None, role=role, created_at=time.time())
    session.add(user)
    session.flush()
    return user
