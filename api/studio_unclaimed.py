"""Restores entries for files that have none in the database: one run at a time, in the background."""

import logging
import threading
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from api.uploads import Recovery, take_file
from auth.accounts.principal import Principal
from auth.accounts.tables import User
from engines.requests import from_storage
from errors import StudioError
from library.unclaimed import Unclaimed, forget
from studio import Studio

log = logging.getLogger(__name__)

_TITLE = "Recovered file"


class UnclaimedView(BaseModel):
    """The number of files without an entry, and their bytes; during a run, only the number ``done``.

    ``unreadable`` names those that could not be added; they stay where they are.
    """

    model_config = ConfigDict(frozen=True)

    count: int
    bytes: int
    running: bool
    done: int
    unreadable: tuple[str, ...]


class Reclaim:
    """Creates entries for files that have none. Each goes to the person in whose folder it is.

    If there is no such account (the database is new), or the owner is unknown (the result of a job that is not in the
    database), it goes to the person who starts the run. Disabled people keep their files.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._lock = threading.Lock()
        self._running = False
        self._done = 0
        self._unreadable: tuple[str, ...] = ()

    def view(self) -> UnclaimedView:
        """Return the current state."""
        running = self._running  # once: it may end meanwhile
        files = [] if running else self._studio.library.unclaimed()  # the scan is slow, and this is called often
        return UnclaimedView(
            count=len(files),
            bytes=sum(one.bytes for one in files),
            running=running,
            done=self._done,
            unreadable=self._unreadable,
        )

    def start(self, who: Principal) -> UnclaimedView:
        """Start adding all of them. Raises StudioError reclaim_running (409)."""
        with self._lock:
            if self._running:
                raise StudioError("reclaim_running", "The files are already being added.", status=409)
            self._running, self._done, self._unreadable = True, 0, ()
        threading.Thread(target=self._run, args=(who,), name="reclaim", daemon=True).start()
        return self.view()

    def _run(self, who: Principal) -> None:
        try:
            files = self._studio.library.unclaimed()
            for file in files:
                others = frozenset(one.asset_id for one in files if one.asset_id and one.owner_id == file.owner_id)
                if not self._take(file, who, Recovery(file.asset_id, others)):
                    self._unreadable += (str(file.path.relative_to(self._studio.data.root)),)
                self._done += 1
        finally:
            self._running = False

    def _take(self, file: Unclaimed, who: Principal, recovery: Recovery) -> bool:
        try:
            owner = self._owner(file, who)
            asset = take_file(self._studio, owner, file.path, _name(file.path), recovery=recovery)
            forget(self._studio.data, file, self._studio.library.file(owner, asset.id))
        except Exception:
            log.exception("Could not add %s to the library", file.path)
            return False
        return True

    def _owner(self, file: Unclaimed, who: Principal) -> Principal:
        with self._studio.database.session() as session:
            user = session.get(User, file.owner_id) if file.owner_id else None
        return Principal(user_id=user.id, name=user.name, role=user.role) if user else who


def _name(path: Path) -> str:
    """Return a file name from the request in the file's record."""
    from engines.media import intake

    try:
        record = intake.read_provenance(path)
        title = from_storage((record or {})["request"]).title({})
    except Exception:  # a file's record may hold anything
        title = ""
    return f"{title.replace('/', ' ') or _TITLE}{path.suffix}"
