"""Questions to a language model in a conversation: question, empty answer and job are created together."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from api.bodies import Body, read
from auth.accounts.principal import Principal
from engines.requests import Request, parse
from errors import StudioError
from jobs.queue.tables import Job
from jobs.views import Estimate, JobView
from library.conversations.options import Options
from library.conversations.questions import Draft, QuestionText
from library.conversations.views import ConversationDetail
from studio import Studio

_ID = r"^[0-9a-f]{32}$"


class Question(Body):
    """A message. ``parent_id`` is the answer it follows; omitted, the last one shown; null starts a new branch."""

    text: str = Field("", max_length=1_000_000)
    attachments: tuple[str, ...] = Field((), max_length=32)
    options: Options = Options()
    parent_id: str | None = Field("", pattern=_ID + "|^$")

    @property
    def question_text(self) -> QuestionText:
        """The message as a turn. Raises StudioError empty_field."""
        if not self.text.strip() and not self.attachments:
            raise StudioError(
                "empty_field", "The message is empty.", next="Write something, or attach a file.", status=422
            )
        return QuestionText("user", self.text.strip(), tuple(dict.fromkeys(self.attachments)))


class Opening(Body):
    """A new conversation; with a ``text`` or attachments, its first question is asked at once."""

    title: str = ""
    project_id: str | None = None
    preset: str | None = Field(None, max_length=80)
    options: Options = Options()
    text: str = Field("", max_length=1_000_000)
    attachments: tuple[str, ...] = Field((), max_length=32)

    @property
    def has_question(self) -> bool:
        """Whether there is a question to answer."""
        return bool(self.text.strip() or self.attachments)


class Changes(Body):
    """Changes to a conversation; ``head_id`` selects the branch of a message."""

    title: str = ""
    project_id: str | None = None
    options: Options = Options()
    head_id: str = ""


class AskedQuestion(BaseModel):
    """A conversation after a question, and the job that answers it."""

    model_config = ConfigDict(frozen=True)

    conversation: ConversationDetail
    job: JobView


def begin(studio: Studio, who: Principal, opening: Opening) -> AskedQuestion:
    """Start a conversation with a question. Raises StudioError; then nothing is stored."""
    return _ask(studio, who, _first(studio, who, opening))


def ask(studio: Studio, who: Principal, conversation_id: str, question: Question) -> AskedQuestion:
    """Ask in a conversation. Raises StudioError; then nothing is stored."""
    return _ask(studio, who, _next(studio, who, conversation_id, question))


def again(studio: Studio, who: Principal, message_id: str, options: Options) -> AskedQuestion:
    """Request another answer to the same question. Raises StudioError; then nothing is stored."""
    return _ask(studio, who, studio.conversations.again(who, message_id, options.model_dump()))


def estimate(studio: Studio, who: Principal, conversation_id: str | None, body: Mapping[str, Any]) -> Estimate:
    """Estimate a question, and whether it fits. Raises StudioError if it cannot be asked."""
    if conversation_id is None:
        draft = _first(studio, who, read(Opening, body))
    else:
        draft = _next(studio, who, conversation_id, read(Question, body))
    return studio.jobs.estimate(who, request_of(draft), draft.conversation.project_id)


def talk(studio: Studio, who: Principal, conversation_id: str) -> ConversationDetail:
    """Return the current state of a conversation; answers whose job was lost are marked as interrupted."""
    conversation = studio.conversations.get(who, conversation_id)
    lost = [message.job_id for message in conversation.messages if message.state == "answering" and message.job_id]
    lost = [job_id for job_id in lost if conversation.mine and not _is_running(studio, who, job_id)]
    for job_id in lost:
        studio.conversations.lost(job_id)
    return studio.conversations.get(who, conversation_id) if lost else conversation


def request_of(draft: Draft) -> Request:
    """Return the request that answers a draft. Raises StudioError naming an invalid option."""
    options = {name: value for name, value in draft.options.items() if value is not None and name != "system"}
    turns = [{"role": turn.role, "text": turn.text, "attachments": turn.attachments} for turn in draft.turns]
    system = str(draft.options.get("system") or "").strip()
    first = [{"role": "system", "text": system}] if system else []
    return parse({**options, "task": "write", "messages": [*first, *turns]})


def _first(studio: Studio, who: Principal, opening: Opening) -> Draft:
    question = Question(text=opening.text, attachments=opening.attachments).question_text
    return studio.conversations.begin(
        who,
        question,
        options=opening.options.model_dump(),
        title=opening.title,
        project_id=opening.project_id,
        preset=opening.preset,
    )


def _next(studio: Studio, who: Principal, conversation_id: str, question: Question) -> Draft:
    return studio.conversations.question(
        who, conversation_id, question.question_text, question.options.model_dump(), question.parent_id
    )


def _ask(studio: Studio, who: Principal, draft: Draft) -> AskedQuestion:
    request, project_id = request_of(draft), draft.conversation.project_id
    problem = studio.jobs.estimate(who, request, project_id).problem
    if (
        problem is not None and problem.code != "does_not_fit"
    ):  # too little memory may still work; a conversation that is too long cannot
        raise StudioError(problem.code, problem.what, problem.why, problem.next, status=422)

    def along(session: Session, row: Job) -> None:
        draft.write(session, row.id, row.model)

    job = studio.jobs.submit(who, request, project_id=project_id, along=along)
    return AskedQuestion(conversation=studio.conversations.of_job(who, job.id), job=job)


def _is_running(studio: Studio, who: Principal, job_id: str) -> bool:
    try:
        return studio.jobs.get(who, job_id).finished_at is None
    except StudioError:
        return False
