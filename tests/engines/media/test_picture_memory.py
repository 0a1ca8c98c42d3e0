"""A small file of a huge picture takes no more memory than its pixels need."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SIDE = 6000
MAKE: dict[str, tuple[float, Callable[[Path], None]]] = {
    # Bytes per pixel: 4 for the input, 4 for the output, and some margin.
    "a.webp": (9.5, lambda path: Image.new("RGB", (SIDE, SIDE)).save(path, quality=1, method=0)),
    "a.jpg": (9.5, lambda path: Image.new("RGB", (SIDE, SIDE)).save(path, quality=50)),
    "clear.png": (11.5, lambda path: Image.new("RGBA", (SIDE, SIDE), (1, 2, 3, 9)).save(path, compress_level=1)),
    "deep.png": (9.5, lambda path: Image.fromarray(np.zeros((SIDE, SIDE), np.uint16)).save(path, compress_level=1)),
}
MEASURE = """
import sys
from pathlib import Path
from PIL import Image
from engines.media import intake, picture

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) * 1024

Image.new("RGB", (600, 600)).save(small := Path(sys.argv[2]))
intake.inspect(small, "small.webp"), picture.open_picture(small)
before = peak()
path = Path(sys.argv[1])
intake.inspect(path, path.name)
picture.open_picture(path)
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKE)
def test_a_huge_picture_takes_only_a_few_copies_of_its_pixels(tmp_path: Path, name: str) -> None:
    most, make = MAKE[name]
    make(tmp_path / name)
    command = [sys.executable, "-c", MEASURE, str(tmp_path / name), str(tmp_path / "small.webp")]
    taken = int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout)
    assert SIDE * SIDE < taken < most * SIDE * SIDE, f"{taken / SIDE**2:.1f} bytes a pixel"
