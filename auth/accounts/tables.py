"""Tables of people: accounts, browser sessions, access tokens, one-time links, Gradio uploads."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, validates

from auth.accounts import names
from db import Base, new_id


class User(Base):
    """A person. ``password_hash`` is argon2id; None until they open their first link.

    ``key`` is the name in the form used for comparison, set whenever the name is. ``email`` is the address an identity
    provider knows them by, in lower case; ``seen_at`` is when they were last active.
    """

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    key: Mapped[str] = mapped_column(unique=True, index=True)
    password_hash: Mapped[str | None]
    role: Mapped[str]
    created_at: Mapped[float]
    disabled: Mapped[bool] = mapped_column(default=False)
    email: Mapped[str | None] = mapped_column(unique=True, index=True)
    seen_at: Mapped[float | None]

    @validates("name")
    def _set_key(self, _: str, name: str) -> str:
        self.key = names.key(name)
        return name


class LoginSession(Base):
    """A browser that is signed in. ``id`` is the sha256 of the secret in its cookie."""

    __tablename__ = "login_sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[float]
    expires_at: Mapped[float]
    seen_at: Mapped[float]
    device: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")


class Token(Base):
    """A named access token for scripts. ``hash`` is the sha256 of the secret, which is shown once."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[float]
    used_at: Mapped[float | None]


class OneTimeLink(Base):
    """A link that works once: creates the first account, or sets a person's password."""

    __tablename__ = "one_time_links"

    hash: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[float]
    used_at: Mapped[float | None]


class GradioUpload(Base):
    """Who uploaded a file to Gradio's cache: nobody else may use its path."""

    __tablename__ = "gradio_uploads"

    path: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[float] = mapped_column(index=True)


class Identity(Base):
    """A person's account at an identity provider, which they may sign in with."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
