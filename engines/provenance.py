"""The provenance that every file carries, so that its making can be understood and reproduced."""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from engines.requests import Request

if TYPE_CHECKING:
    from engines.catalog.entry import Entry

VERSION = "0.4.0"


class RecordedModel(BaseModel):
    """A model in a record: its id, its name and the revision of each part."""

    model_config = ConfigDict(frozen=True)

    id: str | None = None
    name: str = ""
    parts: dict[str, dict[str, str | int | float | bool | None]] = {}


class Record(BaseModel):
    """The shape of a record in a file from outside. Engines may add other fields."""

    model_config = ConfigDict(frozen=True, extra="allow")

    studio: str = ""
    request: dict[str, Any]
    model: RecordedModel | None = None
    loras: tuple[dict[str, Any], ...] = ()
    seed: int | None = None
    parents: tuple[str, ...] = ()


def provenance(request: Request, entry: "Entry", **more: Any) -> dict[str, Any]:
    """Return the request, the model with the revision of each part, the seed and the parents.

    ``more`` adds what only the engine knows (scheduler, dropped words, …).
    """
    return {
        "studio": VERSION,
        "request": request.model_dump(mode="json"),
        "model": model(entry),
        "loras": [],
        "seed": getattr(request, "seed", None),
        "parents": list(request.asset_ids()),
        **more,
    }


def model(entry: "Entry") -> dict[str, Any]:
    """Return a model as it is written to the record."""
    parts = {name: part.model_dump(mode="json") for name, part in entry.parts.items()}
    return {"id": entry.id, "name": entry.name, "parts": parts}


def parameters(record: dict[str, Any]) -> str:
    """Return the record as the text that A1111-style tools read from a PNG's ``parameters``."""
    request = record["request"]
    named = {
        "Steps": request.get("steps"),
        "CFG scale": request.get("guidance"),
        "Seed": record["seed"],
        "Size": f"{request['width']}x{request['height']}" if "width" in request else None,
        "Model": record["model"]["id"],
        "Version": f"C41 Studio {record['studio']}",
    }
    lines = [request.get("prompt") or request["task"]]
    if request.get("negative_prompt"):
        lines.append(f"Negative prompt: {request['negative_prompt']}")
    lines.append(", ".join(f"{name}: {value}" for name, value in named.items() if value is not None))
    return "\n".join(lines)
