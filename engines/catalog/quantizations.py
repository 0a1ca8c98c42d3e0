"""The quantizations of an entry, as entries of their own that are hidden until they are installed."""

from collections.abc import Iterator

from engines.catalog.entry import Entry, Part

DENOISER = "transformer"
"""The part that a quantization replaces."""


def quantized_entries(entry: Entry) -> Iterator[Entry]:
    """Yield an entry for each quantization, largest first."""
    whole = entry.parts.get(DENOISER)
    terms = (whole.repo,) if entry.gated and whole else ()
    for name, one in sorted(entry.quantizations.items(), key=lambda item: -item[1].bytes):
        weights = {**entry.part_memory, DENOISER: one.bytes}
        total = sum(weights.values())
        beyond = max(0, entry.download_bytes - sum(entry.part_memory.values()))
        if beyond >= entry.part_memory.get(DENOISER, 0):
            beyond -= entry.part_memory.get(DENOISER, 0)  # stored in full precision, and replaced as well
        yield entry.model_copy(
            update={
                "id": f"{entry.id}-{name.lower()}",
                "name": f"{entry.name} {name}",
                "parts": {**entry.parts, DENOISER: Part(**one.model_dump(exclude={"bytes"}))},
                "download_bytes": total + beyond,
                "memory": dict.fromkeys(entry.memory, total),
                "part_memory": weights,
                "quantizations": {},
                "quantization_of": entry.id,
                "gated_repos": entry.gated_repos or terms,
                "best_for": (),
                "best_on_card": (),
                "strengths": (),
                "sets": (),
                "hidden": True,
            }
        )
