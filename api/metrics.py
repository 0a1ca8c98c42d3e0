"""Metrics for Prometheus, read from the queue at every scrape."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from jobs.queue.tables import Job
from studio import Studio

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The metrics of a studio, in their own registry."""

    def __init__(self, studio: Studio) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(QueueFigures(studio))
        self.requests = Counter(
            "c41_http_requests", "REST requests answered.", ["method", "route", "status"], registry=self._registry
        )

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class QueueFigures(Collector):
    """Jobs by state and lane, their waiting time, and the device's memory."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Return nothing: registering must not read the database."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily | SummaryMetricFamily]:
        """Yield the current metrics."""
        jobs = GaugeMetricFamily(
            "c41_jobs", "Jobs by state and lane (finished: since the start).", labels=["state", "lane"]
        )
        waits = SummaryMetricFamily("c41_job_wait_seconds", "Time from submission to start.", labels=["lane"])
        waited = func.sum(Job.started_at - Job.created_at)
        for lane, states in self._studio.jobs.counts().items():
            for state, count in states.items():
                jobs.add_metric([state, lane], count)
        with self._studio.database.session() as session:
            for lane, count, seconds in session.execute(
                select(Job.lane, func.count(), waited).where(Job.started_at.is_not(None)).group_by(Job.lane)
            ):
                waits.add_metric([lane], count, seconds or 0)
        yield jobs
        yield waits
        device = self._studio.jobs.device()
        memory = GaugeMetricFamily("c41_device_bytes", "Memory of the device.", labels=["device", "what"])
        memory.add_metric([device.name, "used"], device.used_bytes)
        memory.add_metric([device.name, "total"], device.total_bytes)
        yield memory
