"""The page with the certificate for phones to trust. Public: it contains no secrets."""

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from fastapi import APIRouter, Request
from fastapi.responses import Response

from auth.http.responses import page, refusal
from auth.lan.addresses import LAN
from auth.lan.certificate import LanCertificate, fingerprint
from data import DataFolder
from errors import StudioError
from settings import Settings

FILE = "/trust/c41-studio.crt"


def folder_of(data: DataFolder) -> LanCertificate:
    """Return the certificate in a data folder."""
    return LanCertificate(data.root / "tls")


def add(routes: APIRouter, data: DataFolder, settings: Settings) -> None:
    """Add /trust and the certificate file."""

    def authority() -> Certificate:
        certificate = folder_of(data).authority() if settings.host == LAN else None
        if certificate is None:
            raise StudioError(
                "no_certificate",
                "This studio has no certificate to install.",
                "It only creates one when it accepts connections from your network.",
                "To let phones connect over https, start it with: make run HOST=lan",
                status=404,
            )
        return certificate

    @routes.get("/trust")
    def trust(request: Request) -> Response:
        try:
            return page("trust.html", title="Trust this studio", file=FILE, fingerprint=fingerprint(authority()))
        except StudioError as error:
            return refusal(error, request.scope)

    @routes.get(FILE)
    def file(request: Request) -> Response:
        try:
            return Response(authority().public_bytes(Encoding.DER), media_type="application/x-x509-ca-cert")
        except StudioError as error:
            return refusal(error, request.scope)
