"""Projects: access, and each person's current one."""

import pytest

from auth.accounts.principal import Principal
from errors import StudioError
from library.tables import ProjectMember
from tests.library.conftest import Shelf


def test_the_first_project_is_made_once_and_shared(shelf: Shelf, ann: Principal, bob: Principal) -> None:
    for who, mine in ((bob, False), (ann, True), (bob, False)):
        (project,) = shelf.library.projects(who)
        assert (project.name, project.shared, project.mine) == ("Shared work", True, mine)


def test_nobody_has_a_current_project_at_first(shelf: Shelf, ann: Principal, bob: Principal) -> None:
    shared = shelf.library.projects(ann)[0]
    assert shelf.library.current_project(ann) is None
    shelf.library.set_current_project(ann, shared.id)
    assert shelf.library.current_project(ann) == shared.id
    assert shelf.library.current_project(bob) is None
    shelf.library.set_current_project(ann, None)
    assert shelf.library.current_project(ann) is None


def test_a_private_project_is_for_its_owner_and_members(shelf: Shelf, ann: Principal, bob: Principal) -> None:
    guest = shelf.person("Client", "guest")
    project = shelf.library.create_project(ann, "  The   film ", shared=False)
    assert project.name == "The film"
    for who in (bob, guest):
        assert project not in shelf.library.projects(who)
        with pytest.raises(StudioError) as error:
            shelf.library.set_current_project(who, project.id)
        assert error.value.problem.code == "not_found"
    with shelf.database.session() as session:
        session.add(ProjectMember(project_id=project.id, user_id=guest.user_id))
    assert [seen.id for seen in shelf.library.projects(guest)] == [project.id]
    shelf.library.require_project(guest, project.id)
    shelf.library.set_current_project(guest, project.id)
    assert shelf.library.current_project(guest) == project.id


@pytest.mark.parametrize("name", ["", " \n", "x" * 81])
def test_a_project_needs_a_name(shelf: Shelf, ann: Principal, name: str) -> None:
    with pytest.raises(StudioError) as error:
        shelf.library.create_project(ann, name, shared=True)
    assert error.value.status == 422
