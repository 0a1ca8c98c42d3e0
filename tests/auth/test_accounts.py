"""People: valid names and passwords, and the validity of links, tokens and sign-ins."""

import time
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from auth.accounts import links, passwords
from auth.accounts.principal import Principal
from auth.accounts.principal_cache import SECONDS
from auth.accounts.tables import LoginSession, OneTimeLink, Token, User
from errors import StudioError
from tests.auth import gated_app as houses
from tests.auth.gated_app import PASSWORD, House


def of(path: str) -> str:
    return path.rpartition("/")[2]


def person(house: House, name: str) -> Principal:
    user = house.accounts.find(name)
    return Principal(user_id=user.id, name=user.name, role="member")


def code(error: pytest.ExceptionInfo[StudioError]) -> str:
    return error.value.problem.code


# Names and passwords


@pytest.mark.parametrize("name", ["ann", "Zoë", "J. R. R", "dad_2", "李雷", "a" * 40, "  ann   lee "])
def test_common_names_are_accepted(empty_house: House, name: str) -> None:
    empty_house.accounts.add(name)
    assert empty_house.accounts.find(name).name == " ".join(name.split())


@pytest.mark.parametrize("name", ["", " ", "a" * 41, "../etc", "<b>", "a\nb;", "...", "a@b", "\0", "a/b"])
def test_other_names_are_refused_in_a_sentence(empty_house: House, name: str) -> None:
    with pytest.raises(StudioError) as error:
        empty_house.accounts.add(name)
    assert code(error) == "bad_name"


@pytest.mark.parametrize("other", ["ANN", "Ann", "ａｎｎ"])
def test_spellings_of_a_name_are_one_person(house: House, other: str) -> None:
    with pytest.raises(StudioError) as error:
        house.accounts.add(other)
    assert code(error) == "name_taken"
    assert house.accounts.check_password(other, PASSWORD).name == "ann"


@pytest.mark.parametrize(("password", "expected"), [("1234567", "short_password"), ("x" * 1025, "long_password")])
def test_passwords_have_a_minimum_and_maximum_length(house: House, password: str, expected: str) -> None:
    link = of(house.accounts.reset("bob"))
    with pytest.raises(StudioError) as error:
        house.accounts.use_link(link, None, password)
    assert code(error) == expected
    house.accounts.use_link(link, None, "xy" * 512)  # the link still works
    assert house.accounts.check_password("bob", "xy" * 512)


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Password2026!",
        "ＰＡＳＳＷＯＲＤ",
        "12345678",
        "        ",
        "aaaaaaaaaa",
        "bob bob bob",
        "Bob-12345",
        "qwertyuiop!",
    ],
)
def test_easily_guessed_passwords_are_refused(house: House, password: str) -> None:
    link = of(house.accounts.reset("bob"))
    with pytest.raises(StudioError) as error:
        house.accounts.use_link(link, None, password)
    assert (code(error), error.value.status) == ("common_password", 422)
    house.accounts.use_link(link, None, "bobsleigh at noon")


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(house: House) -> None:
    answers = []
    for name, password in (("ann", "not that one"), ("nobody", PASSWORD), ("", ""), ("ann", "x" * 5000)):
        with pytest.raises(StudioError) as error:
            house.accounts.check_password(name, password)
        answers.append((error.value.problem, error.value.status))
    assert len(set(map(str, answers))) == 1


def test_an_unknown_name_takes_as_long_as_a_wrong_password(house: House) -> None:
    def seconds(name: str) -> float:
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            with pytest.raises(StudioError):
                house.accounts.check_password(name, "not that one")
            times.append(time.perf_counter() - begun)
        return sorted(times)[2]

    seconds("nobody")
    assert 0.4 < seconds("nobody") / seconds("ann") < 2.5


def test_the_password_is_stored_only_as_argon2id(house: House) -> None:
    kept = house.accounts.find("ann").password_hash
    assert kept
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_hash_with_old_parameters_is_renewed_at_sign_in(house: House) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with house.database.session() as session:
        session.execute(update(User).where(User.name == "ann").values(password_hash=old))
    house.accounts.check_password("ann", PASSWORD)
    kept = house.accounts.find("ann").password_hash
    assert kept
    assert not passwords.needs_rehash(kept)
    assert house.accounts.check_password("ann", PASSWORD)


def test_a_password_typed_on_another_system_matches(house: House) -> None:
    house.accounts.use_link(of(house.accounts.reset("bob")), None, "cafe\u0301 noir")
    assert house.accounts.check_password("bob", "caf\u00e9 noir")


# Links


def test_the_first_run_link_makes_the_owner_and_works_once(empty_house: House) -> None:
    accounts = empty_house.accounts
    link = accounts.first_run_link()
    assert link
    assert link.startswith("/setup/")
    owner = accounts.use_link(of(link), "ann", PASSWORD)
    assert owner.role == "owner"
    assert accounts.first_run_link() is None
    with pytest.raises(StudioError) as error:
        accounts.use_link(of(link), "eve", PASSWORD)
    assert code(error) == "dead_link"
    assert [person.name for person in accounts.people()] == ["ann"]


def test_each_start_without_an_owner_creates_a_new_first_link(empty_house: House) -> None:
    first, second = empty_house.accounts.first_run_link(), empty_house.accounts.first_run_link()
    assert first
    assert second
    assert first != second
    with pytest.raises(StudioError):
        empty_house.accounts.invitation(of(first))
    assert empty_house.accounts.invitation(of(second)).purpose == "first"


def test_adding_an_owner_from_the_command_line_ends_the_first_link(empty_house: House) -> None:
    link = empty_house.accounts.first_run_link()
    assert link
    empty_house.accounts.add("ann", "owner")
    with pytest.raises(StudioError):
        empty_house.accounts.use_link(of(link), "eve", PASSWORD)


def test_a_link_expires(empty_house: House) -> None:
    link = empty_house.accounts.first_run_link()
    assert link
    with empty_house.database.session() as session:
        kept = session.scalars(select(OneTimeLink)).one()
        assert kept.expires_at == pytest.approx(time.time() + links.LIFETIME, abs=60)
        assert of(link) not in (kept.hash, kept.purpose)
        kept.expires_at = time.time() - 1
    with pytest.raises(StudioError) as error:
        empty_house.accounts.use_link(of(link), "ann", PASSWORD)
    assert error.value.status == 410


def test_an_invalid_name_does_not_use_up_the_first_link(empty_house: House) -> None:
    link = empty_house.accounts.first_run_link()
    assert link
    for name in (None, "", "<b>"):
        with pytest.raises(StudioError) as error:
            empty_house.accounts.use_link(of(link), name, PASSWORD)
        assert code(error) == "bad_name"
    assert empty_house.accounts.use_link(of(link), "ann", PASSWORD).name == "ann"


def test_a_reset_ends_the_old_password_and_earlier_links(house: House) -> None:
    secret = house.accounts.sign_in(house.accounts.find("bob").id, "test")
    earlier, later = house.accounts.reset("bob"), house.accounts.reset("bob")
    assert house.accounts.principal_of_session(secret) is None
    for attempt in (
        lambda: house.accounts.check_password("bob", PASSWORD),
        lambda: house.accounts.use_link(of(earlier), None, PASSWORD),
    ):
        with pytest.raises(StudioError):
            attempt()
    house.accounts.use_link(of(later), None, "another long one")
    assert house.accounts.check_password("bob", "another long one").name == "bob"


# Sign-ins and tokens


def test_a_sign_in_survives_a_restart_and_expires(house: House, data_folder: Path) -> None:
    secret = house.accounts.sign_in(house.accounts.find("ann").id, "Firefox on Linux")
    house.database.close()
    again = houses.build(data_folder)
    who = again.accounts.principal_of_session(secret)
    assert who
    assert (who.name, who.role, who.via) == ("ann", "owner", "session")
    with again.database.session() as session:
        assert secret not in str([vars(row) for row in session.scalars(select(LoginSession))])
        session.execute(update(LoginSession).values(expires_at=time.time() - 1))
    again.accounts.sign_out("somebody else")  # anything that clears the cache
    assert again.accounts.principal_of_session(secret) is None
    again.database.close()


def test_changing_the_password_ends_every_other_sign_in(house: House) -> None:
    accounts, ann = house.accounts, house.accounts.find("ann")
    here, there = accounts.sign_in(ann.id, "here"), accounts.sign_in(ann.id, "there")
    who = accounts.principal_of_session(here)
    assert who
    assert accounts.principal_of_session(there)
    with pytest.raises(StudioError):
        accounts.change_password(who, "not that one", "another long one")
    accounts.change_password(who, PASSWORD, "another long one")
    assert accounts.principal_of_session(here)
    assert accounts.principal_of_session(there) is None
    assert accounts.check_password("ann", "another long one")


def test_signing_out_works_at_once_here_and_everywhere(house: House) -> None:
    accounts, ann = house.accounts, house.accounts.find("ann")
    secrets = [accounts.sign_in(ann.id, "browser") for _ in range(3)]
    principals = [accounts.principal_of_session(secret) for secret in secrets]
    assert principals[0]
    assert principals[0].session
    accounts.sign_out(principals[0].session)
    assert [bool(accounts.principal_of_session(secret)) for secret in secrets] == [False, True, True]
    accounts.sign_out_everywhere(ann.id)
    assert not any(accounts.principal_of_session(secret) for secret in secrets)


def test_a_disabled_person_loses_access_at_once_until_enabled(house: House) -> None:
    accounts = house.accounts
    token = accounts.new_token(person(house, "bob"), "script")
    secret = accounts.sign_in(accounts.find("bob").id, "browser")
    assert accounts.principal_of_session(secret)
    assert accounts.principal_of_token(token)
    accounts.disable("bob")
    assert accounts.principal_of_session(secret) is None
    assert accounts.principal_of_token(token) is None
    with pytest.raises(StudioError):
        accounts.check_password("bob", PASSWORD)
    accounts.enable("bob")
    assert accounts.check_password("bob", PASSWORD)
    assert accounts.principal_of_token(token)
    assert accounts.principal_of_session(secret) is None


def test_the_last_owner_cannot_be_locked_out(house: House) -> None:
    with pytest.raises(StudioError) as error:
        house.accounts.disable("ann")
    assert code(error) == "last_owner"
    house.accounts.add("dad", "owner")
    house.accounts.disable("ann")


def test_a_token_is_named_shown_once_and_revocable_by_its_owner_only(house: House) -> None:
    accounts, ann, bob = house.accounts, person(house, "ann"), person(house, "bob")
    token = accounts.new_token(ann, "nightly renders")
    assert token.startswith("c41_")
    who = accounts.principal_of_token(token)
    assert who
    assert (who.name, who.via, who.session) == ("ann", "token", None)
    (kept,) = accounts.tokens(ann)
    assert kept.name == "nightly renders"
    with house.database.session() as session:
        assert token not in str([vars(row) for row in session.scalars(select(Token))])
    with pytest.raises(StudioError):
        accounts.revoke(bob, kept.id)
    assert accounts.principal_of_token(token)
    accounts.revoke(ann, kept.id)
    assert accounts.principal_of_token(token) is None
    assert accounts.tokens(ann) == []


@pytest.mark.parametrize("label", ["", "   ", "x" * 61, "bell\a"])
def test_a_token_needs_a_name(house: House, label: str) -> None:
    with pytest.raises(StudioError) as error:
        house.accounts.new_token(person(house, "ann"), label)
    assert code(error) == "bad_label"


def test_session_and_token_secrets_are_not_interchangeable(house: House) -> None:
    accounts, ann = house.accounts, person(house, "ann")
    token, secret = accounts.new_token(ann, "script"), accounts.sign_in(ann.user_id, "browser")
    assert accounts.principal_of_session(token) is None
    assert accounts.principal_of_token(secret) is None
    assert accounts.principal_of_token("c41_") is None


@pytest.mark.slow
def test_a_cached_person_needs_no_query_and_other_processes_changes_arrive(house: House) -> None:
    accounts = house.accounts
    token = accounts.new_token(person(house, "bob"), "script")
    assert accounts.cached_principal(token=token) is None
    assert accounts.principal_of_token(token)
    assert accounts.cached_principal(token=token)
    other = houses.build(house.data.root)  # as `python -m auth` opens it
    other.accounts.disable("bob")
    other.database.close()
    deadline = time.monotonic() + SECONDS + 0.5
    while accounts.principal_of_token(token):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_last_use_is_recorded_once_a_minute(house: House) -> None:
    accounts, ann = house.accounts, person(house, "ann")
    token = accounts.new_token(ann, "script")
    assert accounts.tokens(ann)[0].used_at is None
    accounts.principal_of_token(token)
    used = accounts.tokens(ann)[0].used_at
    accounts.sign_out("nobody")
    accounts.principal_of_token(token)
    assert accounts.tokens(ann)[0].used_at == used


def test_names_are_found_by_id(house: House) -> None:
    assert house.accounts.user_name(house.accounts.find("bob").id) == "bob"
    assert house.accounts.user_name("0" * 32) == "someone"
