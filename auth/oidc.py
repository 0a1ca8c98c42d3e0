"""Signing in with an identity provider (OpenID Connect) through authlib. Talks to nobody unless one is configured."""

import logging
from typing import Any

from authlib.integrations.starlette_client import OAuth, OAuthError
from fastapi import Request
from starlette.responses import Response

from auth.identities import Claims
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
        secret = settings.oidc_client_secret or data.kept_secret(SECRET)
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
        """Send the browser to the provider, to come back to the address ``back``. Raises StudioError (502)."""
        await self._metadata()
        answer: Response = await self._client.authorize_redirect(request, back)
        return answer

    async def finish(self, request: Request) -> Claims:
        """Who came back. Raises StudioError: 401 for anything that was not asked for or does not hold, 502."""
        metadata = await self._metadata()
        options = {
            "iss": {"essential": True, "values": [metadata["issuer"]]},
            "aud": {"essential": True, "values": [self._client_id]},
        }
        try:
            token = await self._client.authorize_access_token(request, claims_options=options)
            said = dict(token["userinfo"])
            if "email" not in said and metadata.get("userinfo_endpoint"):
                more = await self._client.userinfo(token=token)
                said = {**more, **said} if more.get("sub") == said["sub"] else said
        except OAuthError as error:
            log.warning("A sign-in through %s was refused: %s", self._issuer, error)
            raise _turned_back() if error.error == "access_denied" else _refused() from error
        except Exception as error:  # whatever a provider can answer wrongly: nobody gets in by it
            if _is_network(error):
                raise self._unreachable(error) from error
            log.warning("A sign-in through %s was refused: %r", self._issuer, error)
            raise _refused() from error
        return self._claims(said)

    async def _metadata(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = await self._client.load_server_metadata()
        except Exception as error:  # down, no JSON, no such page: all the same to who wants to sign in
            raise self._unreachable(error) from error
        if str(found.get("issuer", "")).rstrip("/") != self._issuer:
            self._client.server_metadata.clear()
            raise StudioError(
                "oidc_misconfigured",
                "Signing in that way is not set up right.",
                f"{self._issuer} says that it is {str(found.get('issuer'))[:200]}.",
                "The owner of the studio can correct C41_OIDC_ISSUER. Your password works as ever.",
                status=502,
            )
        # never an unsigned token, nor one signed with a secret that others share
        named = found.get("id_token_signing_alg_values_supported") or ["RS256"]
        found["id_token_signing_alg_values_supported"] = [name for name in named if name in _SIGNED_BY] or ["RS256"]
        return found

    def _claims(self, said: dict[str, Any]) -> Claims:
        email, verified = said.get("email"), said.get("email_verified")
        username = said.get("preferred_username")
        return Claims(
            issuer=self._issuer,
            subject=str(said["sub"]),
            email=email if isinstance(email, str) and verified in (True, "true") else None,
            username=username if isinstance(username, str) else None,
        )

    def _unreachable(self, error: Exception) -> StudioError:
        log.warning("The identity provider %s does not answer: %r", self._issuer, error)
        return StudioError(
            "oidc_unreachable",
            f"The studio cannot reach {self.name} at the moment.",
            "It does not answer as it should.",
            "Sign in with your name and password, or try again later.",
            status=502,
        )


def _is_network(error: Exception) -> bool:
    """authlib takes httpx2 or httpx, whichever is there."""
    return any(base.__module__.startswith("httpx") for base in type(error).__mro__)


def _turned_back() -> StudioError:
    return StudioError(
        "oidc_declined", "You did not sign in there.", next="Try again, or sign in with your password.", status=401
    )


def _refused() -> StudioError:
    return StudioError(
        "oidc_refused",
        "That sign-in was refused.",
        "It was too old, used before, not asked for by this browser, or not meant for this studio.",
        "Start again from this page, with cookies allowed for it.",
        status=401,
    )
