"""Make the samples of presets, looks and voices again: ``python -m tools.samples``. Takes about a minute.

The starter models are read from the folder in ``C41_STARTER``.
"""

import os
import tempfile
from pathlib import Path

import yaml
from PIL import Image, ImageOps

from engines import protocol
from engines.catalog import Catalog
from engines.enhance.style_thumbnails import STYLES, style_name, styles_session
from engines.enhance.style_transfer import apply_style
from engines.host.config import EngineConfig
from engines.host.worker import Worker
from engines.media.picture import open_picture
from engines.memory import Cpu, Swapper
from engines.requests import CreateImage, Request, Speak
from tools.samples.sound import save_aac

ASSETS = Path(__file__).parents[2] / "assets"
SAMPLES = ASSETS / "samples"

_CARD = (232, 160)
_LOOK = 128
_MODEL, _SEED = "storybook-image", 3
_SIZES = {"16:9": (640, 384), "3:2": (512, 384), "1:1": (384, 384), "4:5": (384, 512), "9:16": (384, 640)}
_LINES = {
    "clara": "Good morning. Here is how I sound in your film.",
    "ruth": "Let me tell you how it all began, by the sea.",
    "martin": "The shoot starts at nine. Please be there on time.",
    "arthur": "I have sailed these waters for fifty years, you know.",
    "lily": "Look! The boats are coming home!",
}
"""What each voice says."""


class Engine:
    """Runs requests on the CPU, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        config = EngineConfig(starter=Path(os.environ["C41_STARTER"]), catalog=folder / "catalog")
        self.catalog = Catalog(config.starter, config.catalog)
        self._folder = folder
        self._last: protocol.Event | None = None
        self._worker = Worker("cpu", config, self._hear, Swapper(Cpu()), self.catalog)
        self._jobs = 0

    def result(self, request: Request) -> Path:
        """Run a request; return the file it made."""
        self._jobs += 1
        out = self._folder / str(self._jobs)
        ready = self.catalog.prepare(request, {}).model_dump(mode="json")
        job = protocol.Envelope(
            job="sample", attempt=1, request=ready, inputs={}, out_dir=str(out), checkpoint_dir=str(out / "checkpoint")
        )
        self._worker.run(job)
        if not isinstance(self._last, protocol.Result):
            raise SystemExit(f"No sample was made: {self._last}")
        return out / self._last.files[0].file

    def _hear(self, event: protocol.Event) -> None:
        if isinstance(event, protocol.Result | protocol.Failed):
            self._last = event


def main() -> None:
    """Make every sample."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder))
        make_presets(engine)
        make_looks(engine.catalog)
        make_voices(engine)


def make_presets(engine: Engine) -> None:
    """Make a picture of each built-in preset's idea, in its shape. The model does not know the words of its frame."""
    files = [(ASSETS / "presets" / name).read_text(encoding="utf-8") for name in ("image.yaml", "clip.yaml")]
    for preset in (one for text in files for one in yaml.safe_load(text)):
        width, height = _SIZES[preset["size"]["aspect"]]
        request = CreateImage(prompt=preset["example"], model=_MODEL, width=width, height=height, seed=_SEED)
        picture = open_picture(engine.result(request)).convert("RGB")
        card = ImageOps.contain(picture, _CARD, Image.Resampling.LANCZOS)
        _save(card, SAMPLES / "presets" / f"{preset['id']}.webp")


def make_looks(catalog: Catalog) -> None:
    """Make a thumbnail of the sample portrait in each look."""
    session = styles_session(catalog.path(catalog.get("style-transfer"), "styles"))
    portrait = open_picture(SAMPLES / "portrait.jpg").resize((2 * _LOOK, 2 * _LOOK), Image.Resampling.LANCZOS)
    for number in range(STYLES):
        look = apply_style(session, portrait, number).resize((_LOOK, _LOOK), Image.Resampling.LANCZOS)
        _save(look, SAMPLES / "styles" / f"{style_name(number)}.webp")


def make_voices(engine: Engine) -> None:
    """Make a sentence with each voice."""
    for voice, line in _LINES.items():
        path = SAMPLES / "voices" / f"{voice}.m4a"
        path.parent.mkdir(exist_ok=True)
        save_aac(engine.result(Speak(text=line, voice=voice, subtitles=False, seed=_SEED)), path)


def _save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    picture.save(path, "webp", quality=78, method=6)


if __name__ == "__main__":
    main()
