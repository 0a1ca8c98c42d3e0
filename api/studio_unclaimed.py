"""Taking back files that lost their entry in the database: one run at a time, in the background."""

import logging
import threading
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from api.uploads import Recovery, take_file
from auth.principal import Principal
from auth.tables import User
from engines.requests import from_storage
from errors import StudioError
from library.unclaimed import Unclaimed, forget
from studio import Studio

log = logging.getLogger(__name__)

_TITLE = "Recovered file"


class UnclaimedView(BaseModel):
    """How many files have no entry, and their bytes; while they are taken back, only how many are ``done``.

    ``unreadable`` names those that could not be taken back; they stay where they are.
    """

    model_config = ConfigDict(frozen=True)

    count: int
    bytes: int
    running: bool
    done: int
    unreadable: tuple[str, ...]


class Reclaim:
    """Makes entries for files that have none. Each goes to the person in whose folder it lies.

    Where there is no such account (the database was started empty), or nothing says whose it is (the result of a job
    that the database does not know), it goes to whoever takes them back. A person who is shut out keeps what is theirs.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._lock = threading.Lock()
        self._running = False
        self._done = 0
        self._unreadable: tuple[str, ...] = ()

    def view(self) -> UnclaimedView:
        """How things stand."""
        files = [] if self._running else self._studio.library.unclaimed()  # looking takes long; it is asked often
        return UnclaimedView(
            count=len(files),
            bytes=sum(one.bytes for one in files),
            running=self._running,
            done=self._done,
            unreadable=self._unreadable,
        )

    def start(self, who: Principal) -> UnclaimedView:
        """Begin to take them all back. Raises StudioError reclaim_running (409)."""
        with self._lock:
            if self._running:
                raise StudioError("reclaim_running", "The files are being taken back already.", status=409)
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
            log.exception("%s could not be taken back", file.path)
            return False
        return True

    def _owner(self, file: Unclaimed, who: Principal) -> Principal:
        with self._studio.database.session() as session:
            user = session.get(User, file.owner_id) if file.owner_id else None
        return Principal(user_id=user.id, name=user.name, role=user.role) if user else who


def _name(path: Path) -> str:
    """A file name from what the file's own record says was asked for."""
    from engines.media import intake

    try:
        record = intake.read_provenance(path)
        title = from_storage((record or {})["request"]).title({})
    except Exception:  # the record of a file may say anything
        title = ""
    return f"{title.replace('/', ' ') or _TITLE}{path.suffix}"
