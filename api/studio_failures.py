"""What went wrong lately, by cause: how often, when, whose. Never what anybody asked for."""

import time

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from auth.tables import User
from db import Database
from engines.requests import REQUESTS
from jobs.tables import Job

DAYS = 30
_MOST = 5000

_CAUSES = {
    "disk_full": ("The disk was full", "Make room: Disk, below, says what takes it."),
    "out_of_memory": (
        "A model did not fit into memory",
        "Smaller pictures or shorter clips, a smaller model, or fewer other programs on the card.",
    ),
    "does_not_fit": ("The work was too large for this machine", "A smaller size or a smaller model."),
    "engine_died": (
        "The engine ended in the middle",
        "Most often the machine ran out of memory. The log says more; what waits goes on by itself.",
    ),
    "engine_error": ("A model broke", "The log has the details. Another model or a newer version may help."),
    "internal": ("Something in the studio broke", "The log has the details."),
    "not_saved": ("A result could not be saved", "The log has the details."),
    "stopped_often": ("The studio kept stopping during the same work", "It may be too much for this machine."),
    "stopped_twice": ("The studio stopped twice during the same work", "It may be too much for this machine."),
    "waited_in_vain": ("Work it built on did not finish", "Look at what failed before it."),
    "account_gone": ("The account was closed before its turn came", "Nothing, or let the person in again."),
    "missing_model": (
        "A model's files are missing",
        "Get the model on the Models page. Files of the starter pack come back when the studio starts with “make run”.",
    ),
    "corrupt_model": ("A model's file is damaged", "Delete it on the Models page and get it again."),
    "fetch_failed": ("A download did not work", "Try again: it goes on where it stopped."),
    "download_failed": ("A download did not work", "Try again: it goes on where it stopped."),
    "damaged_download": ("A download arrived damaged", "Try again; if it comes back, the source is at fault."),
    "no_ollama": ("Ollama did not answer", "See whether it runs, under Health."),
}
_ELSE = "Ask the person what the studio said: the sentence they saw tells what to do."


class FailureView(BaseModel):
    """One cause. ``people`` and ``kinds`` of work come with how often; times are seconds since 1970."""

    model_config = ConfigDict(frozen=True)

    code: str
    cause: str
    next: str
    count: int
    last_at: float
    people: dict[str, int]
    kinds: dict[str, int]


def failures(database: Database) -> list[FailureView]:
    """The causes of the last 30 days, the latest first. Reads codes and kinds alone: no prompt, no title, no text."""
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
    found: dict[str, FailureView] = {}
    for code, task, owner, finished in rows:
        code = code or "unknown"
        known = found.get(code)
        if known is None:
            cause, advice = _CAUSES.get(code, (code.replace("_", " ").capitalize(), _ELSE))
            known = FailureView(
                code=code, cause=cause, next=advice, count=0, last_at=finished or 0, people={}, kinds={}
            )
        kind = _kind(task)
        found[code] = known.model_copy(
            update={
                "count": known.count + 1,
                "people": known.people | {owner: known.people.get(owner, 0) + 1},
                "kinds": known.kinds | {kind: known.kinds.get(kind, 0) + 1},
            }
        )
    return list(found.values())


def _kind(task: str) -> str:
    """What a kind of work is called."""
    request = REQUESTS.get(task)
    return (request.__doc__ or task).strip().splitlines()[0].rstrip(".") if request else task.replace("_", " ")
