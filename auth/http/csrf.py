"""Protection against cross-site requests: other websites must not act with a signed-in person's cookie."""

from starlette.datastructures import Headers

from errors import StudioError

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def check_same_site(method: str, headers: Headers, scheme: str, base_url: str | None) -> None:
    """Raise StudioError (403) if the browser says that another site sent this request.

    The studio's own site is ``base_url`` or, without one, the address the request was sent to.
    Browsers always send Sec-Fetch-Site or Origin; a script that sends neither has no one else's cookie.
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
            "The request was refused because it came from another address.",
            f"Only pages at {base_url} may act in your name.",
            f"Open {base_url} and try again. If that is not the studio's address, its owner can correct C41_BASE_URL.",
            status=403,
        )
    raise StudioError(
        "cross_site",
        "The request was refused because it came from another website.",
        "Only the studio's own pages may act in your name.",
        "Open the studio in its own window and try again. Behind a proxy, set C41_TRUSTED_PROXIES to its address "
        "and let it send X-Forwarded-Proto.",
        status=403,
    )


def _addressed(host: str, scheme: str, site: str | None) -> set[str]:
    """Return the origins a request may have been sent to. With “same-origin”, the browser has compared the scheme
    itself; a proxy may have hidden it from us."""
    return {f"{scheme}://{host}", f"https://{host}"} if site == "same-origin" else {f"{scheme}://{host}"}
