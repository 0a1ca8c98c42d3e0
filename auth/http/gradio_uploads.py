"""Records who uploaded which file to Gradio's cache. The records survive a restart, as the files do."""

import time

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from auth.accounts.tables import GradioUpload
from db import Database


class Uploads:
    """Records uploads by their real path."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, user_id: str, path: str) -> None:
        """Record that this person uploaded the file. Two people may upload the same one."""
        row = {"path": path, "user_id": user_id, "created_at": time.time()}
        with self._database.session() as session:
            session.execute(insert(GradioUpload).values(row).on_conflict_do_nothing())

    def owns(self, user_id: str, path: str) -> bool:
        """Return whether this person uploaded exactly this file."""
        with self._database.session() as session:
            owner = session.scalar(
                select(GradioUpload.path).where(GradioUpload.path == path, GradioUpload.user_id == user_id)
            )
        return owner is not None
