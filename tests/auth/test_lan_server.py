"""Phones on your network: the certificate, https and http on one port, and how a browser sees it."""

import socket
import ssl
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from auth.lan import addresses
from auth.lan.certificate import LanCertificate, fingerprint
from errors import StudioError
from tests.auth.gated_app import House, client
from tests.support.live import Live
from tests.support.people import PASSWORD

NAMES, ADDRESSES = ["shed", "shed.local", "localhost"], ["192.168.1.20", "fd00::20"]


def names_in(certificate: x509.Certificate | None) -> set[str]:
    assert certificate
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in found}


def test_the_certificate_is_created_once_and_stored_privately(tmp_path: Path) -> None:
    made = LanCertificate(tmp_path / "tls")
    assert made.ensure(NAMES, ADDRESSES)
    assert not made.ensure(NAMES, ADDRESSES)
    assert names_in(made.server()) == {*NAMES, *ADDRESSES, "127.0.0.1", "::1"}
    files = list((tmp_path / "tls").iterdir())
    assert len(files) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700


def test_a_new_address_needs_no_new_trust(tmp_path: Path) -> None:
    made = LanCertificate(tmp_path)
    made.ensure(NAMES, ADDRESSES)
    trusted, first = made.authority(), made.server()
    assert made.ensure(NAMES, ["192.168.1.21"])
    assert names_in(made.server()) >= {"192.168.1.21"}
    assert made.authority() == trusted
    assert made.server() != first
    assert made.ensure(["barn", "barn.local", "localhost"], ["192.168.1.21"])
    assert made.authority() != trusted, "the old one may not vouch for the new name"


def test_it_is_renewed_before_it_expires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = LanCertificate(tmp_path)
    made.ensure(NAMES, ADDRESSES)
    house, trusted = made.server(), made.authority()
    assert house
    assert house.not_valid_after_utc - house.not_valid_before_utc <= timedelta(days=398), "phones refuse longer ones"

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(days=380)

    monkeypatch.setattr("auth.lan.certificate.datetime", Later)
    assert made.ensure(NAMES, ADDRESSES)
    assert made.authority() == trusted


@pytest.mark.parametrize("damage", [b"", b"rubbish", None])
def test_damaged_files_are_created_again(tmp_path: Path, damage: bytes | None) -> None:
    made = LanCertificate(tmp_path)
    made.ensure(NAMES, ADDRESSES)
    for file in tmp_path.iterdir():
        file.unlink() if damage is None else file.write_bytes(damage)
        assert made.ensure(NAMES, ADDRESSES)
        made.context()


def test_the_authority_is_limited_to_local_names(tmp_path: Path) -> None:
    made = LanCertificate(tmp_path)
    made.ensure(NAMES, ADDRESSES)
    authority = made.authority()
    assert authority
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    permitted = limits.value.permitted_subtrees or []
    assert {name.value for name in permitted} == {*NAMES, "local", "lan", "home.arpa", "internal"}


def test_names_and_addresses_of_this_computer() -> None:
    assert addresses.names()[-1] == "localhost"
    assert not [address for address in addresses.addresses() if address.startswith(("127.", "fe80", "169.254"))]
    main = addresses.main_address()
    assert main is None or main in addresses.addresses()


def test_a_port_in_use_is_reported() -> None:
    [first] = addresses.listen("127.0.0.1", 0)
    first.listen()
    with pytest.raises(StudioError, match="cannot listen"):
        addresses.listen("127.0.0.1", first.getsockname()[1])
    first.close()


# -- the whole studio


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, starter: Path) -> Iterator[Live]:
    studio = Live(tmp_path_factory.mktemp("lan") / "data", starter, environment={"C41_HOST": "lan"})
    yield studio.start()
    studio.kill()


@pytest.fixture(scope="module")
def secure(house: Live) -> str:
    """Return its address for phones; without a network, this computer's own name."""
    return f"https://{addresses.main_address() or 'localhost'}:{house.port}"


@pytest.fixture(scope="module")
def trusted(house: Live, secure: str, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Return the trust of a phone that has the certificate from the page."""
    offered = httpx.get(f"{secure}/trust/c41-studio.crt", verify=False).content
    authority = x509.load_der_x509_certificate(offered)
    assert fingerprint(authority) in httpx.get(f"{secure}/trust", verify=False).text
    assert b"PRIVATE" not in authority.public_bytes(Encoding.PEM)
    file = tmp_path_factory.mktemp("phone") / "c41.pem"
    file.write_bytes(authority.public_bytes(Encoding.PEM))
    return ssl.create_default_context(cafile=str(file))


@pytest.mark.slow
def test_signing_in_over_https(house: Live, secure: str, trusted: ssl.SSLContext) -> None:
    house.first_account("ann")
    with httpx.Client(base_url=secure, verify=trusted, headers={"Accept": "text/html"}) as phone:
        answer = phone.post("/login", data={"username": "ann", "password": PASSWORD})
        assert answer.status_code == 303
        assert "; secure" in answer.headers["set-cookie"].lower()
        assert "strict-transport-security" not in answer.headers
        assert phone.get("/api/me").json()["name"] == "ann"
        [device] = [one for one in phone.get("/api/studio/devices").json() if one["here"]]
        assert device["address"] == str(addresses.main_address() or "127.0.0.1")
        told = phone.get("/api/studio/phone").json()
        assert (told["url"], told["trust"]) == (secure, f"{secure}/trust")
        assert "<svg" in told["qr"]
        link = phone.post("/api/studio/people", json={"name": "bob"}).json()
        assert link["url"].startswith(f"{secure}/setup/")
        assert link["note"] == ""
    assert f"On your phone, open {secure}" in house.log or addresses.main_address() is None


@pytest.mark.slow
def test_a_client_without_the_certificate_is_warned(secure: str, house: Live) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{secure}/login")
    assert httpx.get(f"{house.url}/healthz").text == "ok", "who does not trust us harms nobody else"


@pytest.mark.slow
def test_plain_http_is_only_for_this_computer(house: Live, secure: str) -> None:
    assert httpx.get(f"{house.url}/healthz").text == "ok"
    if (address := addresses.main_address()) is None:
        pytest.skip("this computer is on no network")
    host = f"[{address}]" if ":" in address else address
    sent_on = httpx.get(f"http://{host}:{house.port}/login?next=/x")
    assert (sent_on.status_code, sent_on.headers["location"]) == (307, f"{secure}/login?next=/x")
    assert httpx.post(f"http://{host}:{house.port}/login", data={"password": "x"}).status_code == 400
    with socket.create_connection((address, house.port), timeout=20) as line:
        line.sendall(b"GET /\r\nHost: a b\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 400")
    with socket.create_connection((address, house.port), timeout=20) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nSet-Cookie: y\r\n\r\n")
        assert b"Set-Cookie" not in line.recv(1000)


@pytest.mark.slow
def test_a_silent_client_is_disconnected(house: Live) -> None:
    with socket.create_connection(("127.0.0.1", house.port), timeout=60) as line:
        assert line.recv(10) == b""
    assert httpx.get(f"{house.url}/healthz").text == "ok"
    assert "Traceback" not in house.log
    assert house.interrupt() < 20


def test_without_https_there_is_no_certificate(empty_house: House) -> None:
    for path in ("/trust", "/trust/c41-studio.crt"):
        answer = client(empty_house).get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_certificate")
