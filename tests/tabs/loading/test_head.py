"""What the page requests before it can be used: few files, kept by browsers for good."""

import re

import pytest

from tabs.loading.gradio_frontend import FRONTEND, front_end
from tests.support.people import Person


@pytest.fixture
def page(ann: Person) -> str:
    return ann.client.get("/", headers={"Accept": "text/html"}).text


def test_the_page_names_files_that_never_change(page: str, ann: Person) -> None:
    named = re.findall(r'(?:href|src)="(c41/page/[^"]+)"', page)
    assert [name.rpartition(".")[2] for name in named] == ["css", "js"]
    for name in named:
        answer = ann.client.get(f"/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        plain = ann.client.get(f"/{name}", headers={"Accept-Encoding": "identity"})
        assert plain.text == answer.text
    script = ann.client.get(f"/{named[1]}").text
    mapped = re.findall(r"^//# sourceMappingURL=(.+)$", script, re.M)
    sources = ann.client.get(f"/c41/page/{mapped[0]}").json()["sources"]
    assert "../js/studio.js" in sources
    for vendor in re.findall(r'import\("\./([^"]+)"\)', script):
        assert ann.client.get(f"/c41/page/{vendor}").status_code == 200
    assert ann.client.get("/c41/page/studio-00000000.js").status_code == 404


def test_gradios_files_are_named_in_advance(page: str) -> None:
    preloaded = re.findall(r'<link rel="modulepreload" href="assets/([^"]+)">', page)
    assert any(name.startswith("Blocks-") for name in preloaded)
    assert len(preloaded) > 25
    for name in (*preloaded, *front_end({"html"}).styles):
        assert (FRONTEND / "assets" / name).is_file()
    assert len(front_end({"html", "textbox"}).scripts) > len(front_end({"html"}).scripts)
    assert "iframeResizer.contentWindow" not in page
