"""Sign-in through an identity provider (OpenID Connect) with authlib. Makes no requests unless one is configured."""

import logging
from typing import Any

from authlib.integrations.starlette_client import OAuth, OAuthError
from fastapi import Request
from starlette.responses import Response

from auth.accounts.identities import Claims
from data import DataFolder
from errors import StudioError
from settings import Settings

log = logging.getLogger(__name__)

SECRET = "oidc"
_SECONDS = 10.0
_SIGNED_BY = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})


class Provider:
    """One identity provider. Authorization code flow with PKCE, state and nonce."""

    def __init__(self, settings: Settings, data: DataFolder) -> None:
        assert settings.oidc_issuer
        self.name = settings.oidc_name
        self._issuer = settings.oidc_issuer.rstrip("/")
        self._client_id = settings.oidc_client_id
        secret = settings.oidc_client_secret or data.stored_secret(SECRET)
        self._client = OAuth().register(
            "c41",
            client_id=settings.oidc_client_id,
            client_secret=secret,
            server_metadata_url=f"{self._issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid email profile",
                "code_challenge_method": "S256",
                "timeout": _SECONDS,
                **({} if secret else {"token_endpoint_auth_method": "none"}),
            },
        )

    async def start(self, request: Request, back: str) -> Response:
        """Redirect the browser to the provider, which sends it back to ``back``. Raises StudioError (502)."""
        await self._metadata()
        answer: Response = await self._client.authorize_redirect(request, back)
        return answer

    async def finish(self, request: Request) -> Claims:
        """Return the claims of the person who came back. Raises StudioError: 401 for an invalid response, 502."""
        metadata = await self._metadata()
        options = {
            "iss": {"essential": True, "values": [metadata["issuer"]]},
            "aud": {"essential": True, "values": [self._client_id]},
        }
        try:
            token = await self._client.authorize_access_token(request, claims_options=options)
            userinfo = dict(token["userinfo"])
            if "email" not in userinfo and metadata.get("userinfo_endpoint"):
                more = await self._client.userinfo(token=token)
                userinfo = {**more, **userinfo} if more.get("sub") == userinfo["sub"] else userinfo
        except OAuthError as error:
            log.warning("A sign-in through %s was refused: %s", self._issuer, error)
            raise _turned_back() if error.error == "access_denied" else _refused() from error
        except Exception as error:  # any malformed answer of the provider is refused
            if _is_network(error):
                raise self._unreachable(error) from error
            log.warning("A sign-in through %s was refused: %r", self._issuer, error)
            raise _refused() from error
        return self._claims(userinfo)

    async def _metadata(self) -> dict[str, Any]:
        try:
            metadata: dict[str, Any] = await self._client.load_server_metadata()
        except Exception as error:  # down, not JSON, not found: all mean unreachable
            raise self._unreachable(error) from error
        if str(metadata.get("issuer", "")).rstrip("/") != self._issuer:
            self._client.server_metadata.clear()
            raise StudioError(
                "oidc_misconfigured",
                "This sign-in is not set up correctly.",
                f"{self._issuer} identifies itself as {str(metadata.get('issuer'))[:200]}.",
                "Sign in with your password. The owner of the studio can correct C41_OIDC_ISSUER.",
                status=502,
            )
        # never accept an unsigned token, or one signed with a shared secret
        named = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [name for name in named if name in _SIGNED_BY] or ["RS256"]
        return metadata

    def _claims(self, userinfo: dict[str, Any]) -> Claims:
        email, verified = userinfo.get("email"), userinfo.get("email_verified")
        username = userinfo.get("preferred_username")
        return Claims(
            issuer=self._issuer,
            subject=str(userinfo["sub"]),
            email=email if isinstance(email, str) and verified in (True, "true") else None,
            username=username if isinstance(username, str) else None,
        )

    def _unreachable(self, error: Exception) -> StudioError:
        log.warning("The identity provider %s does not answer: %r", self._issuer, error)
        return StudioError(
            "oidc_unreachable",
            f"The studio cannot reach {self.name} right now.",
            "It does not respond, or not as expected.",
            "Sign in with your name and password, or try again later.",
            status=502,
        )


def _is_network(error: Exception) -> bool:
    """Return whether the error is a network error; authlib uses httpx2 or httpx, whichever is installed."""
    return any(base.__module__.startswith("httpx") for base in type(error).__mro__)


def _turned_back() -> StudioError:
    return StudioError(
        "oidc_declined", "The sign-in was canceled.", next="Try again, or sign in with your password.", status=401
    )


def _refused() -> StudioError:
    return StudioError(
        "oidc_refused",
        "The sign-in was refused.",
        "It expired, was already used, was started in another browser, or is not meant for this studio.",
        "Allow cookies for this page, then sign in again.",
        status=401,
    )
