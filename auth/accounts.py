"""People and how they prove who they are: passwords, sign-ins, tokens, one-time links."""

import time
from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from auth import links, passwords
from auth.household import Household, PersonView, clean_email
from auth.identities import Identities
from auth.links import Invitation
from auth.memory import Memory
from auth.names import clean_name, key
from auth.principal import Principal, Role
from auth.sessions import Sessions, SessionView, end_others
from auth.tables import OneTimeLink, User
from auth.tokens import Tokens, TokenView
from auth.uploads import Uploads
from db import Database
from errors import StudioError
from settings import Settings


class Accounts:
    """Everything about people. Safe to use from any thread."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._memory = Memory()
        self._sessions = Sessions(database, self._memory, settings.session_days)
        self._tokens = Tokens(database, self._memory)
        self._uploads = Uploads(database)
        self.household = Household(database, self._memory)
        self.identities = Identities(database, settings.oidc_allow)
        self._names: dict[str, str] = {}

    # People

    def first_run_link(self) -> str | None:
        """A fresh path that opens the first account, good for a day; None once there is an owner."""
        with self._database.session() as session:
            if _owners(session):
                return None
            return links.make(session, "first", None)

    def add(self, name: str, role: Literal["owner", "member"] = "member", email: str | None = None) -> str:
        """Add a person; ``email`` is where an identity provider knows them by.

        Returns the path where they choose their password. Raises StudioError for a bad name or address, and for
        one that somebody has (409).
        """
        with self._database.session(immediate=True) as session:
            user = _insert(session, name, role)
            user.email = clean_email(session, email, user.id) if email else None
            if role == "owner":
                session.execute(delete(OneTimeLink).where(OneTimeLink.purpose == "first"))
            return links.make(session, "password", user.id)

    def reset(self, name: str, tokens: bool = False) -> str:
        """Forget a person's password and sign them out everywhere, with ``tokens`` end their tokens too.

        Returns the path where they choose a new one.
        """
        return self.household.new_link(self.find(name).id, tokens)

    def disable(self, name: str) -> None:
        """Keep a person out, with all their browsers and tokens. Raises StudioError for the last owner."""
        self.household.set_disabled(self.find(name).id, True)

    def enable(self, name: str) -> None:
        """Let a disabled person in again, with their old password and tokens."""
        self.household.set_disabled(self.find(name).id, False)

    def people(self) -> list[PersonView]:
        """Everyone, by name."""
        return self.household.people()

    def find(self, name: str) -> User:
        """The person of that name, however it is capitalised. Raises StudioError when there is none."""
        with self._database.session() as session:
            return _find(session, name)

    def user_name(self, user_id: str) -> str:
        """The name to show for an id; "someone" when there is no such person."""
        if user_id not in self._names:
            with self._database.session() as session:
                user = session.get(User, user_id)
            if user is None:
                return "someone"
            self._names[user_id] = user.name
        return self._names[user_id]

    def count(self) -> int:
        """How many people may sign in."""
        with self._database.session() as session:
            return session.scalar(select(func.count()).select_from(User).where(User.disabled.is_(False))) or 0

    # One-time links and passwords

    def invitation(self, token: str) -> Invitation:
        """What a one-time link offers. Raises StudioError (410) when it does not work any more."""
        with self._database.session() as session:
            return links.read(session, token)

    def use_link(self, token: str, name: str | None, password: str) -> User:
        """Use a one-time link up: makes the first account (``name`` needed), or sets its person's password.

        Raises StudioError for a dead link, and, leaving the link good, for a name or password that may not be chosen.
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
            user.password_hash = passwords.hashed(password)
        self._memory.forget()
        return user

    def check_password(self, name: str, password: str) -> User:
        """The person, if the password is theirs. Raises the same StudioError (401) for a wrong name or password."""
        with self._database.session() as session:
            user = _look_up(session, name)
        kept = user.password_hash if user and not user.disabled else None
        if not passwords.matches(kept, password) or user is None or kept is None:
            raise StudioError(
                "wrong_password",
                "That name and password do not go together.",
                next="Check both. If the password is lost, the owner of the studio can make a new link for you.",
                status=401,
            )
        if passwords.outdated(kept):
            with self._database.session() as session:
                session.get_one(User, user.id).password_hash = passwords.hashed(password)
        return user

    def change_password(self, who: Principal, current: str, new: str) -> None:
        """Change one's own password and sign every other browser out. Raises StudioError when ``current`` is wrong."""
        with self._database.session() as session:
            user = session.get_one(User, who.user_id)
        if not passwords.matches(user.password_hash, current):
            raise StudioError("wrong_password", "That is not your current password.", next="Type it again.", status=401)
        passwords.check_new(new, user.name)
        with self._database.session() as session:
            session.get_one(User, who.user_id).password_hash = passwords.hashed(new)
            end_others(session, who.user_id, keep=who.session)
        self._memory.forget()

    # Browsers

    def sign_in(self, user_id: str, device: str, address: str = "") -> str:
        """Sign a browser in, from an address. Returns the secret for its cookie."""
        return self._sessions.start(user_id, device, address)

    def sign_out(self, session_id: str) -> None:
        """Sign one browser out."""
        self._sessions.end(session_id)

    def sign_out_everywhere(self, user_id: str, tokens: bool = False) -> None:
        """Sign every browser of a person out, with ``tokens`` end their tokens too."""
        self.household.sign_out(user_id, tokens)

    def sessions(self, who: Principal) -> list[SessionView]:
        """The browsers this person is signed in with."""
        return self._sessions.of(who.user_id)

    def principal_of_session(self, secret: str) -> Principal | None:
        """Whose cookie this is, or None."""
        return self._sessions.principal(secret)

    # Scripts

    def new_token(self, who: Principal, name: str) -> str:
        """Make a token ("c41_…") for one's scripts. It is shown this once."""
        return self._tokens.new(who.user_id, name)

    def tokens(self, who: Principal) -> list[TokenView]:
        """One's tokens, without their secrets."""
        return self._tokens.of(who.user_id)

    def revoke(self, who: Principal | None, token_id: str) -> None:
        """End one of one's tokens; with None, anyone's. Raises StudioError when there is none."""
        self._tokens.revoke(token_id, who.user_id if who else None)

    def principal_of_token(self, secret: str) -> Principal | None:
        """For whom this token acts, or None."""
        return self._tokens.principal(secret)

    def remembered(self, *, session: str | None = None, token: str | None = None) -> Principal | None:
        """The principal of a cookie or token if that is known without asking the database. Never blocks."""
        if token is not None:
            return self._tokens.remembered(token)
        return self._sessions.remembered(session) if session is not None else None

    # Files on their way in

    def record_upload(self, user_id: str, path: str) -> None:
        """Remember that this person brought the file at this real path into Gradio's cache."""
        self._uploads.record(user_id, path)

    def owns_upload(self, user_id: str, path: str) -> bool:
        """Whether this person brought the file at exactly this real path."""
        return self._uploads.owns(user_id, path)


def _owners(session: Session) -> list[User]:
    return list(session.scalars(select(User).where(User.role == "owner", User.disabled.is_(False))))


def _look_up(session: Session, name: str) -> User | None:
    return session.scalar(select(User).where(User.key == key(name)))


def _find(session: Session, name: str) -> User:
    user = _look_up(session, name)
    if user is None:
        raise StudioError("no_such_person", f"Nobody here is called {name}.", status=404)
    return user


def _insert(session: Session, name: str, role: Role) -> User:
    name = clean_name(name)
    if _look_up(session, name):
        raise StudioError(
            "name_taken", f"There is already someone called {name}.", next="Choose another name.", status=409
        )
    user = User(name=name, password_hash=None, role=role, created_at=time.time())
    session.add(user)
    session.flush()
    return user
