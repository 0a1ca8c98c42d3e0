"""A film by one script, as the documentation shows it: from a prompt to two deliveries, read back."""

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import httpx
import numpy as np
import pytest

from tests.support.live import Live

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "finish.md"


@pytest.fixture
def house(tmp_path: Path, starter: Path) -> Iterator[Live]:
    studio = Live(tmp_path / "data", starter)
    yield studio.start()
    studio.kill()


def delivered(ann: httpx.Client, format: str, folder: Path) -> Path:
    for asset in ann.get("/api/assets", params={"kind": "clip"}).json()["assets"]:
        if asset["provenance"]["request"].get("format") == format:
            path = folder / f"{format}.mov"
            path.write_bytes(ann.get(f"/api/assets/{asset['id']}/file").raise_for_status().content)
            return path
    raise AssertionError(f"nothing was delivered as {format}")


def test_the_script_of_the_documentation_makes_a_film(
    house: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = house.first_account("ann")
    monkeypatch.setenv("C41_URL", house.url)
    monkeypatch.setenv("C41_TOKEN", house.command("token", "ann", "film"))
    *_, script = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(script, str(PAGE), "exec"), {})
    for format, codec, bits in (("prores_hq", "prores", "yuv422p10le"), ("h265", "hevc", "yuv420p10le")):
        with av.open(str(delivered(ann, format, tmp_path))) as media:
            (picture,), (sound,) = media.streams.video, media.streams.audio
            assert (picture.codec_context.name, picture.pix_fmt) == (codec, bits)
            assert picture.average_rate == Fraction(24)
            assert (picture.width, picture.height) == (1280, 720)
            frames = list(media.decode(picture))
            assert 94 <= len(frames) <= 102
            assert all(frame.pts * frame.time_base == Fraction(number, 24) for number, frame in enumerate(frames))
            first, middle = (frame.to_ndarray(format="gray").mean() for frame in (frames[0], frames[len(frames) // 2]))
            assert first < 20 < middle, "it fades in"
            media.seek(0)
            heard = np.concatenate([block.to_ndarray().ravel() for block in media.decode(sound)])
            assert np.abs(heard).max() > 0
