"""Asking a language model in a conversation: the question, the answer's place and the job are made together."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from auth.principal import Principal
from engines.requests import Request, parse
from errors import StudioError, reason
from jobs.tables import Job
from jobs.views import Estimate, JobView
from library.conversations.asking import Draft, Said
from library.conversations.options import Options
from library.conversations.views import Talk
from studio import Studio

_ID = r"^[0-9a-f]{32}$"


class Body(BaseModel):
    """What a script or the page sends."""

    model_config = ConfigDict(frozen=True, extra="forbid")


T = TypeVar("T", bound=BaseModel)


class Question(Body):
    """A message. ``parent_id`` is the answer it follows: left out the last one in sight, null to begin anew."""

    text: str = Field("", max_length=1_000_000)
    attachments: tuple[str, ...] = Field((), max_length=32)
    options: Options = Options()
    parent_id: str | None = Field("", pattern=_ID + "|^$")

    @property
    def said(self) -> Said:
        """The message as a turn. Raises StudioError empty_field."""
        if not self.text.strip() and not self.attachments:
            raise StudioError(
                "empty_field", "The message is empty.", next="Write something, or attach a file.", status=422
            )
        return Said("user", self.text.strip(), tuple(dict.fromkeys(self.attachments)))


class Opening(Body):
    """A new conversation; with a ``text`` or attachments its first question is asked at once."""

    title: str = ""
    project_id: str | None = None
    preset: str | None = Field(None, max_length=80)
    options: Options = Options()
    text: str = Field("", max_length=1_000_000)
    attachments: tuple[str, ...] = Field((), max_length=32)

    @property
    def asks(self) -> bool:
        """Whether there is something to answer."""
        return bool(self.text.strip() or self.attachments)


class Changes(Body):
    """What is to change of a conversation; ``head_id`` brings the branch of a message in sight."""

    title: str = ""
    project_id: str | None = None
    options: Options = Options()
    head_id: str = ""


class Asked(BaseModel):
    """A conversation as it stands after a question, and the job that answers."""

    model_config = ConfigDict(frozen=True)

    conversation: Talk
    job: JobView


def read(kind: type[T], body: Mapping[str, Any]) -> T:
    """What was sent, read as ``kind``. Raises StudioError naming the first field that is wrong."""
    try:
        return kind.model_validate(dict(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        *within, name = [str(part)[:60] for part in first["loc"]] or ["request"]
        if first["type"] == "extra_forbidden":
            noun, known = ("option", Options) if within == ["options"] else ("field", kind)
            raise StudioError(
                "unknown_field",
                f"There is no {noun} “{name}”.",
                next=f"{noun.capitalize()}s: {', '.join(known.model_fields)}.",
                status=422,
            ) from error
        raise StudioError("bad_value", f"“{name}” cannot be that.", reason(first), status=422) from error


def begin(studio: Studio, who: Principal, opening: Opening) -> Asked:
    """Begin a conversation with a question. Raises StudioError; then nothing is written."""
    return _ask(studio, who, _first(studio, who, opening))


def ask(studio: Studio, who: Principal, conversation_id: str, question: Question) -> Asked:
    """Ask in a conversation. Raises StudioError; then nothing is written."""
    return _ask(studio, who, _next(studio, who, conversation_id, question))


def again(studio: Studio, who: Principal, message_id: str, options: Options) -> Asked:
    """Another answer to the same question, beside the one there is. Raises StudioError; then nothing is written."""
    return _ask(studio, who, studio.conversations.again(who, message_id, options.model_dump()))


def estimate(studio: Studio, who: Principal, conversation_id: str | None, body: Mapping[str, Any]) -> Estimate:
    """What a question would take, and whether it fits. Raises StudioError where it cannot be asked."""
    if conversation_id is None:
        draft = _first(studio, who, read(Opening, body))
    else:
        draft = _next(studio, who, conversation_id, read(Question, body))
    return studio.jobs.estimate(who, request_of(draft), draft.conversation.project_id)


def talk(studio: Studio, who: Principal, conversation_id: str) -> Talk:
    """A conversation as it is now; answers whose job was lost are shown as broken off."""
    seen = studio.conversations.get(who, conversation_id)
    lost = [message.job_id for message in seen.messages if message.state == "answering" and message.job_id]
    lost = [job_id for job_id in lost if seen.mine and not _goes_on(studio, who, job_id)]
    for job_id in lost:
        studio.conversations.lost(job_id)
    return studio.conversations.get(who, conversation_id) if lost else seen


def request_of(draft: Draft) -> Request:
    """The request that answers a draft. Raises StudioError naming the option that is wrong."""
    options = {name: value for name, value in draft.options.items() if value is not None and name != "system"}
    turns = [{"role": said.role, "text": said.text, "attachments": said.attachments} for said in draft.turns]
    system = str(draft.options.get("system") or "").strip()
    first = [{"role": "system", "text": system}] if system else []
    return parse({**options, "task": "write", "messages": [*first, *turns]})


def _first(studio: Studio, who: Principal, opening: Opening) -> Draft:
    said = Question(text=opening.text, attachments=opening.attachments).said
    return studio.conversations.begin(
        who,
        said,
        options=opening.options.model_dump(),
        title=opening.title,
        project_id=opening.project_id,
        preset=opening.preset,
    )


def _next(studio: Studio, who: Principal, conversation_id: str, question: Question) -> Draft:
    return studio.conversations.question(
        who, conversation_id, question.said, question.options.model_dump(), question.parent_id
    )


def _ask(studio: Studio, who: Principal, draft: Draft) -> Asked:
    request, project_id = request_of(draft), draft.conversation.project_id
    problem = studio.jobs.estimate(who, request, project_id).problem
    if problem is not None and problem.code != "does_not_fit":  # a tight memory may do yet; a talk too long never will
        raise StudioError(problem.code, problem.what, problem.why, problem.next, status=422)

    def along(session: Session, row: Job) -> None:
        draft.write(session, row.id, row.model)

    job = studio.jobs.submit(who, request, project_id=project_id, along=along)
    return Asked(conversation=studio.conversations.of_job(who, job.id), job=job)


def _goes_on(studio: Studio, who: Principal, job_id: str) -> bool:
    try:
        return studio.jobs.get(who, job_id).finished_at is None
    except StudioError:
        return False
