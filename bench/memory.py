"""How much memory decoding and writing a long clip takes: frames go into the file as they are decoded.

``peak_mb_*``: the most resident memory of a process that decodes random latents of 1920 x 1088 px with the twin of Wan
2.1 (the real decoder, tiny) and writes the clip, less what it holds before; ``peak`` is that of 20 s divided by
that of 2 s.
"""

import json
import subprocess
import sys
import tempfile
import threading
from fractions import Fraction
from pathlib import Path

from bench.report import report

_FPS = 24
_WIDTH, _HEIGHT = 1920, 1088
_LATENT = 8
_TEMPORAL = 4


def run(bench: str = "memory") -> None:
    """Measure 2 s and 20 s, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        peaks = {seconds: _in_a_process(seconds, Path(folder)) for seconds in (2, 20)}
    for seconds, peak in peaks.items():
        report(bench, f"peak_mb_{seconds}s", peak / 1e6, "MB", "<= 1500" if seconds == 20 else None)
    report(bench, "peak", peaks[20] / peaks[2], "ratio", "<= 1.3")


def _in_a_process(seconds: int, folder: Path) -> int:
    command = [sys.executable, "-m", "bench.memory", str(seconds), str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(json.loads(done.stdout.splitlines()[-1]))


def peak_bytes(seconds: int, folder: Path) -> int:
    """The most bytes that decoding and writing a clip of ``seconds`` takes, less what was there before."""
    from engines import torch_setup

    torch_setup.import_heavy("diffusers", "transformers")
    import psutil
    import torch
    from diffusers import AutoencoderKLWan

    from engines.enhance.frame_interpolation import clock
    from engines.families.wan.vae_decode import decode_frames
    from engines.media.clip import ClipFormat, ClipWriter, Color, FloatFrame
    from engines.twins import build

    vae = AutoencoderKLWan.from_pretrained(build("wan-2.1", folder / "twins") / "vae")
    count = 1 + seconds * _FPS // _TEMPORAL
    latents = torch.randn(1, 16, count, _HEIGHT // _LATENT, _WIDTH // _LATENT)
    process, done = psutil.Process(), threading.Event()
    before = peak = process.memory_info().rss

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        rate = Fraction(_FPS)
        form = ClipFormat(_WIDTH, _HEIGHT, clock(rate), rate, Color(1, 1, 1), Fraction(1))
        writer = ClipWriter(Path(scratch) / "parts", form)
        for number, frame in enumerate(decode_frames(vae, latents, Path(scratch))):
            writer.write(FloatFrame(frame, number / rate, 1 / rate))
        writer.finish(Path(scratch) / "clip.mp4", None, {})
    done.set()
    watcher.join()
    return peak - before


if __name__ == "__main__":
    print(json.dumps(peak_bytes(int(sys.argv[1]), Path(sys.argv[2]))))
