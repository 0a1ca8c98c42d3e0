"""Studio: administration for the owner. For everyone else the page is empty and its routes refuse access."""

from studio import Studio
from tabs.part import part

_SECTIONS = (
    ("people", "People"),
    ("phone", "Phones"),
    ("devices", "Devices"),
    ("tokens", "Tokens"),
    ("health", "Health"),
    ("failures", "Failures"),
    ("disk", "Disk"),
    ("unclaimed", "Unclaimed files"),
    ("backup", "Backup"),
    ("settings", "Settings"),
    ("news", "Versions"),
)


def build(_: Studio) -> None:
    """Build the tab."""
    links = "".join(
        f'<button type="button" data-do="to" data-section="{name}">{title}</button>' for name, title in _SECTIONS
    )
    cards = "".join(
        f'<section class="matter" id="studio-{name}" aria-labelledby="studio-{name}-title" tabindex="-1">'
        f'<header><h3 id="studio-{name}-title">{title}</h3></header>'
        f'<div class="body" data-section="{name}"></div></section>'
        for name, title in _SECTIONS
    )
    part(
        "studio-page",
        f"""<div class="house">
        <nav aria-label="Sections of this page"><h2>Studio</h2><div class="to">{links}</div></nav>
        <div class="rooms">{cards}</div><p class="closed" hidden></p>
        <dialog aria-labelledby="studio-dialog-title"></dialog></div>""",
    )
