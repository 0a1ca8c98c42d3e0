"""Another website must not act with the cookie of someone who is signed in here."""

from starlette.datastructures import Headers

from errors import StudioError

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def check_same_site(method: str, headers: Headers) -> None:
    """Raise StudioError (403) when a browser says that another site sent this request.

    Browsers always say so (Sec-Fetch-Site, Origin); a script that says nothing has no one else's cookie.
    """
    if method in SAFE:
        return
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site", "same-origin")
    if site in ("same-origin", "none") and (origin is None or origin.partition("://")[2] == headers.get("host", "")):
        return
    raise StudioError(
        "cross_site",
        "That was refused, because it came from another website.",
        "Only the studio's own pages may change things with your sign-in.",
        "Open the studio in its own window and try again. Behind a proxy, set C41_TRUSTED_PROXIES to its address.",
        status=403,
    )
