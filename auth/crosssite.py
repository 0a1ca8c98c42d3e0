"""Another website must not act with the cookie of someone who is signed in here."""

from starlette.datastructures import Headers

from errors import StudioError

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def check_same_site(method: str, headers: Headers, scheme: str) -> None:
    """Raise StudioError (403) when a browser says that another site sent this request.

    Browsers always say so (Sec-Fetch-Site, Origin); a script that says nothing has no one else's cookie.
    """
    if method in SAFE:
        return
    origin, host = headers.get("origin"), headers.get("host", "")
    site = headers.get("sec-fetch-site")
    own = (f"{scheme}://{host}", f"https://{host}") if site == "same-origin" else (f"{scheme}://{host}",)
    if site in (None, "same-origin", "none") and (origin is None or origin in own):
        return  # a browser that says “same-origin” compared the scheme itself; a proxy may have hidden it from us
    raise StudioError(
        "cross_site",
        "That was refused, because it came from another website.",
        "Only the studio's own pages may change things with your sign-in.",
        "Open the studio in its own window and try again. Behind a proxy, set C41_TRUSTED_PROXIES to its address, "
        "and have it send X-Forwarded-Proto.",
        status=403,
    )
