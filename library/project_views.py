"""Views of a project's page, and the body that changes a project."""

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from library.cast.views import CastView
from library.views import ProjectView, View

NOTES_LENGTH = 50_000
_ID = r"^[0-9a-f]{32}$"


class ScriptPin(View):
    """What is pinned as a project's script: a message of one of its conversations, or one of its documents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    message_id: str | None = Field(None, pattern=_ID)
    asset_id: str | None = Field(None, pattern=_ID)

    @model_validator(mode="after")
    def _one_of_them(self) -> "ScriptPin":
        if (self.message_id is None) == (self.asset_id is None):
            raise ValueError("Send either message_id or asset_id")
        return self


class PinnedScript(View):
    """A project's script. ``conversation_id`` is where a pinned message is, ``asset_id`` the pinned document.

    ``text`` is a message's Markdown; a document's text is read from its file.
    """

    kind: Literal["message", "document"]
    title: str
    owner: str
    text: str = ""
    conversation_id: str | None = None
    message_id: str | None = None
    asset_id: str | None = None


class ProjectPerson(View):
    """A person who sees a project; ``added`` ones were added by name."""

    id: str
    name: str
    owner: bool = False
    added: bool = False


class ProjectDetail(ProjectView):
    """A project with everything on its page except its files: ``counts`` has their number by kind.

    ``people`` see it; ``others`` can be added by its owner. ``cast`` are the members that belong to it or that its
    prompts mention.
    """

    owner: str
    created_at: float
    notes: str
    people: tuple[ProjectPerson, ...]
    others: tuple[ProjectPerson, ...] = ()
    script: PinnedScript | None = None
    cast: tuple[CastView, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)


class ProjectChange(View):
    """Changes to a project; fields that are not given stay as they are.

    Everyone on the project can change ``notes`` and ``script`` (None removes it); the rest is for its owner. ``people``
    are the ids of everyone who was added by name. With ``notes_before``, the notes change only if they still have that
    text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("", max_length=400)
    shared: bool = False
    archived: bool = False
    people: tuple[str, ...] = Field((), max_length=100)
    notes: str = Field("", max_length=NOTES_LENGTH)
    notes_before: str | None = Field(None, max_length=NOTES_LENGTH)
    script: ScriptPin | None = None
