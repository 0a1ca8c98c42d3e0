"""The studio's certificate for https on your network, signed by its own certificate authority, which a phone can trust.

The authority is limited to this computer's names and local domains, so that its key is useless for other websites.
"""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from data import write_private

_AUTHORITY_DAYS = 3650
_DAYS = 397
"""Phones refuse certificates that are valid for longer."""
_RENEW_DAYS = 30
_LAN_NAMES = ("local", "localhost", "lan", "home.arpa", "internal")

Key = ec.EllipticCurvePrivateKey
Pair = tuple[x509.Certificate, Key]


class LanCertificate:
    """Two files in a folder, each a certificate with its key, readable only by the studio's account (0600)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = folder / "authority.pem"
        self._house = folder / "house.pem"

    def ensure(self, names: list[str], addresses: list[str]) -> bool:
        """Create certificates that are missing, expiring or for other addresses. Returns whether any were created."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = _read(self._authority)
        if authority is None or not _covers(authority[0], names):
            authority = _new_authority(names)
            _write(self._authority, *authority)
        house = _read(self._house)
        if house is not None and _is_valid(house[0], authority[0], names, addresses):
            return False
        _write(self._house, *_sign(authority, names, addresses))
        return True

    def context(self) -> ssl.SSLContext:
        """Return an SSL context for a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.load(context)
        return context

    def load(self, context: ssl.SSLContext) -> None:
        """Load the current certificate into a context; open connections are not affected."""
        context.load_cert_chain(self._house)

    def authority(self) -> x509.Certificate | None:
        """Return the certificate a phone has to trust; None if there is none yet."""
        pair = _read(self._authority)
        return pair[0] if pair else None

    def server(self) -> x509.Certificate | None:
        """Return the certificate the studio presents; None if there is none yet."""
        pair = _read(self._house)
        return pair[0] if pair else None


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the sha256 of a certificate as phones show it: pairs of uppercase hex digits."""
    return certificate.fingerprint(hashes.SHA256()).hex(" ").upper()


def _new_authority(names: list[str]) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"C41 Studio on {names[0]}")])
    allowed = [x509.DNSName(house) for house in dict.fromkeys((*names, *_LAN_NAMES))]
    built = (
        _builder(name, name, key, _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=allowed, excluded_subtrees=None), critical=True)
    )
    return built.sign(key, hashes.SHA256()), key


def _sign(authority: Pair, names: list[str], addresses: list[str]) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    built = (
        _builder(name, authority[0].subject, key, _DAYS)
        .add_extension(x509.SubjectAlternativeName(_subject_names(names, addresses)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority[1].public_key()),
            critical=False,
        )
    )
    return built.sign(authority[1], hashes.SHA256()), key


def _builder(subject: x509.Name, issuer: x509.Name, key: Key, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a phone's clock may be slow
        .not_valid_after(now + timedelta(days=days - 1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _subject_names(names: list[str], addresses: list[str]) -> list[x509.GeneralName]:
    own = ["127.0.0.1", "::1", *addresses]
    return [*map(x509.DNSName, names), *(x509.IPAddress(ip_address(address)) for address in own)]


def _covers(authority: x509.Certificate, names: list[str]) -> bool:
    allowed = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    known = {general.value for general in allowed}
    return _expires_late(authority) and all(name in known or name.rpartition(".")[2] in known for name in names)


def _is_valid(house: x509.Certificate, authority: x509.Certificate, names: list[str], addresses: list[str]) -> bool:
    has = house.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if not _expires_late(house) or set(has) != set(_subject_names(names, addresses)):
        return False
    try:
        house.verify_directly_issued_by(authority)
    except Exception:  # signed by an old authority, or invalid: a new certificate fixes both
        return False
    return True


def _expires_late(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=_RENEW_DAYS)


def _read(path: Path) -> Pair | None:
    try:
        text = path.read_bytes()
        key = serialization.load_pem_private_key(text, None)
        certificate = x509.load_pem_x509_certificate(text)
    except (OSError, ValueError):
        return None
    return (certificate, key) if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _write(path: Path, certificate: x509.Certificate, key: Key) -> None:
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    write_private(path, private + certificate.public_bytes(pem))
