"""A project's page: its people, its script, the cast it uses, and changes to it."""

import time
from collections.abc import Sequence

from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from auth.accounts.tables import User
from errors import StudioError, not_found
from library import assets, projects
from library.cast import rights as cast_rights
from library.cast.names import key
from library.cast.tables import CastMember
from library.cast.views import CastView
from library.cast.visibility import visible_members
from library.conversations import queries
from library.conversations.tables import Conversation, Message
from library.project_views import PinnedScript, ProjectChange, ProjectDetail, ProjectPerson, ScriptPin
from library.rights import readable
from library.tables import Asset, Project, ProjectMember

SCRIPTS = ("document", "subtitles")
"""The kinds of assets that can be a project's script."""
_OWNERS_ONLY = {"name", "shared", "archived", "people"}

_MENTIONED = text(
    "SELECT DISTINCT json_extract(mention.value, '$.name') FROM assets a, "
    "json_each(CASE WHEN json_valid(a.provenance) THEN a.provenance ELSE '{}' END, '$.request.mentions') mention "
    "WHERE a.project_id = :project AND a.deleted_at IS NULL AND mention.type = 'object'"
)
"""The names that the prompts of a project's files mention with @."""


def detail(session: Session, who: Principal, project_id: str) -> ProjectDetail:
    """A project as one person sees it. Raises StudioError not_found."""
    project = projects.find(session, who, project_id)
    users = list(session.scalars(select(User).where(User.disabled.is_(False)).order_by(User.created_at, User.id)))
    added = set(session.scalars(select(ProjectMember.user_id).where(ProjectMember.project_id == project.id)))
    people = [_person(project, user, user.id in added) for user in users if _sees(project, user, user.id in added)]
    seen = {person.id for person in people}
    mine = project.owner_id == who.user_id and who.role != "guest"
    owner = session.get(User, project.owner_id)
    return ProjectDetail(
        **projects.view(project, who).model_dump(),
        owner=owner.name if owner else "",
        created_at=project.created_at,
        notes=project.notes,
        people=tuple(people),
        others=tuple(ProjectPerson(id=one.id, name=one.name) for one in users if mine and one.id not in seen),
        script=script(session, who, project),
        cast=tuple(_cast(session, who, project)),
        counts=_counts(session, who, project),
    )


def change(session: Session, who: Principal, project_id: str, wanted: ProjectChange) -> None:
    """Change the given fields. Raises StudioError not_found, not_yours, bad_name, notes_changed, wrong_kind."""
    project = projects.find(session, who, project_id)
    given = wanted.model_fields_set
    if given & _OWNERS_ONLY and project.owner_id != who.user_id:
        owner = session.get(User, project.owner_id)
        raise StudioError(
            "not_yours",
            f"Only {owner.name if owner else 'its owner'} can change “{project.name}”.",
            "You can edit its notes and pin its script.",
            status=403,
        )
    if "name" in given:
        project.name = projects.valid_name(wanted.name)
    if "shared" in given:
        project.shared = wanted.shared
    if "archived" in given:
        project.archived_at = (project.archived_at or time.time()) if wanted.archived else None
    if "people" in given:
        _put_people(session, project, wanted.people)
    if "notes" in given:
        _put_notes(project, wanted)
    if "script" in given:
        _pin(session, who, project, wanted.script)
    session.flush()


def script(session: Session, who: Principal, project: Project) -> PinnedScript | None:
    """The pinned script, without a document's text; None once it was deleted or has left the project."""
    if project.script_message_id is not None:
        row = session.execute(
            select(Message.text, Conversation)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Message.id == project.script_message_id, Conversation.project_id == project.id)
            .where(queries.readable(who), Conversation.deleted_at.is_(None))
        ).one_or_none()
        return row and PinnedScript(
            kind="message",
            title=row.Conversation.title,
            owner=_name(session, row.Conversation.owner_id),
            text=row.text,
            conversation_id=row.Conversation.id,
            message_id=project.script_message_id,
        )
    query = select(Asset).where(Asset.id == project.script_asset_id, Asset.project_id == project.id)
    asset = session.scalar(query.where(readable(who), Asset.deleted_at.is_(None)))
    if asset is None:
        return None
    owner = _name(session, asset.owner_id)
    return PinnedScript(kind="document", title=asset.title, owner=owner, asset_id=asset.id)


def _sees(project: Project, user: User, added: bool) -> bool:
    return added or user.id == project.owner_id or (project.shared and user.role != "guest")


def _person(project: Project, user: User, added: bool) -> ProjectPerson:
    return ProjectPerson(id=user.id, name=user.name, owner=user.id == project.owner_id, added=added)


def _name(session: Session, user_id: str) -> str:
    user = session.get(User, user_id)
    return user.name if user else ""


def _cast(session: Session, who: Principal, project: Project) -> list[CastView]:
    """The members that belong to the project, or that its prompts mention by name, in alphabetical order."""
    mentioned = {key(name) for name in session.execute(_MENTIONED, {"project": project.id}).scalars() if name}
    used = or_(CastMember.project_id == project.id, CastMember.key.in_(mentioned))
    query = select(CastMember).where(cast_rights.readable(who), CastMember.deleted_at.is_(None), used)
    return visible_members(session, who, list(session.scalars(query.order_by(CastMember.key))))


def _counts(session: Session, who: Principal, project: Project) -> dict[str, int]:
    """The number of the project's files by kind, as its lists show them."""
    query = select(Asset.kind, func.count()).where(Asset.project_id == project.id, Asset.deleted_at.is_(None))
    query = query.where(func.coalesce(Asset.source, "") != assets.MASK, readable(who))
    return dict(session.execute(query.group_by(Asset.kind)).tuples().all())


def _put_people(session: Session, project: Project, ids: Sequence[str]) -> None:
    wanted = dict.fromkeys(id for id in ids if id != project.owner_id)
    known = set(session.scalars(select(User.id).where(User.id.in_(wanted), User.disabled.is_(False))))
    if known != set(wanted):
        raise not_found("person")
    session.execute(delete(ProjectMember).where(ProjectMember.project_id == project.id))
    session.add_all(ProjectMember(project_id=project.id, user_id=id) for id in wanted)


def _put_notes(project: Project, wanted: ProjectChange) -> None:
    if wanted.notes_before not in (None, project.notes):
        raise StudioError(
            "notes_changed",
            "Someone else changed these notes in the meantime.",
            next="Copy what you wrote, reload the page, then add it again.",
            status=409,
        )
    project.notes = wanted.notes.encode("utf-8", "replace").decode().replace("\r\n", "\n")


def _pin(session: Session, who: Principal, project: Project, pin: ScriptPin | None) -> None:
    project.script_message_id, project.script_asset_id = (pin.message_id, pin.asset_id) if pin else (None, None)
    if pin is None:
        return
    if pin.asset_id is not None:
        asset = assets.find(session, who, pin.asset_id)
        if asset.kind not in SCRIPTS:
            raise StudioError(
                "wrong_kind", f"“{asset.title}” is not a document.", "A script is a text or a document.", status=422
            )
    if script(session, who, project) is None:
        raise StudioError(
            "not_in_project",
            f"This text is not in “{project.name}”.",
            "Everyone on the project must be able to read its script.",
            "Move the conversation or document to the project first.",
            status=422,
        )
