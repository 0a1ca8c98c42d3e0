"""Projects: whose they are, and the one in hand."""

import pytest

from auth.principal import Principal
from errors import StudioError
from library.tables import ProjectMember
from tests.library.conftest import Shelf


def test_the_first_project_is_made_once_and_shared(shelf: Shelf, ann: Principal, bob: Principal) -> None:
    for who, mine in ((bob, False), (ann, True), (bob, False)):
        (project,) = shelf.library.projects(who)
        assert (project.name, project.shared, project.mine) == ("Shared work", True, mine)


def test_nobody_has_a_project_in_hand_at_first(shelf: Shelf, ann: Principal, bob: Principal) -> None:
    shared = shelf.library.projects(ann)[0]
    assert shelf.library.project_in_hand(ann) is None
    shelf.library.take_in_hand(ann, shared.id)
    assert shelf.library.project_in_hand(ann) == shared.id
    assert shelf.library.project_in_hand(bob) is None
    shelf.library.take_in_hand(ann, None)
    assert shelf.library.project_in_hand(ann) is None


def test_a_private_project_is_its_owners_and_its_members(shelf: Shelf, ann: Principal, bob: Principal) -> None:
    guest = shelf.person("Client", "guest")
    project = shelf.library.create_project(ann, "  The   film ", shared=False)
    assert project.name == "The film"
    for who in (bob, guest):
        assert project not in shelf.library.projects(who)
        with pytest.raises(StudioError) as error:
            shelf.library.take_in_hand(who, project.id)
        assert error.value.problem.code == "not_found"
    with shelf.database.session() as session:
        session.add(ProjectMember(project_id=project.id, user_id=guest.user_id))
    assert [seen.id for seen in shelf.library.projects(guest)] == [project.id]
    shelf.library.require_project(guest, project.id)
    shelf.library.take_in_hand(guest, project.id)
    assert shelf.library.project_in_hand(guest) == project.id


@pytest.mark.parametrize("name", ["", " \n", "x" * 81])
def test_a_project_needs_a_name(shelf: Shelf, ann: Principal, name: str) -> None:
    with pytest.raises(StudioError) as error:
        shelf.library.create_project(ann, name, shared=True)
    assert error.value.status == 422
