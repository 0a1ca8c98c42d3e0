"""Rules of the code base: imports, what is loaded at the start, sizes of files and functions, requirements."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
OURS = {"app", "settings", "data", "db", "errors", "studio", "utf8", "yaml_files", "logs"}
WORKBENCH = {"httpx", "playwright", "tests"}  # what bench may import beyond requirements.txt
PACKAGES = {"api", "auth", "bench", "engines", "jobs", "library", "migrations", "tabs", "tools"}
HEAVY = (
    "torch",
    "torchvision",
    "diffusers",
    "transformers",
    "onnxruntime",
    "ncnn",
    "av",
    "faster_whisper",
    "hibari",
    "ollama",
    "xllamacpp",
    "tokenizers",
    "pypdf",
)


def sources() -> Iterator[Path]:
    yield from (REPOSITORY / f"{name}.py" for name in sorted(OURS))
    for package in sorted(PACKAGES):
        yield from sorted((REPOSITORY / package).rglob("*.py"))


def requirements(file: str) -> set[str]:
    lines = (REPOSITORY / file).read_text().splitlines()
    return {line.partition("==")[0] for line in lines if re.match(r"[A-Za-z]", line)}


def parsed(text: str) -> ast.Module:
    """The syntax tree of a source. CPython 3.11 counts its depth for all threads together, and gives up with a
    SystemError if another thread parses at the same time."""
    for _ in range(20):
        try:
            return ast.parse(text)
        except SystemError:
            time.sleep(0.05)
    return ast.parse(text)


def test_imports_point_one_way() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


SINGLE_FILES = {
    "utf8": set(),
    "yaml_files": set(),
    "logs": set(),
    "errors": {"utf8"},
    "data": {"errors"},
    "settings": set(),
    "db": {"errors"},
    "studio": {"auth", "data", "db", "engines", "jobs", "library", "settings"},
}


@pytest.mark.parametrize("name", sorted(SINGLE_FILES))
def test_single_files_import_only_what_their_layer_allows(name: str) -> None:
    found = imported(parsed((REPOSITORY / f"{name}.py").read_text())) & (OURS | PACKAGES)
    assert found <= SINGLE_FILES[name]


@pytest.mark.slow
def test_the_sign_in_page_needs_no_model_library(data_folder: Path) -> None:
    code = f"""
import sys
from pathlib import Path
import app
from settings import Settings
from starlette.testclient import TestClient
studio = app.build_studio(Settings(data=Path({str(data_folder)!r})))
with TestClient(app.build_app(studio)) as client:
    assert client.get("/login").status_code == 200
    print(*[name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


@pytest.mark.slow
def test_serving_the_page_loads_no_tools(data_folder: Path) -> None:
    """Storybook's vocabulary is small; the code for its training pictures must not be loaded."""
    code = f"""
import sys
from pathlib import Path
import app
from settings import Settings
from starlette.testclient import TestClient
from tests.support.people import admit
studio = app.build_studio(Settings(data=Path({str(data_folder)!r})))
built = app.build_app(studio)
with TestClient(built):
    page = admit(studio, built, "ann").client.get("/")
    assert page.status_code == 200
    assert "engines.families.storybook.motion_words" in sys.modules
    print(*[name for name in sys.modules if name.partition(".")[0] == "tools" or name == "PIL.ImageDraw"])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_files_and_functions_stay_small() -> None:
    too_much = []
    for path in sources():
        text = path.read_text()
        if text.count("\n") > 400:
            too_much.append(f"{path}: {text.count(chr(10))} lines")
        for node in ast.walk(parsed(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                names = [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]
                parameters = len([name for name in names if name not in ("self", "cls")])
                if lines > 60 or parameters > 8:
                    too_much.append(f"{path}:{node.lineno} {node.name}: {lines} lines, {parameters} parameters")
    assert too_much == []


def test_every_import_is_a_requirement() -> None:
    provides = importlib.metadata.packages_distributions()
    required = {name.lower().replace("_", "-") for name in requirements("requirements.txt")}
    missing = set()
    for path in sources():
        here = required | WORKBENCH if path.is_relative_to(REPOSITORY / "bench") else required
        for name in imported(parsed(path.read_text())) - set(sys.stdlib_module_names) - OURS - PACKAGES:
            distributions = {found.lower().replace("_", "-") for found in provides.get(name, [name])}
            if not distributions & here:
                missing.add(f"{path.relative_to(REPOSITORY)} imports {name}")
    assert missing == set()


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def test_no_test_decides_whether_the_hub_may_be_contacted() -> None:
    """What works only because a test sets it does not work for users."""
    own = {Path(__file__), REPOSITORY / "tests" / "engines" / "hub" / "test_hub_offline.py"}
    paths = [path for path in (REPOSITORY / "tests").rglob("*.py") if path not in own]
    assert [str(path) for path in paths if re.search("HF_HUB_OFFLINE|TRANSFORMERS_OFFLINE", path.read_text())] == []


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_its_reason(file: str) -> None:
    rows = re.findall(r"^\| ([\w-]+) \| (.+?) \|", (REPOSITORY / "docs/dependencies.md").read_text(), re.MULTILINE)
    reasons = dict(rows)
    assert requirements(file) <= set(reasons)


def test_requirements_are_pinned_and_installed() -> None:
    for file in ("requirements.txt", "requirements-dev.txt"):
        for line in (REPOSITORY / file).read_text().splitlines():
            if re.match(r"[A-Za-z]", line):
                name, _, version = line.partition("==")
                assert importlib.metadata.version(name).partition("+")[0] == version


def test_links_between_documents_work() -> None:
    links = [
        (document, target)
        for document in (REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md"))
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
    ]
    assert [f"{document.name}: {target}" for document, target in links if not (document.parent / target).exists()] == []
