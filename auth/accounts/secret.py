"""Random secrets; the database stores only their sha256."""

import hashlib
import secrets


def new_secret() -> str:
    """Return 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def sha256(secret: str) -> str:
    """Return the hash of a secret, as stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
