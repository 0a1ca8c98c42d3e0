"""Downloads from a local hub resume when cut off, repeat when damaged, and never leave partial models installed."""

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engines import protocol
from engines.catalog import Catalog, locations
from engines.catalog.entry import Entry, Part
from engines.host.config import EngineConfig
from engines.host.worker import Worker
from engines.hub import cache, download, file_download
from engines.hub.client import Hub
from engines.hub.progress import DownloadProgress
from engines.memory import Cpu, Swapper
from errors import StudioError
from tests.engines.host.host_fixtures import envelope
from tests.support.hub import LocalHub, local_hub

REPO = "someone/pictures"


def weights(bytes: int = 300_000, seed: int = 1) -> bytes:
    """Return random bytes in place of weights."""
    return random.Random(seed).randbytes(bytes)


FILES = {"unet/config.json": "{}", "unet/model.safetensors": weights(), "unet/model.bin": weights(5000)}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """A hub with one repository and an empty cache."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(file_download, "PATIENCE", (0.01, 0.01, 0.01))
    with local_hub() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        served.add(REPO, FILES)
        yield served


@pytest.fixture
def bring(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that fetches a part of the repository and returns its folder."""

    def run(part: Part | None = None, token_file: Path | None = None) -> Path:
        part = part or Part(repo=REPO, subfolder="unet")
        with Hub(token_file) as connection:
            plan = download.plan(connection, [part], tmp_path)
            download.fetch(connection, plan, DownloadProgress(plan.total, plan.have), lambda: None)
        return locations.place(part, tmp_path)

    return run


def test_a_part_has_the_layout_of_the_hugging_face_cache(hub: LocalHub, bring: Callable[..., Path]) -> None:
    from huggingface_hub import try_to_load_from_cache

    folder = bring()
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    found = try_to_load_from_cache(REPO, "unet/model.safetensors", cache_dir=cache.root())
    assert found is not None
    assert Path(str(found)).read_bytes() == FILES["unet/model.safetensors"]
    assert (folder / "model.safetensors").is_symlink()
    assert not list(cache.root().rglob("*.incomplete"))
    assert locations.complete(folder)


def test_installed_files_are_not_fetched_again(hub: LocalHub, bring: Callable[..., Path], tmp_path: Path) -> None:
    bring()
    asked = len(hub.asked)
    bring()
    assert len(hub.asked) == asked


def test_a_broken_connection_resumes_where_it_broke(hub: LocalHub, bring: Callable[..., Path]) -> None:
    hub.fault("unet/model.safetensors", cut_at=297_000, cut_times=1)  # 99 %
    assert (bring() / "model.safetensors").read_bytes() == FILES["unet/model.safetensors"]
    again = [one for one in hub.heard("store") if one.range]
    assert [one.range for one in again] == ["bytes=297000-"]
    assert again[0].if_range.startswith('"store-')
    assert hub.sent < 301_000


def test_a_connection_that_keeps_breaking_fetches_a_file_in_pieces(hub: LocalHub, bring: Callable[..., Path]) -> None:
    hub.fault("unet/model.safetensors", cut_at=20_000, cut_times=9)
    hub.fault("unet/config.json", busy_times=2)
    assert (bring() / "model.safetensors").read_bytes() == FILES["unet/model.safetensors"]
    assert hub.sent < 301_000


def test_a_lost_connection_is_an_error_and_the_partial_file_is_kept(hub: LocalHub, bring: Callable[..., Path]) -> None:
    fault = hub.fault("unet/model.safetensors", cut_at=100_000, cut_times=1)

    def then_nothing(*_: object) -> None:
        fault.busy_times = 99

    count, hub.count = hub.count, then_nothing  # type: ignore[method-assign,assignment]
    with pytest.raises(StudioError) as error:
        bring()
    assert error.value.problem.code == "connection_lost"
    assert "resumes where it stopped" in error.value.problem.sentence
    fault.busy_times, hub.count = 0, count  # type: ignore[method-assign]
    assert (bring() / "model.safetensors").read_bytes() == FILES["unet/model.safetensors"]
    assert part_size(hub) == 100_000


def test_another_process_resumes_too(hub: LocalHub, bring: Callable[..., Path]) -> None:
    content = FILES["unet/model.safetensors"]
    assert isinstance(content, bytes)
    with Hub() as connection:
        repo = connection.repo(REPO)
    file = next(one for one in repo.files if one.path == "unet/model.safetensors")
    part = cache.part(REPO, file)
    part.parent.mkdir(parents=True)
    part.write_bytes(content[:123_456])
    bring()
    assert [one.range for one in hub.heard("store")] == ["bytes=123456-"]


def test_damaged_bytes_are_fetched_once_more(hub: LocalHub, bring: Callable[..., Path]) -> None:
    hub.fault("unet/model.safetensors", wrong_times=1)
    assert (bring() / "model.safetensors").read_bytes() == FILES["unet/model.safetensors"]
    assert len(hub.heard("store")) == 2


def test_bytes_that_stay_damaged_are_not_kept(hub: LocalHub, bring: Callable[..., Path], tmp_path: Path) -> None:
    hub.fault("unet/model.safetensors", wrong_times=9)
    with pytest.raises(StudioError) as error:
        bring()
    assert error.value.problem.code == "damaged_download"
    assert not [path for path in cache.root().rglob("blobs/*") if path.stat().st_size > 1000]
    assert not locations.complete(locations.place(Part(repo=REPO, subfolder="unet"), tmp_path))


def test_small_files_are_verified_too(hub: LocalHub, bring: Callable[..., Path]) -> None:
    hub.fault("unet/config.json", wrong_times=9)
    with pytest.raises(StudioError) as error:
        bring()
    assert "unet/config.json" in error.value.problem.sentence


def test_a_server_without_ranges_sends_the_whole_file_again(hub: LocalHub, bring: Callable[..., Path]) -> None:
    hub.fault("unet/model.safetensors", cut_at=100_000, cut_times=1, no_ranges=True)
    assert (bring() / "model.safetensors").read_bytes() == FILES["unet/model.safetensors"]


def test_a_file_that_changed_meanwhile_starts_over(hub: LocalHub, bring: Callable[..., Path]) -> None:
    fault = hub.fault("unet/model.safetensors", cut_at=100_000, cut_times=1)
    count = hub.count

    def rename(sent: int) -> None:
        count(sent)
        fault.etag = "another"

    hub.count = rename  # type: ignore[method-assign]
    assert (bring() / "model.safetensors").read_bytes() == FILES["unet/model.safetensors"]


def test_a_new_commit_replaces_the_old_one_only_when_it_is_complete(hub: LocalHub, bring: Callable[..., Path]) -> None:
    old = bring()
    shutil.rmtree(old)  # the user deleted the folder and the hub the commit: the newer one is fetched
    new = weights(seed=2)
    hub.add(REPO, {**FILES, "unet/model.safetensors": new})
    hub.fault("unet/model.safetensors", wrong_times=9)
    with pytest.raises(StudioError):
        bring()
    assert (cache.folder(REPO) / "refs" / "main").read_text() == old.parent.name
    hub.faults.clear()
    assert (bring() / "model.safetensors").read_bytes() == new


def test_a_renamed_repository_is_stored_under_the_requested_name(hub: LocalHub, bring: Callable[..., Path]) -> None:
    hub.rename(REPO, "elsewhere/pictures")
    folder = bring()
    assert cache.folder(REPO) in folder.parents
    assert locations.complete(folder)
    asked = len(hub.asked)
    bring()
    assert len(hub.asked) == asked


def test_half_precision_shards_and_safe_formats_are_chosen(hub: LocalHub, bring: Callable[..., Path]) -> None:
    index = json.dumps(
        {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    )
    hub.add(
        REPO,
        {
            "config.json": "{}",
            "README.md": "words",
            "run.py": "import os",
            "model.safetensors.index.json": index,
            "model-00001-of-00002.safetensors": weights(5000, 3),
            "model-00002-of-00002.safetensors": weights(5000, 4),
            "consolidated.safetensors": weights(5000, 5),
            "pytorch_model.bin": weights(5000, 6),
            "half/config.json": "{}",
            "half/m.safetensors": weights(5000, 7),
            "half/m.fp16.safetensors": weights(5000, 8),
            "half/m.non_ema.safetensors": weights(5000, 9),
            "brain/config.json": "{}",
            "brain/m.bf16.safetensors": weights(5000, 10),
            "brain/m.fp32.safetensors": weights(5000, 11),
        },
    )
    assert sorted(path.name for path in bring(Part(repo=REPO)).iterdir() if path.is_file()) == [
        "config.json",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
    ]
    half = bring(Part(repo=REPO, subfolder="half"))
    assert sorted(path.name for path in half.iterdir()) == ["config.json", "m.fp16.safetensors"]
    brain = bring(Part(repo=REPO, subfolder="brain"))
    assert sorted(path.name for path in brain.iterdir()) == ["config.json", "m.bf16.safetensors"]


def test_an_entry_restricts_the_files_to_fetch(hub: LocalHub, bring: Callable[..., Path]) -> None:
    hub.add(REPO, {"a.gguf": weights(5000, 1), "b.gguf": weights(5000, 2), "tokenizer.json": "{}"})
    assert bring(Part(repo=REPO, file="a.gguf")).read_bytes() == weights(5000, 1)
    folder = bring(Part(repo=REPO, allow=("*.json",)))
    assert sorted(path.name for path in folder.iterdir()) == ["a.gguf", "tokenizer.json"]
    with pytest.raises(StudioError) as error:
        bring(Part(repo=REPO, file="weights.bin"))
    assert error.value.problem.code == "nothing_to_fetch"


# -- access


def test_a_gated_model_error_says_what_to_do_and_only_the_hub_gets_the_token(
    hub: LocalHub, bring: Callable[..., Path], tmp_path: Path
) -> None:
    hub.add(REPO, FILES, gated=True, token="hf_secret_token")
    with pytest.raises(StudioError) as error:
        bring()
    assert error.value.problem.code == "gated"
    assert f"{hub.url}/{REPO}" in error.value.problem.next
    kept = tmp_path / "hf_token"
    kept.write_text("hf_another_token")
    with pytest.raises(StudioError) as error:
        bring(token_file=kept)
    assert error.value.problem.code == "bad_token"
    assert "hf_another_token" not in error.value.problem.sentence
    kept.write_text("hf_secret_token")
    assert (bring(token_file=kept) / "model.safetensors").exists()
    assert {one.authorization for one in hub.heard("store")} == {""}
    assert "Bearer hf_secret_token" in {one.authorization for one in hub.heard("hub")}


def test_an_unknown_name_is_an_error(hub: LocalHub, bring: Callable[..., Path]) -> None:
    with pytest.raises(StudioError) as error:
        bring(Part(repo="nobody/nothing"))
    assert error.value.problem.code == "no_such_repository"


@pytest.mark.parametrize("path", ["../../outside.json", "/etc/outside.json", "a/../../../outside.json"])
def test_file_paths_outside_of_the_repository_are_rejected(
    hub: LocalHub, bring: Callable[..., Path], path: str
) -> None:
    hub.add(REPO, {path: "{}", "model.safetensors": weights(5000)})
    with pytest.raises(StudioError) as error:
        bring(Part(repo=REPO))
    assert error.value.problem.code == "hub_error"


@pytest.mark.parametrize("name", ["..", "../..", "a/..", "a/b/c", "a b", "?x=1", ""])
def test_an_invalid_name_is_rejected_without_a_request(hub: LocalHub, name: str) -> None:
    with Hub() as connection, pytest.raises(StudioError) as error:
        connection.repo(name)
    assert error.value.problem.code == "no_such_repository"
    assert not hub.asked


def test_an_unreachable_hub_is_an_error(
    hub: LocalHub, bring: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(StudioError) as error:
        bring()
    assert error.value.problem.code == "offline"


# -- as a job


class Job:
    """A download worker with a catalog entry for the repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        own = folder / "own"
        own.mkdir()
        entry = {
            "id": "pictures",
            "name": "Pictures",
            "use": "Tests.",
            "tasks": [],
            "runtime": "torch",
            "pipeline": "none:None",
            "parts": {"unet": {"repo": REPO, "subfolder": "unet"}},
            "license": {"name": "none", "commercial": True},
            "verified": "import",
        }
        (own / "pictures.yaml").write_text(json.dumps(entry))
        self.events: list[protocol.Event] = []
        self.config = EngineConfig(starter=folder, catalog=own, keep_free_bytes=0)
        self.catalog = Catalog(folder, own)
        self.worker = Worker("fetch", self.config, self.hear, Swapper(Cpu(), None), self.catalog)
        self.on_progress: Callable[[], None] = lambda: None

    def hear(self, event: protocol.Event) -> None:
        self.events.append(event)
        if isinstance(event, protocol.Progress):
            self.on_progress()

    def run(self, **request: object) -> protocol.Event:
        """Run the job; return its last event."""
        self.events.clear()
        self.worker.run(envelope(self.folder, task="fetch_model", model="hub", **{"entry": "pictures", **request}))
        [end] = [
            one
            for one in self.events
            if isinstance(one, protocol.Result | protocol.Failed | protocol.Cancelled | protocol.Yielded)
        ]
        return end

    @property
    def entry(self) -> Entry:
        return self.catalog.get("pictures")


@pytest.fixture
def job(hub: LocalHub, tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_a_download_reports_its_progress(hub: LocalHub, job: Job) -> None:
    assert isinstance(job.run(), protocol.Result)
    last = [event for event in job.events if isinstance(event, protocol.Progress)][-1]
    assert (last.step, last.total, last.noun) == (300_002, 300_002, "byte")
    facts = [event.facts for event in job.events if isinstance(event, protocol.Facts)][-1]
    assert facts["bytes"] == facts["bytes_total"] == 300_002
    assert job.catalog.installed(job.entry)


@pytest.mark.slow
@pytest.mark.parametrize("ask", ["cancel", "request_yield"])
def test_a_canceled_or_paused_download_keeps_its_partial_file(hub: LocalHub, job: Job, ask: str) -> None:
    hub.fault("unet/model.safetensors", bytes_per_second=100_000)
    job.on_progress = lambda: hub.sent > 70_000 and getattr(job.worker, ask)("job")  # type: ignore[assignment,return-value]
    assert isinstance(job.run(), protocol.Cancelled if ask == "cancel" else protocol.Yielded)
    [part] = cache.root().rglob("*.incomplete")
    assert part.stat().st_size > 65_000
    hub.faults.clear()
    job.on_progress = lambda: None
    assert isinstance(job.run(), protocol.Result)
    assert [one.range for one in hub.heard("store") if one.range] == [f"bytes={part_size(hub)}-"]


def part_size(hub: LocalHub) -> int:
    """Return the first byte of the last resumed request."""
    return int([one.range for one in hub.heard("store") if one.range][-1].removeprefix("bytes=").rstrip("-"))


def test_a_full_disk_is_an_error_before_anything_is_fetched(
    hub: LocalHub, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "free_bytes", lambda: 100_000)
    failed = job.run()
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "disk_full"
    assert hub.sent == 0


def test_an_unknown_model_is_an_error(hub: LocalHub, job: Job) -> None:
    failed = job.run(entry="nonsense")
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "unknown_model"


def test_an_entry_added_while_the_worker_runs_is_found(hub: LocalHub, job: Job) -> None:
    text = (job.config.catalog / "pictures.yaml").read_text().replace('"id": "pictures"', '"id": "newer"')
    (job.config.catalog / "newer.yaml").write_text(text)
    assert isinstance(job.run(entry="newer"), protocol.Result)


# -- pickles


def pickled(folder: Path, state: object) -> bytes:
    """Return a file written by torch.save."""
    import torch

    torch.save(state, folder / "state.bin")
    return (folder / "state.bin").read_bytes()


@pytest.mark.parametrize(
    ("ends", "code"),
    [
        ("kill -9 $$", "out_of_memory"),
        ("echo 'RuntimeError: DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes' >&2; exit 1",
         "out_of_memory"),
        ("echo 'MemoryError' >&2; exit 1", "out_of_memory"),
        ("echo 'I/O error: No space left on device (os error 28)' >&2; exit 1", "disk_full"),
        ("echo 'ModuleNotFoundError: no torch' >&2; exit 1", "not_rewritten"),
    ],
)  # fmt: skip
def test_a_pickle_that_could_not_be_converted_is_kept(
    hub: LocalHub, bring: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, ends: str, code: str
) -> None:
    hub.add(REPO, {"config.json": "{}", "pytorch_model.bin": weights(5000)})
    monkeypatch.setattr("engines.hub.pickle_conversion._COMMAND", ("sh", "-c", ends))
    with pytest.raises(StudioError) as error:
        bring(Part(repo=REPO))
    assert error.value.problem.code == code
    sent = hub.sent
    monkeypatch.setattr("engines.hub.pickle_conversion._COMMAND", ("sh", "-c", 'cp "$0" "$1"'))
    assert (bring(Part(repo=REPO)) / "model.safetensors").read_bytes() == weights(5000)
    assert hub.sent == sent


@pytest.mark.slow
def test_pickles_are_converted_once_or_refused(hub: LocalHub, bring: Callable[..., Path], tmp_path: Path) -> None:
    import torch
    from safetensors import safe_open

    good = pickled(tmp_path, {"a": torch.arange(2000.0), "b": torch.ones(2, 3)})
    hub.add(REPO, {"config.json": "{}", "pytorch_model.bin": good})
    folder = bring(Part(repo=REPO))
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    with safe_open(folder / "model.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt"}
        assert torch.equal(file.get_tensor("a"), torch.arange(2000.0))
    asked = len(hub.asked)
    bring(Part(repo=REPO))
    assert len(hub.asked) == asked

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "owned"),)

    hub.add(
        "someone/evil", {"config.json": "{}", "pytorch_model.bin": pickled(tmp_path, {"a": Evil(), "b": "x" * 5000})}
    )
    with pytest.raises(StudioError) as error:
        bring(Part(repo="someone/evil"))
    assert error.value.problem.code == "unsafe_model"
    assert not (tmp_path / "owned").exists()
    assert not list(cache.folder("someone/evil").rglob("*.bin"))
