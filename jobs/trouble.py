"""What goes wrong around a job, told as one problem a person can act on."""

import errno
import logging

from sqlalchemy.exc import OperationalError, SQLAlchemyError

import db
from errors import Problem, StudioError

log = logging.getLogger(__name__)

DISK_FULL = Problem(
    code="disk_full",
    what="The disk is full.",
    why="There is no room left for the result.",
    next="Make room on it, then try again.",
)
STOPPED_TWICE = Problem(
    code="stopped_twice",
    what="The studio stopped twice at the same point of this job.",
    why="It may be too much for this machine.",
    next="Try again with something smaller.",
)
STOPPED_OFTEN = Problem(
    code="stopped_often",
    what="The studio kept stopping during this job, which got no further.",
    why="It may be too much for this machine.",
    next="Try again with something smaller.",
)
IN_VAIN = Problem(
    code="waited_in_vain",
    what="A job this one waited for did not finish.",
    next="Try that one again first.",
)
ACCOUNT_GONE = Problem(code="account_gone", what="The account this job belongs to is closed.")
NOT_SAVED = Problem(
    code="not_saved",
    what="The result could not be saved.",
    why="Something in it cannot be written. The log of the studio says what.",
    next="Try again; if it happens again, show the log to whoever looks after the studio.",
)
_BROKEN = Problem(
    code="internal",
    what="Something in the studio went wrong.",
    why="The log of the studio says what.",
    next="Try again.",
)


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that the disk, or a person's part of it, is full."""
    if isinstance(error, SQLAlchemyError):
        return db.is_disk_full(error)
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def is_passing(error: BaseException) -> bool:
    """Whether the same write may well succeed later: the database is busy, read-only or full, or the disk is full."""
    return isinstance(error, OperationalError) or is_disk_full(error)


def problem_of(error: Exception, unforeseen: Problem = _BROKEN) -> Problem:
    """An error as a problem; what nobody foresaw is ``unforeseen``, and goes to the log with its traceback."""
    if isinstance(error, StudioError):
        return error.problem
    if is_disk_full(error):
        return DISK_FULL
    log.error("unforeseen", exc_info=error)
    return unforeseen


def disk_full() -> StudioError:
    """The answer to whoever asks for work while the disk is full."""
    return StudioError(DISK_FULL.code, DISK_FULL.what, DISK_FULL.why, DISK_FULL.next, status=507)
