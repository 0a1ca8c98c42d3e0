"""The page that lets a phone trust the studio's certificate. Open: nothing on it is a secret."""

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from fastapi import APIRouter, Request
from fastapi.responses import Response

from auth.answers import page, refusal
from auth.certificate import HouseCertificate, fingerprint
from auth.lan import LAN
from data import DataFolder
from errors import StudioError
from settings import Settings

FILE = "/trust/c41-studio.crt"


def folder_of(data: DataFolder) -> HouseCertificate:
    """The certificate in a data folder."""
    return HouseCertificate(data.root / "tls")


def add(routes: APIRouter, data: DataFolder, settings: Settings) -> None:
    """Add /trust and the file it offers."""

    def authority() -> Certificate:
        found = folder_of(data).authority() if settings.host == LAN else None
        if found is None:
            raise StudioError(
                "no_certificate",
                "There is nothing to trust here.",
                "This studio does not make its own certificate.",
                "To let phones in over https, start it with: make run HOST=lan",
                status=404,
            )
        return found

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
