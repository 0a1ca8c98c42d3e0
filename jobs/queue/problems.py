"""Problems of jobs, each with a next step for the person."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError, SQLAlchemyError

import db
from errors import Problem, StudioError

log = logging.getLogger(__name__)

DISK_FULL = Problem(
    code="disk_full",
    what="The disk is full.",
    why="There is not enough space for the result.",
    next="Free up disk space, then try again.",
)
STOPPED_TWICE = Problem(
    code="stopped_twice",
    what="The studio stopped twice at the same point of this job.",
    why="It may be too much for this computer.",
    next="Try again with a smaller size or a smaller model.",
)
STOPPED_OFTEN = Problem(
    code="stopped_often",
    what="The studio stopped several times during this job, and the job made no progress.",
    why="It may be too much for this computer.",
    next="Try again with a smaller size or a smaller model.",
)
NO_RESULT = Problem(
    code="waited_in_vain",
    what="A job this one waited for did not finish.",
    next="Try that job again first.",
)
ACCOUNT_GONE = Problem(
    code="account_gone", what="Sign-in is blocked for the owner of this job.", next="Ask the owner of the studio."
)
NOT_SAVED = Problem(
    code="not_saved",
    what="The result could not be saved.",
    why="Part of it cannot be written. The log has the details.",
    next="Try again. If it happens again, show the log to the owner of the studio.",
)
_BROKEN = Problem(
    code="internal",
    what="Unexpected error in the studio.",
    why="The log has the details.",
    next="Try again.",
)


def is_disk_full(error: BaseException) -> bool:
    """Whether an error means that the disk, or a person's quota, is full."""
    if isinstance(error, SQLAlchemyError):
        return db.is_disk_full(error)
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def is_passing(error: BaseException) -> bool:
    """Whether the same write may succeed later: the database is busy, read-only or full, or the disk is full."""
    return isinstance(error, OperationalError) or is_disk_full(error)


def problem_of(error: Exception, unforeseen: Problem = _BROKEN) -> Problem:
    """Convert an error to a problem; an unexpected one becomes ``unforeseen`` and is logged with its traceback."""
    if isinstance(error, StudioError):
        return error.problem
    if is_disk_full(error):
        return DISK_FULL
    log.error("unexpected error", exc_info=error)
    return unforeseen


def disk_full() -> StudioError:
    """The error for a request made while the disk is full."""
    return StudioError(DISK_FULL.code, DISK_FULL.what, DISK_FULL.why, DISK_FULL.next, status=507)


@contextmanager
def naming_full_disk() -> Iterator[None]:
    """Report a database that cannot grow as a full disk."""
    try:
        yield
    except SQLAlchemyError as error:
        if is_disk_full(error):
            raise disk_full() from error
        raise
