"""A desk for picture tests: the twin of any catalog entry, inputs, and a worker that runs requests."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engines import protocol, twins
from engines.catalog import Catalog
from engines.host.config import EngineConfig
from engines.host.worker import Worker
from engines.media import intake
from engines.memory import Cpu, Device, Swapper
from engines.requests import AssetFacts, parse


class Desk:
    """Runs jobs with twins stored in ``folder``; results are in ``folder/out``."""

    def __init__(
        self, twin_folder: Path, folder: Path, memory_bytes: int | None = None, device: Device | None = None
    ) -> None:
        self.folder = folder
        self.events: list[protocol.Event] = []
        self._twins, self._own = twin_folder, folder / "own"
        self._own.mkdir(parents=True, exist_ok=True)
        self._config = EngineConfig(starter=folder / "starter", catalog=self._own, memory_bytes=memory_bytes)
        self.swapper = Swapper(device or Cpu(), memory_bytes)
        self.catalog = Catalog(self._config.starter, self._own)
        self.inputs: dict[str, protocol.Input] = {}
        self.pinned = protocol.Pinned()
        self.worker = Worker("device", self._config, self.events.append, self.swapper, self.catalog)

    def twin(self, entry: str, **precisions: str) -> str:
        """Return the id of a catalog entry's twin; ``precisions`` overrides the stored precision of parts."""
        return twins.install_entry(entry, self._twins, self._own, precisions)

    def put(self, image: Image.Image | Path, suffix: str = ".png") -> str:
        """Add a picture, or the file of a clip, as an input and return its id."""
        if isinstance(image, Path):
            return self.add(image, intake.inspect(image, image.name).facts)
        path = self.folder / f"input-{len(self.inputs)}{suffix}"
        image.save(path)
        facts = AssetFacts(
            kind="image", mime="image/png", bytes=path.stat().st_size, width=image.width, height=image.height
        )
        return self.add(path, facts)

    def add(self, path: Path, facts: AssetFacts) -> str:
        """Add a file as an input and return its id."""
        id = hashlib.md5(str(path).encode(), usedforsecurity=False).hexdigest()
        self.inputs[id] = protocol.Input(path=str(path), facts=facts)
        return id

    def ask(self, **request: Any) -> protocol.Event:
        """Run a job like the studio and return its final event."""
        self.events.clear()
        facts = {id: one.facts for id, one in self.inputs.items()}
        ready = self.catalog.prepare(parse({"seed": 1, **request}), facts)
        taken = {id: self.inputs[id] for id in ready.asset_ids()}
        self.worker.run(
            protocol.Envelope(
                job=f"job{len(list(self.folder.iterdir()))}",
                attempt=1,
                request=ready.model_dump(mode="json"),
                inputs=taken,
                out_dir=str(self.folder / "out"),
                checkpoint_dir=str(self.folder / "checkpoint"),
                pinned=self.pinned,
            )
        )
        ends = [e for e in self.events if isinstance(e, protocol.Result | protocol.Failed | protocol.Cancelled)]
        assert len(ends) == 1
        return ends[0]

    def files(self, **request: Any) -> tuple[protocol.ResultFile, ...]:
        """Run a job that must succeed and return its files."""
        made = self.ask(**request)
        assert isinstance(made, protocol.Result), made
        return made.files

    def pictures(self, **request: Any) -> list[np.ndarray]:
        """Run a job and return its pictures as (height, width, 3) bytes."""
        return [
            np.asarray(Image.open(self.folder / "out" / file.file).convert("RGB")) for file in self.files(**request)
        ]


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    """A picture of soft random colors."""
    small = np.random.default_rng(seed).integers(0, 256, (max(2, height // 16), max(2, width // 16), 3), np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def box_mask(width: int, height: int, box: tuple[int, int, int, int]) -> Image.Image:
    """A mask that is white in a box."""
    mask = Image.new("L", (width, height))
    mask.paste(255, box)
    return mask
