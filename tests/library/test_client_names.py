"""File names for clients: ASCII, with a number that a file keeps, and never its title."""

from collections.abc import Callable

import pytest

from api.file_responses import file_name
from auth.accounts.principal import Principal
from library.views import AssetView
from tests.library.conftest import Shelf

Bring = Callable[..., AssetView]


@pytest.mark.parametrize(
    ("project", "start"),
    [
        (
            "Frühjahrskampagne 2027 – zweite Fassung, kurz, für das Hotel am See, Schnitt 4 B",
            "Fruhjahrskampagne 2027 - ",
        ),
        ("Harbor café ad", "Harbor cafe ad_"),
        ("港口" * 40, "Project_"),
        ("…/..", "Project_"),
        ("../A:B", "A B_"),
    ],
)
def test_names_are_ascii_and_keep_their_ending(
    shelf: Shelf, ann: Principal, bring: Bring, project: str, start: str
) -> None:
    home = shelf.library.create_project(ann, project[:80], shared=True)
    made = [bring(ann, home.id, kind="clip", width=1024, height=576, fps=24.0) for _ in range(2)]
    names = [file_name(name, ".mp4") for name in shelf.library.client_names(ann, made).values()]
    assert sorted(name[-len("_001_24fps.mp4") :] for name in names) == ["_001_24fps.mp4", "_002_24fps.mp4"]
    assert all(name.startswith(start) and name.isascii() and len(name) <= 84 for name in names)


def test_a_file_keeps_its_number(shelf: Shelf, ann: Principal, bob: Principal, bring: Bring) -> None:
    home = shelf.library.create_project(ann, "Harbor", shared=True)
    first, second, third = (bring(ann, home.id, width=8, height=6) for _ in range(3))
    assert shelf.library.client_names(ann, [second]) == {second.id: "Harbor_001_8x6"}
    assert shelf.library.client_names(bob, [third, first, second]) == {
        first.id: "Harbor_002_8x6",
        second.id: "Harbor_001_8x6",
        third.id: "Harbor_003_8x6",
    }
    shelf.library.delete(ann, second.id)
    assert shelf.library.client_names(ann, [third]) == {third.id: "Harbor_003_8x6"}


def test_own_files_are_numbered_per_person(shelf: Shelf, ann: Principal, bob: Principal, bring: Bring) -> None:
    for who in (ann, bob):
        sound = bring(who, kind="sound")
        assert shelf.library.client_names(who, [sound]) == {sound.id: "C41 Studio_001"}
