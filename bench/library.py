"""Lists of a library of 10,000 and of 100,000 assets, through the service.

``search``: the first page for a rare, a common and an incomplete word. ``page``: a page without a search, at the top,
filtered, and deep in the list. ``scarce``: pages for a person who may read only a few assets. ``facets``: the counts.
Medians and 95th percentiles of warm runs, in ms.
"""

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from auth.accounts.principal import Principal
from auth.accounts.tables import User
from bench.report import median, percentile, report, seconds
from data import DataFolder
from db import Database, open_database
from library.service import Library
from library.tables import Asset, AssetTag, Favorite, Project

SIZES = (10_000, 100_000)
RUNS = 30
AIM, FACETS_AIM = "<= 50", "<= 100"

_NOUNS = ("lion", "harbour", "kitchen", "window", "rider", "market", "bridge", "winter", "portrait", "forest", "tram")
_LOOKS = ("red", "golden", "quiet", "broken", "distant", "rainy", "neon", "dusty", "pale", "crowded")
_KINDS = ("image", "image", "image", "clip", "sound", "subtitles")
_MODELS = ("stable-diffusion-1.5", "realesrgan-x4plus", "rife", "hibari")


def run() -> None:
    """Measure every size."""
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            data = DataFolder(Path(name) / "data")
            data.create()
            database = open_database(data.database)
            library = Library(database, data)
            people = _fill(database, size)
            _measure(library, people, f"{size // 1000}k")
            database.close()


def _measure(library: Library, people: tuple[Principal, Principal], size: str) -> None:
    ann, bob = people
    newest = library.page(ann, limit=1).assets[0].created_at
    deep = library.page(ann, until=(newest + 1.7e9) / 2, limit=1).next
    cases: dict[str, Callable[[], object]] = {
        "search_rare_ms": lambda: library.page(ann, q="needle"),
        "search_common_ms": lambda: library.page(ann, q="lion red"),
        "search_unfinished_ms": lambda: library.page(ann, q="quiet l"),
        "search_phrase_ms": lambda: library.page(ann, q='"golden harbour" kitc'),
        "page_ms": lambda: library.page(ann),
        "page_deep_ms": lambda: library.page(ann, after=deep),
        "page_narrowed_ms": lambda: library.page(ann, kind="sound", model="hibari", tag="tag 3"),
        "page_favorites_ms": lambda: library.page(ann, favorite=True),
        "page_scarce_ms": lambda: library.page(bob),
        "search_scarce_ms": lambda: library.page(bob, q="lion"),
    }
    for case, work in cases.items():
        _report(f"{case}_{size}", work, AIM)
    _report(f"facets_ms_{size}", lambda: library.facets(ann), FACETS_AIM)
    _report(f"facets_scarce_ms_{size}", lambda: library.facets(bob), FACETS_AIM)


def _report(case: str, work: Callable[[], object], aim: str) -> None:
    work()
    times = [1000 * seconds(work) for _ in range(RUNS)]
    report("library", case, median(times), "ms", aim, RUNS)
    report("library", f"{case}_p95", percentile(times, 95), "ms", runs=RUNS)


def _fill(database: Database, size: int) -> tuple[Principal, Principal]:
    """``size`` assets: one in a hundred is Bob's, the others are Ann's and hidden from him; one in five has a tag."""
    chance = random.Random(1)
    with database.session() as session:
        ann, bob = (User(name=name, role="member", created_at=1.0) for name in ("Ann", "Bob"))
        session.add_all([ann, bob])
        session.flush()
        film = Project(name="Film", owner_id=ann.id, created_at=1.0)
        session.add(film)
        session.flush()
        rows = [_row(n, bob.id if n % 100 == 0 else ann.id, film.id, chance) for n in range(size)]
        session.execute(insert(Asset), rows)
        session.execute(
            insert(AssetTag), [{"asset_id": row["id"], "tag": f"tag {n % 7}"} for n, row in enumerate(rows[::5])]
        )
        session.execute(insert(Favorite), [{"asset_id": row["id"], "user_id": ann.id} for row in rows[1::50]])
        people = [Principal(user_id=user.id, name=user.name, role="member") for user in (ann, bob)]
    return people[0], people[1]


def _row(n: int, owner: str, project: str, chance: random.Random) -> dict[str, Any]:
    id = f"{chance.getrandbits(128):032x}"
    words = " ".join(chance.choice(pool) for pool in (_LOOKS, _NOUNS) * 12)
    prompt = f"{words}{' needle' * (n % 997 == 0)}, 35 mm, number {n}"
    model = chance.choice(_MODELS)
    request = {"task": "create_image", "prompt": prompt, "negative_prompt": "blurry, low quality", "steps": 28}
    return {
        **dict.fromkeys(("thumb", "width", "height", "seconds", "fps", "frames", "deleted_at", "source"), None),
        "id": id,
        "owner_id": owner,
        "project_id": project if n % 2 and n % 100 else None,
        "kind": chance.choice(_KINDS),
        "origin": "made",
        "title": prompt[:120],
        "file": f"users/{owner}/{id}.png",
        "mime": "image/png",
        "bytes": chance.randrange(10**6),
        "content_sha256": f"{n:064x}",
        "created_at": 1.7e9 + 60 * n,
        "job_id": f"{n:032x}",
        "provenance": {"studio": "0.1.0", "request": request, "model": {"id": model, "parts": {}}, "parents": []},
        "step": n % 10 == 0,
        "model": model,
        "moment": None,
    }
