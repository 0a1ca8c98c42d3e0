"""Accounts stay unique, and the studio keeps an owner, when many act at the same moment."""

from pathlib import Path

from auth.accounts.identities import Claims
from tests.auth import gated_app as houses
from tests.auth.gated_app import House
from tests.support.at_once import at_once


def test_one_of_twelve_accounts_gets_the_name(house: House) -> None:
    names = ["Zoë", "zoë", "ZOË", " zoë "] * 3
    outcomes = at_once([lambda name=name: house.accounts.add(name) for name in names])  # type: ignore[misc]
    assert outcomes == {"done": 1, "name_taken 409": 11}
    assert len(house.accounts.people()) == 3  # including ann and bob


def test_one_of_twelve_gets_an_email_address(house: House) -> None:
    ids = [house.accounts.find(name).id for name in ("ann", "bob")]
    set_email = house.accounts.people_admin.set_email
    outcomes = at_once(
        [lambda id=id: set_email(id, "us@example.org") for id in ids]  # type: ignore[misc]
        + [lambda n=n: house.accounts.add(f"new {n}", email="us@example.org") for n in range(10)]  # type: ignore[misc]
    )
    assert outcomes == {"done": 1, "email_taken 409": 11}
    assert [person.email for person in house.accounts.people()].count("us@example.org") == 1


def test_a_new_person_in_twelve_windows_gets_one_account(data_folder: Path) -> None:
    house = houses.build(data_folder, oidc_allow="everyone")
    houses.people(house)
    identities = house.accounts.identities
    zoe = Claims(issuer="https://id.example", subject="1", username="zoe", email="zoe@example.org")
    assert at_once([lambda: identities.user(zoe)] * 12) == {"done": 12}
    assert [person.name for person in house.accounts.people()] == ["ann", "bob", "zoe"]

    others = [Claims(issuer="https://id.example", subject=f"{number}", username="ann") for number in range(2, 14)]
    assert at_once([lambda one=one: identities.user(one) for one in others]) == {"done": 12}  # type: ignore[misc]
    assert {person.name for person in house.accounts.people()} == {
        "ann", "bob", "zoe", *(f"ann {number}" for number in range(2, 14))
    }  # fmt: skip
    house.database.close()


def test_owners_who_demote_each_other_leave_one_owner(house: House) -> None:
    household = house.accounts.people_admin
    ids = [house.accounts.find(name).id for name in ("ann", "bob")]
    for _ in range(6):
        for id in ids:
            household.set_role(id, "owner")
        outcomes = at_once([lambda id=id: household.set_role(id, "member") for id in ids])  # type: ignore[misc]
        assert outcomes == {"done": 1, "last_owner 409": 1}
