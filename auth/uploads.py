"""Who brought which file into Gradio's cache. It survives a restart, as the files do."""

import time

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from auth.tables import GradioUpload
from db import Database


class Uploads:
    """Remembers uploads by their real path."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, user_id: str, path: str) -> None:
        """Remember that this person brought the file. Two people may bring the same one."""
        row = {"path": path, "user_id": user_id, "created_at": time.time()}
        with self._database.session() as session:
            session.execute(insert(GradioUpload).values(row).on_conflict_do_nothing())

    def owns(self, user_id: str, path: str) -> bool:
        """Whether this person brought exactly this file."""
        with self._database.session() as session:
            found = session.scalar(
                select(GradioUpload.path).where(GradioUpload.path == path, GradioUpload.user_id == user_id)
            )
        return found is not None
