"""Recent failures by cause: how often, when, whose. Without prompts or other content."""

import time

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from auth.accounts.tables import User
from db import Database
from engines.requests import REQUESTS
from jobs.queue.tables import Job

DAYS = 30
_MOST = 5000

_CAUSES = {
    "disk_full": ("The disk was full", "Free up space: Disk, below, shows what uses it."),
    "out_of_memory": (
        "A model did not fit into memory",
        "Use smaller pictures, shorter clips or a smaller model, or close other programs that use the GPU.",
    ),
    "does_not_fit": ("The job was too large for this computer", "Use a smaller size or a smaller model."),
    "engine_died": (
        "The engine stopped unexpectedly",
        "Most often because memory ran out; see the log. Waiting jobs continue automatically.",
    ),
    "engine_error": ("A model failed", "See the log for details. Another model or a newer version may help."),
    "internal": ("Unexpected error in the studio", "See the log for details."),
    "not_saved": ("A result could not be saved", "See the log for details."),
    "stopped_often": ("The studio kept stopping during the same job", "It may be too large for this computer."),
    "stopped_twice": ("The studio stopped twice during the same job", "It may be too large for this computer."),
    "waited_in_vain": ("A job it depends on did not finish", "See what failed before it."),
    "account_gone": ("Sign-in was blocked before the job started", "Allow sign-in again under People to run it."),
    "missing_model": (
        "A model's files are missing",
        "Download the model on the Models page. “make run” downloads missing starter models when it starts.",
    ),
    "corrupt_model": ("A model file is damaged", "Remove the model on the Models page and download it again."),
    "fetch_failed": ("A download failed", "Try again: it continues where it stopped."),
    "download_failed": ("A download failed", "Try again: it continues where it stopped."),
    "damaged_download": ("A downloaded file was damaged", "Try again. If it happens again, the source is damaged."),
    "no_ollama": ("Ollama did not respond", "Check under Health whether it is running."),
}
_ELSE = "The person has already been told what to do."


class FailureView(BaseModel):
    """One cause. ``people`` and ``kinds`` map people and kinds of jobs to counts; times are seconds since 1970."""

    model_config = ConfigDict(frozen=True)

    code: str
    cause: str
    next: str
    count: int
    last_at: float
    people: dict[str, int]
    kinds: dict[str, int]


def failures(database: Database) -> list[FailureView]:
    """Return the causes of the last 30 days, latest first. Reads only codes and kinds: no prompts, titles or texts."""
    since = time.time() - DAYS * 86_400
    query = (
        select(Job.error["code"].as_string(), Job.task, User.name, Job.finished_at)
        .join(User, User.id == Job.user_id)
        .where(Job.state == "failed", Job.finished_at > since)
        .order_by(Job.finished_at.desc())
        .limit(_MOST)
    )
    with database.session() as session:
        rows = session.execute(query).tuples().all()
    views: dict[str, FailureView] = {}
    for code, task, owner, finished in rows:
        code = code or "unknown"
        known = views.get(code)
        if known is None:
            cause, advice = _CAUSES.get(code, (code.replace("_", " ").capitalize(), _ELSE))
            known = FailureView(
                code=code, cause=cause, next=advice, count=0, last_at=finished or 0, people={}, kinds={}
            )
        kind = _kind(task)
        views[code] = known.model_copy(
            update={
                "count": known.count + 1,
                "people": known.people | {owner: known.people.get(owner, 0) + 1},
                "kinds": known.kinds | {kind: known.kinds.get(kind, 0) + 1},
            }
        )
    return list(views.values())


def _kind(task: str) -> str:
    """Return the name of a task."""
    request = REQUESTS.get(task)
    return (request.__doc__ or task).strip().splitlines()[0].rstrip(".") if request else task.replace("_", " ")
