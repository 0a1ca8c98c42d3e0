"""Taking back files that lost their entry in the database: one run at a time, in the background."""

import logging
import re
import threading
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from api.uploads import take_file
from auth.principal import Principal
from auth.tables import User
from engines.requests import from_storage
from errors import StudioError
from library.files import THUMB
from library.unclaimed import Unclaimed
from studio import Studio

log = logging.getLogger(__name__)

_ID = re.compile(r"[0-9a-f]{32}")
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

    Where there is no such account (the database was started empty), it goes to whoever takes them back. A person who is
    shut out keeps what is theirs.
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
            for file in self._studio.library.unclaimed():
                if not self._take(file, who):
                    self._unreadable += (str(file.path.relative_to(self._studio.data.root)),)
                self._done += 1
        finally:
            self._running = False

    def _take(self, file: Unclaimed, who: Principal) -> bool:
        asset_id = file.path.stem if _ID.fullmatch(file.path.stem) else ""
        try:
            owner = self._owner(file, who)
            take_file(self._studio, owner, file.path, _name(file.path), asset_id=asset_id)
        except Exception:
            log.exception("%s could not be taken back", file.path)
            return False
        if owner.user_id != file.owner_id or not asset_id:  # it has moved to another folder
            file.path.unlink(missing_ok=True)
            file.path.with_suffix(THUMB).unlink(missing_ok=True)
        return True

    def _owner(self, file: Unclaimed, who: Principal) -> Principal:
        with self._studio.database.session() as session:
            user = session.get(User, file.owner_id)
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
