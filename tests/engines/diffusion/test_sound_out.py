"""A family whose model generates sound with the frames: the clip has sound, and the vocoder its own stage."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from engines import protocol
from engines.catalog import shipped
from tests.engines.families.family_folder import family_folder
from tests.engines.image.image_worker import Desk

pytestmark = pytest.mark.slow

_FAMILY = '''"""Talkies: Wan with sound, decoded from the video latents."""

from typing import Any

from engines.diffusion.conditioning import Latents
from engines.families.wan.family import Wan
from engines.media.sound_track import SoundTrack


class Talkies(Wan):
    name = "talkies"
    vocoders = ("vocoder",)

    def denoise(self, *args: Any, **kwargs: Any) -> list[Latents]:
        return [Latents(take.frames, take.frames.mean((3, 4))) for take in super().denoise(*args, **kwargs)]

    def vocode(self, models: Any, latents: Any, inputs: Any) -> SoundTrack:
        import torch

        with torch.no_grad():
            sound = models["vocoder"].decode(latents.to(models["vocoder"].dtype)).sample
        return SoundTrack(sound[0].T.float().numpy(), 8000)
'''
_TWIN = '''"""The twin of Talkies."""

import torch

from engines.families.wan.twin import save_21
from engines.twins.twin import SHORT, Twin


def save(folder):
    from diffusers import AutoencoderOobleck

    save_21(folder)
    torch.manual_seed(3)
    vocoder = AutoencoderOobleck(
        encoder_hidden_size=8, downsampling_ratios=[4, 8], channel_multiples=[1, 2], decoder_channels=8,
        decoder_input_channels=16, audio_channels=2,
    )
    vocoder.save_pretrained(folder / "vocoder")


TWINS = {"talkies": Twin(save, SHORT)}
'''


@pytest.fixture
def talkies(tmp_path: Path) -> Iterator[None]:
    like = "wan-2.1-1.3b"
    parts = shipped.entry(like).model_dump(mode="json", exclude_defaults=True)["parts"]
    parts["vocoder"] = {"repo": "somebody/talkies", "subfolder": "vocoder"}
    with family_folder("talkies", tmp_path, like, _FAMILY, _TWIN, parts=parts):
        yield


@pytest.mark.usefixtures("talkies")
def test_a_clip_has_the_sound_that_its_model_generated(twin_folder: Path, tmp_path: Path) -> None:
    desk = Desk(twin_folder, tmp_path)
    asked: dict[str, Any] = {"task": "create_clip", "model": desk.twin("talkies"), "prompt": "a fox sings", "steps": 2}
    loud, other = desk.files(**asked, count=2)
    loads = [event.note for event in desk.events if isinstance(event, protocol.Loading)]
    assert any("vocoder" in note for note in loads)
    assert loud.content_sha256 != other.content_sha256
    assert set(loud.provenance["plan"]) == {"text_encode", "denoise", "decode", "vocode"}
    with av.open(str(desk.folder / "out" / loud.file)) as media:
        track = media.streams.audio[0]
        assert (track.rate, track.channels) == (8000, 2)
        assert sum(frame.samples for frame in media.decode(track)) >= 96, "3 latents, each 32 samples"
