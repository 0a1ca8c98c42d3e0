"""The memory of changing a clip: what is given counts, and only the part that is used."""

from pathlib import Path

import pytest

from engines.catalog import Catalog, shipped
from engines.diffusion.planning import workload
from engines.diffusion.registry import of
from engines.requests import AssetFacts, CreateClip
from engines.requests.change_clip import RestyleClip

CLIP, PICTURE = "a" * 32, "b" * 32
CATALOG = Catalog(Path("/nowhere"), Path("/nowhere"))


def facts(seconds: float) -> dict[str, AssetFacts]:
    return {CLIP: AssetFacts(kind="clip", mime="video/mp4", bytes=1, width=640, height=480, seconds=seconds)}


@pytest.mark.parametrize("id", ["wan-2.1-1.3b", "ltx-video", "cogvideox-1.5-5b"])
def test_a_short_clip_takes_less_and_a_given_one_more_than_none(id: str) -> None:
    entry = shipped.entry(id)
    family = of(entry)
    request = RestyleClip(clip=CLIP, prompt="x", seconds=5)
    long, short = (workload(request, entry, CATALOG, facts(seconds), ()) for seconds in (60, 1))
    assert long.source_frames == long.frames > short.frames == short.source_frames
    usual = workload(CreateClip(prompt="x", **entry.defaults), entry, CATALOG, {}, ())
    assert (usual.frames, usual.source_frames) == (long.frames, 0)
    assert family.working_bytes(short) < family.working_bytes(long)
    assert family.working_bytes(usual) < family.working_bytes(long)


def test_each_reference_of_vace_is_a_latent_frame_more() -> None:
    entry = shipped.entry("wan-2.1-vace-14b")
    family = of(entry)
    plain, pictured = (
        workload(CreateClip(prompt="x", references=pictures, **entry.defaults), entry, CATALOG, {}, ())
        for pictures in ((), (PICTURE,))
    )
    assert (plain.pictures, pictured.pictures) == (0, 1)
    assert family.working_bytes(plain) < family.working_bytes(pictured)
