"""Another website must not act with the cookie of someone who is signed in here."""

from starlette.datastructures import Headers

from errors import StudioError

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def check_same_site(method: str, headers: Headers, scheme: str, base_url: str | None) -> None:
    """Raise StudioError (403) when a browser says that another site sent this request.

    The studio's own site is ``base_url``; without one, the address the request was sent to.
    Browsers always say so (Sec-Fetch-Site, Origin); a script that says nothing has no one else's cookie.
    """
    if method in SAFE:
        return
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    own = {base_url} if base_url else _addressed(headers.get("host", ""), scheme, site)
    if site in (None, "same-origin", "none") and (origin is None or origin in own):
        return
    if base_url:
        raise StudioError(
            "cross_site",
            "That was refused, because it came from another address.",
            f"Only pages at {base_url} may change things with your sign-in.",
            f"Open {base_url} and try again. If the studio is not there, its owner can correct C41_BASE_URL.",
            status=403,
        )
    raise StudioError(
        "cross_site",
        "That was refused, because it came from another website.",
        "Only the studio's own pages may change things with your sign-in.",
        "Open the studio in its own window and try again. Behind a proxy, set C41_TRUSTED_PROXIES to its address, "
        "and have it send X-Forwarded-Proto.",
        status=403,
    )


def _addressed(host: str, scheme: str, site: str | None) -> set[str]:
    """The origin a request was sent to. A browser that says “same-origin” compared the scheme itself; a proxy may have
    hidden it from us."""
    return {f"{scheme}://{host}", f"https://{host}"} if site == "same-origin" else {f"{scheme}://{host}"}
