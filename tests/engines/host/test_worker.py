"""A worker turns an envelope into events: any number, then exactly one final event."""

import threading
from pathlib import Path

import pytest

from engines import protocol
from engines.catalog import Catalog
from engines.host.config import EngineConfig
from engines.host.worker import Worker
from engines.memory import Simulated, Swapper
from engines.tasks import TASKS
from tests.engines.host.host_fixtures import RUNNER, TASK, envelope, install_entry

ENDS = (protocol.Result, protocol.Failed, protocol.Cancelled, protocol.Yielded)


class Lane:
    """A worker and its events."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[protocol.Event] = []
        self.heard = threading.Condition()
        install_entry(folder / "own")
        config = EngineConfig(starter=folder / "starter", catalog=folder / "own")
        self.swapper = Swapper(Simulated(100))
        self.worker = Worker("cpu", config, self._hear, self.swapper, Catalog(config.starter, config.catalog))

    def _hear(self, event: protocol.Event) -> None:
        with self.heard:
            self.events.append(event)
            self.heard.notify_all()

    def do(self, prompt: str, **request: object) -> protocol.Event:
        """Run a job and return its final event."""
        self.worker.run(envelope(self.folder, prompt=prompt, **request))
        return self.end()

    def begin(self, prompt: str) -> threading.Thread:
        """Start a job in a thread and return once it is running."""
        thread = threading.Thread(target=self.do, args=(prompt,))
        thread.start()
        if prompt != "stumbles when cancelled":
            with self.heard:
                assert self.heard.wait_for(lambda: any(isinstance(e, protocol.Progress) for e in self.events), 5)
        return thread

    def end(self) -> protocol.Event:
        ends = [event for event in self.events if isinstance(event, ENDS)]
        assert len(ends) == 1, self.events
        self.events = []
        return ends[0]

    def left(self) -> list[str]:
        """Return the files in the job's folder."""
        return sorted(path.name for path in (self.folder / "out").iterdir())


@pytest.fixture
def lane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lane:
    monkeypatch.setitem(TASKS, TASK, TASKS[TASK]._replace(run=RUNNER))
    return Lane(tmp_path)


def test_a_job_ends_with_its_files_after_its_measurements(lane: Lane) -> None:
    lane.worker.run(envelope(lane.folder))
    kinds = [event.type for event in lane.events]
    assert kinds == ["progress", "progress", "progress", "measured", "result", "device"]
    result = lane.end()
    assert isinstance(result, protocol.Result)
    assert (result.job, result.attempt) == ("job", 1)
    assert lane.left() == [result.files[0].file]
    assert result.files[0].provenance["seed"] == 1


def test_a_growing_text_arrives_piece_by_piece(lane: Lane) -> None:
    lane.worker.run(envelope(lane.folder, prompt="say"))
    assert "".join(event.delta for event in lane.events if isinstance(event, protocol.Text)) == "word by word"


def test_a_problem_is_passed_on_unchanged(lane: Lane) -> None:
    failed = lane.do("problem")
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.sentence == "It is bad. It was made so. Make it good."
    assert lane.left() == []


@pytest.mark.parametrize("prompt", ["bug", "panic"])
def test_a_bug_is_a_plain_sentence_with_the_traceback_for_the_log(lane: Lane, prompt: str) -> None:
    failed = lane.do(prompt)
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "engine_error"
    assert "secret" not in failed.problem.sentence
    assert "Traceback" in failed.detail
    assert lane.left() == []
    assert isinstance(lane.do("picture"), protocol.Result)


@pytest.mark.parametrize("prompt", ["full", "wrapped full"])
def test_a_full_disk_is_reported_and_partial_files_are_removed(lane: Lane, prompt: str) -> None:
    failed = lane.do(prompt)
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "disk_full"
    assert lane.left() == []


def test_out_of_memory_is_retried_with_nothing_else_loaded(lane: Lane) -> None:
    assert isinstance(lane.do("memory once"), protocol.Result)
    assert len(lane.left()) == 1


def test_a_text_starts_over_if_memory_ran_out(lane: Lane) -> None:
    lane.worker.run(envelope(lane.folder, prompt="says memory once"))
    text = ""
    for event in lane.events:
        if isinstance(event, protocol.Text):
            text += event.delta
        elif isinstance(event, protocol.TextVoid):
            text = ""
    assert text == "Hello world"
    assert isinstance(lane.end(), protocol.Result)


def test_another_programs_memory_error_is_passed_on_and_not_retried(lane: Lane) -> None:
    lane.worker.run(envelope(lane.folder, prompt="memory of another program"))
    assert not any(isinstance(event, protocol.TextVoid) for event in lane.events)
    failed = lane.end()
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.sentence == "Ollama is full. It says so. Free it."


def test_out_of_memory_twice_fails_with_a_sentence(lane: Lane) -> None:
    failed = lane.do("memory")
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "out_of_memory"


def test_a_cancelled_job_leaves_nothing(lane: Lane) -> None:
    thread = lane.begin("endless")
    lane.worker.cancel("another job")
    thread.join(0.1)
    assert thread.is_alive()
    lane.worker.cancel("job")
    thread.join(5)
    assert not thread.is_alive()
    assert lane.left() == []


def test_a_job_cancelled_before_its_turn_does_not_start(lane: Lane) -> None:
    job = envelope(lane.folder)
    lane.worker.accept(job)
    lane.worker.cancel("job")
    lane.worker.run(job)
    assert not any(isinstance(event, protocol.Progress) for event in lane.events)
    assert isinstance(lane.end(), protocol.Cancelled)


def test_an_old_cancel_does_not_stop_the_next_attempt(lane: Lane) -> None:
    assert isinstance(lane.do("picture"), protocol.Result)
    lane.worker.cancel("job")
    assert isinstance(lane.do("picture"), protocol.Result)


def test_an_error_of_a_cancelled_job_counts_as_the_cancel(lane: Lane) -> None:
    job = envelope(lane.folder, prompt="stumbles when cancelled")
    lane.worker.accept(job)
    threading.Timer(0.1, lane.worker.cancel, ("job",)).start()
    lane.worker.run(job)
    assert isinstance(lane.end(), protocol.Cancelled)


def test_a_job_that_yields_keeps_its_checkpoint(lane: Lane) -> None:
    thread = lane.begin("yield")
    lane.worker.request_yield("job")
    thread.join(5)
    assert (lane.folder / "checkpoint" / "state").read_text() == "half way"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"model": "nobody"}, "unknown_model"),
        ({"task": "fly"}, "unknown_task"),
        ({"steps": -1}, "bad_value"),
        ({"guidance": float("nan")}, "bad_value"),
        ({"prompt": ""}, "empty_field"),
    ],
)
def test_an_invalid_request_fails_with_a_sentence(lane: Lane, request_: dict[str, object], code: str) -> None:
    lane.worker.run(envelope(lane.folder, **request_))
    failed = lane.end()
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == code


def test_fields_of_another_version_are_ignored(lane: Lane) -> None:
    assert isinstance(lane.do("picture", from_the_future=1), protocol.Result)


def test_a_folder_that_cannot_be_created_fails_only_the_job(lane: Lane) -> None:
    (lane.folder / "file").touch()
    lane.worker.run(envelope(lane.folder / "file"))
    assert isinstance(lane.end(), protocol.Failed)
    assert isinstance(lane.do("picture"), protocol.Result)
