"""The smaller versions that an entry names: entries of their own, not shown until they are installed."""

from collections.abc import Iterator

from engines.catalog.entry import Entry, Part

PAINTS = "transformer"
"""The part that a smaller version replaces."""


def versions(entry: Entry) -> Iterator[Entry]:
    """An entry for each, the largest first."""
    whole = entry.parts.get(PAINTS)
    terms = (whole.repo,) if entry.gated and whole else ()
    for name, one in sorted(entry.smaller.items(), key=lambda item: -item[1].bytes):
        weights = {**entry.part_memory, PAINTS: one.bytes}
        total = sum(weights.values())
        beyond = max(0, entry.download_bytes - sum(entry.part_memory.values()))
        if beyond >= entry.part_memory.get(PAINTS, 0):
            beyond -= entry.part_memory.get(PAINTS, 0)  # stored in full precision, which goes with it
        yield entry.model_copy(
            update={
                "id": f"{entry.id}-{name.lower()}",
                "name": f"{entry.name} {name}",
                "parts": {**entry.parts, PAINTS: Part(**one.model_dump(exclude={"bytes"}))},
                "download_bytes": total + beyond,
                "memory": dict.fromkeys(entry.memory, total),
                "part_memory": weights,
                "smaller": {},
                "smaller_of": entry.id,
                "gated_repos": entry.gated_repos or terms,
                "best_for": (),
                "best_on_card": (),
                "good_at": (),
                "sets": (),
                "hidden": True,
            }
        )
