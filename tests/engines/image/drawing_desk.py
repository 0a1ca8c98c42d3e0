"""A desk for tests of pictures: the twin of any catalog entry, inputs, and a worker that makes what is asked."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engines import twins, wire
from engines.catalog import Catalog
from engines.config import EngineConfig
from engines.requests import AssetFacts, parse
from engines.swapper import Cpu, Device, Swapper
from engines.worker import Worker


class Desk:
    """Works with twins, which ``folder`` keeps; results lie in ``folder/out``."""

    def __init__(
        self, twin_folder: Path, folder: Path, memory_bytes: int | None = None, device: Device | None = None
    ) -> None:
        self.folder = folder
        self.events: list[wire.Event] = []
        self._twins, self._own = twin_folder, folder / "own"
        self._own.mkdir(parents=True, exist_ok=True)
        self._config = EngineConfig(starter=folder / "starter", catalog=self._own, memory_bytes=memory_bytes)
        self.swapper = Swapper(device or Cpu(), memory_bytes)
        self.catalog = Catalog(self._config.starter, self._own)
        self.inputs: dict[str, wire.Input] = {}
        self.pinned = wire.Pinned()
        self.worker = Worker("device", self._config, self.events.append, self.swapper, self.catalog)

    def twin(self, entry: str, **precisions: str) -> str:
        """The id of the twin of a catalog entry; ``precisions`` are those of parts that are stored in another one."""
        return twins.install_entry(entry, self._twins, self._own, precisions)

    def put(self, image: Image.Image, suffix: str = ".png") -> str:
        """The id of a picture as an input."""
        path = self.folder / f"input-{len(self.inputs)}{suffix}"
        image.save(path)
        facts = AssetFacts(
            kind="image", mime="image/png", bytes=path.stat().st_size, width=image.width, height=image.height
        )
        return self.add(path, facts)

    def add(self, path: Path, facts: AssetFacts) -> str:
        """The id of any file as an input."""
        id = hashlib.md5(str(path).encode(), usedforsecurity=False).hexdigest()
        self.inputs[id] = wire.Input(path=str(path), facts=facts)
        return id

    def ask(self, **request: Any) -> wire.Event:
        """Do a job as the studio would; how it ended."""
        self.events.clear()
        facts = {id: one.facts for id, one in self.inputs.items()}
        ready = self.catalog.prepare(parse({"seed": 1, **request}), facts)
        taken = {id: self.inputs[id] for id in ready.asset_ids()}
        self.worker.run(
            wire.Envelope(
                job=f"job{len(list(self.folder.iterdir()))}",
                attempt=1,
                request=ready.model_dump(mode="json"),
                inputs=taken,
                out_dir=str(self.folder / "out"),
                checkpoint_dir=str(self.folder / "checkpoint"),
                pinned=self.pinned,
            )
        )
        ends = [e for e in self.events if isinstance(e, wire.Result | wire.Failed | wire.Cancelled)]
        assert len(ends) == 1
        return ends[0]

    def files(self, **request: Any) -> tuple[wire.ResultFile, ...]:
        """The files that a job made; it must end well."""
        made = self.ask(**request)
        assert isinstance(made, wire.Result), made
        return made.files

    def pictures(self, **request: Any) -> list[np.ndarray]:
        """The pictures that a job made, as (height, width, 3) bytes."""
        return [
            np.asarray(Image.open(self.folder / "out" / file.file).convert("RGB")) for file in self.files(**request)
        ]


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    """A picture of soft random colours."""
    small = np.random.default_rng(seed).integers(0, 256, (max(2, height // 16), max(2, width // 16), 3), np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def box_mask(width: int, height: int, box: tuple[int, int, int, int]) -> Image.Image:
    """A mask that is white in a box."""
    mask = Image.new("L", (width, height))
    mask.paste(255, box)
    return mask
