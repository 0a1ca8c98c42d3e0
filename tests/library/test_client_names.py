"""Names for clients keep their number and size, however long the project's name is."""

from collections.abc import Callable

import pytest

from api.serving import file_name
from auth.principal import Principal
from library.views import AssetView
from tests.library.conftest import Shelf


@pytest.mark.parametrize(
    "project", ["Frühjahrskampagne 2027 – zweite Fassung, kurz, für das Hotel am See, Schnitt 4 B", "港口" * 40]
)
def test_names_keep_their_ending(shelf: Shelf, ann: Principal, bring: Callable[..., AssetView], project: str) -> None:
    home = shelf.library.create_project(ann, project[:80], shared=True)
    made = [bring(ann, home.id, kind="clip", width=1024, height=576, fps=24.0) for _ in range(2)]
    names = [file_name(name, ".mp4") for name in shelf.library.client_names(ann, made).values()]
    assert sorted(name[-len("_001_1024x576_24fps.mp4") :] for name in names) == [
        "_001_1024x576_24fps.mp4",
        "_002_1024x576_24fps.mp4",
    ]
    assert all(name.startswith(project[:20]) and len(name.encode()) <= 204 for name in names)
