"""Jobs from the database: those no longer in memory, and those of an earlier run of the studio."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.accounts.tables import User
from db import Database
from jobs.admission.reproduce import verdict
from jobs.queue.live_job import LiveJob, live_of, ticket_of
from jobs.queue.live_store import LiveStore
from jobs.queue.tables import Job
from jobs.views import FINISHED
from library.rows import whole_rows
from library.tables import Asset


class History:
    """Reads stored jobs; a job in memory takes precedence."""

    def __init__(self, database: Database, live: LiveStore) -> None:
        self._database = database
        self._live = live

    def get(self, job_id: str) -> LiveJob | None:
        """A stored job; None if there is none."""
        with self._database.session() as session:
            return next(
                iter(self._restored(session, whole_rows(session, Job, select(Job).where(Job.id == job_id)))), None
            )

    def row(self, job_id: str) -> Job:
        """The stored row of a job. Raises NoResultFound if there is none."""
        with self._database.session() as session:
            return session.get_one(Job, job_id)

    def newest(self, user_id: str, limit: int) -> list[LiveJob]:
        """A person's jobs, newest first."""
        query = select(Job).where(Job.user_id == user_id).order_by(Job.created_at.desc(), Job.id).limit(limit)
        with self._database.session() as session:
            jobs = self._restored(session, whole_rows(session, Job, query))
        return [self._live.get(job.id) or job for job in jobs]

    def ended_since(self, user_id: str, time: float, limit: int) -> list[LiveJob]:
        """A person's jobs that ended after a time, the last one first."""
        query = select(Job).where(Job.user_id == user_id, Job.state.in_(FINISHED), Job.finished_at > time)
        with self._database.session() as session:
            rows = whole_rows(session, Job, query.order_by(Job.finished_at.desc()).limit(limit))
            jobs = self._restored(session, rows)
        return [self._live.get(job.id) or job for job in jobs]

    def failed(self, user_id: str) -> list[str]:
        """The ids of a person's failed jobs that are not dismissed."""
        query = select(Job.id).where(Job.user_id == user_id, Job.state == "failed", Job.dismissed.is_(False))
        with self._database.session() as session:
            return list(session.scalars(query))

    def made_as(self, user_id: str, prefix: str) -> dict[str, str]:
        """The first asset by ``client_ref``, of a person's jobs whose ``client_ref`` begins with ``prefix``, newest job
        first."""
        query = select(Job.client_ref, Asset.id).join(Asset, Asset.job_id == Job.id)
        query = query.where(Job.user_id == user_id, Job.client_ref.startswith(prefix, autoescape=True))
        query = query.where(Asset.deleted_at.is_(None)).order_by(Asset.created_at.desc())
        with self._database.session() as session:
            return {ref: asset for ref, asset in session.execute(query).tuples() if ref}

    def finished_since(self, time: float) -> list[LiveJob]:
        """Everyone's jobs that finished after a time, oldest first."""
        query = select(Job).where(Job.state.in_(FINISHED), Job.finished_at > time).order_by(Job.finished_at)
        with self._database.session() as session:
            return self._restored(session, whole_rows(session, Job, query))

    def unfinished(self) -> list[tuple[Job, str]]:
        """The rows of unfinished jobs, oldest first, each with its owner's name."""
        query = select(Job).where(Job.state.not_in(FINISHED)).order_by(Job.created_at)
        with self._database.session() as session:
            rows = whole_rows(session, Job, query)
            names = _names(session, rows)
        return [(row, names[row.user_id]) for row in rows if row.user_id in names]

    def _restored(self, session: Session, rows: Iterable[Job]) -> list[LiveJob]:
        """Stored jobs, completed with their assets from the library."""
        rows = list(rows)
        names = _names(session, rows)
        assets_by_job: dict[str, list[str]] = {}
        assets = select(Asset.job_id, Asset.id).where(
            Asset.job_id.in_([row.id for row in rows]), Asset.deleted_at.is_(None)
        )
        for job_id, asset_id in session.execute(assets.order_by(Asset.created_at.desc())).tuples():
            assets_by_job.setdefault(job_id or "", []).append(asset_id)
        return [self._one(session, row, names.get(row.user_id, ""), assets_by_job.get(row.id, [])) for row in rows]

    def _one(self, session: Session, row: Job, owner: str, assets: list[str]) -> LiveJob:
        compared = verdict(session, row.id, row.parent) if row.state == "done" else ""
        return replace(live_of(row, ticket_of(row, owner)), assets=tuple(assets), verdict=compared)


def _names(session: Session, rows: Iterable[Job]) -> dict[str, str]:
    """The names of the jobs' owners, by user id."""
    owners = select(User.id, User.name).where(User.id.in_({row.user_id for row in rows}))
    return dict(session.execute(owners).tuples().all())
