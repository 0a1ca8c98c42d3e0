"""Names of browsers and relative times for the account page."""

from datetime import datetime

_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """Return a name like "Firefox on Linux" for a user agent; for scripts, the name they give."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    if browser and system:
        return f"{browser} on {system}"
    return user_agent.partition("/")[0].strip()[:40] or "A script"


def ago(then: float | None, now: float) -> str:
    """Return how long ago something was, in words. Times are seconds since 1970; None is never."""
    if then is None:
        return "never"
    seconds = now - then
    if seconds < 90:
        return "just now"
    for unit, length in (("minute", 60), ("hour", 3600), ("day", 86_400)):
        count = round(seconds / length)
        if count < {"minute": 60, "hour": 24, "day": 14}[unit]:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return datetime.fromtimestamp(then).strftime("%B %-d, %Y")
