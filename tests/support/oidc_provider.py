"""An identity provider on a real port: OpenID Connect with authorization code, PKCE and RS256, and optional faults."""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Form, Header
from fastapi.responses import JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "c41-studio", "the studio's own secret"
FAULTS = (
    "wrong nonce",
    "no nonce",
    "wrong audience",
    "wrong audience, issued to us",
    "wrong issuer",
    "expired",
    "another key",
    "no signature",
    "signed with the client secret",
    "no id token",
    "broken token",
)


@dataclass
class Provider:
    """A provider that identifies everyone as ``person``; ``fault`` is one of ``FAULTS`` or empty."""

    issuer: str = ""
    fault: str = ""
    down: bool = False
    person: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"}))

    def id_token(self, nonce: str) -> str:
        """The ID token of the person, with the fault if there is one."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "nonce": nonce, "iat": now, "exp": now + 300, **self.person}
        header, key = {"alg": "RS256", "kid": "k1"}, self.key
        match self.fault:
            case "wrong nonce":
                claims["nonce"] = secrets.token_hex(8)
            case "no nonce":
                del claims["nonce"]
            case "wrong audience":
                claims["aud"] = "another-app"
            case "wrong audience, issued to us":
                claims.update(aud="another-app", azp=CLIENT)
            case "wrong issuer":
                claims["iss"] = "https://evil.example"
            case "expired":
                claims.update(iat=now - 9000, exp=now - 8000)
            case "another key":
                key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
            case "no signature":
                return _unsigned(claims)
            case "signed with the client secret":
                return _with_secret(claims)
            case "broken token":
                return "not.a.token"
        return jwt.encode(header, claims, key)


def _part(value: dict[str, Any]) -> str:
    import json

    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _unsigned(claims: dict[str, Any]) -> str:
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def _with_secret(claims: dict[str, Any]) -> str:
    import hmac

    said = f"{_part({'alg': 'HS256'})}.{_part(claims)}"
    signature = hmac.digest(SECRET.encode(), said.encode(), "sha256")
    return f"{said}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def _routes(provider: Provider) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def falling_down(request: Any, call_next: Any) -> Response:
        provider.asked.append(request.url.path)
        return Response("gone", 503) if provider.down else await call_next(request)

    @app.get("/.well-known/openid-configuration")
    def configuration() -> dict[str, Any]:
        return {
            "issuer": provider.issuer,
            "authorization_endpoint": f"{provider.issuer}/authorize",
            "token_endpoint": f"{provider.issuer}/token",
            "userinfo_endpoint": f"{provider.issuer}/userinfo",
            "jwks_uri": f"{provider.issuer}/jwks",
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
        }

    @app.get("/jwks")
    def jwks() -> dict[str, Any]:
        return {"keys": [provider.key.as_dict(private=False)]}

    @app.get("/authorize")
    def authorize(redirect_uri: str, state: str, nonce: str, code_challenge: str, client_id: str) -> Response:
        assert client_id == CLIENT
        code = secrets.token_hex(8)
        provider.codes[code] = {"nonce": nonce, "challenge": code_challenge, "back": redirect_uri}
        return RedirectResponse(f"{redirect_uri}?code={code}&state={state}", 302)

    @app.post("/token")
    def token(
        code: str = Form(), code_verifier: str = Form(""), redirect_uri: str = Form(""), authorization: str = Header("")
    ) -> Response:
        kept = provider.codes.pop(code, None)
        digest = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).decode().rstrip("=")
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if kept is None or kept["challenge"] != digest or kept["back"] != redirect_uri:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if authorization != f"Basic {known}":
            return JSONResponse({"error": "invalid_client"}, 401)
        answer = {"access_token": "a", "token_type": "Bearer", "expires_in": 300}
        if provider.fault != "no id token":
            answer["id_token"] = provider.id_token(kept["nonce"])
        return JSONResponse(answer)

    @app.get("/userinfo")
    def userinfo() -> dict[str, Any]:
        return provider.person

    return app


@contextmanager
def serving() -> Iterator[Provider]:
    """A running provider."""
    provider = Provider()
    server = uvicorn.Server(uvicorn.Config(_routes(provider), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    provider.issuer = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join(10)
