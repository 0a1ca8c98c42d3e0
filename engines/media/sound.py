"""Write sound as 24-bit WAV or MP3 with embedded provenance, set its loudness, and draw its waveform."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines import protocol
from engines.media import wav
from engines.media.files import thumb_path, write_atomically
from engines.media.picture import save_thumb

Samples = npt.NDArray[np.float32]

PEAK = 10 ** (-1 / 20)
MP3_BITRATE = 192_000
_GATE_SECONDS = 0.4
_PIECE_SECONDS = 10
_MARGIN_SECONDS = 0.1
_OFFSET, _SILENT = -0.691, -70.0


def save_sound(samples: Samples, rate: int, path: Path, provenance: dict[str, Any]) -> protocol.ResultFile:
    """Write samples (-1..1; [n] or [n, channels]) as 24-bit WAV or MP3, depending on the suffix, with a thumbnail."""
    samples = np.array(samples, np.float32, order="C")
    np.nan_to_num(samples, copy=False)
    samples.clip(-1, 1, out=samples)
    note = json.dumps(provenance, ensure_ascii=False)
    mp3 = path.suffix == ".mp3"
    with write_atomically(path) as part:
        (_write_mp3 if mp3 else wav.write)(samples, rate, part, note)
    save_thumb(waveform(samples), thumb_path(path))
    return protocol.ResultFile(
        file=path.name,
        thumb=thumb_path(path).name,
        kind="sound",
        mime="audio/mpeg" if mp3 else "audio/wav",
        seconds=len(samples) / rate,
        content_sha256=samples_sha256(samples, rate),
        provenance=provenance,
    )


def normalize_loudness(samples: Samples, rate: int, lufs: float) -> Samples:
    """Return the samples at ``lufs`` (ITU-R BS.1770). A look-ahead limiter keeps true peaks below -1 dBFS.

    Silence is returned unchanged.
    """
    loudness = measure_loudness(samples, rate)
    out = samples
    for _ in range(3):  # limiting lowers the loudness a little, so amplify and limit again
        if not np.isfinite(loudness) or abs(loudness - lufs) < 0.1:
            break
        out = _amplify(out, np.float32(10 ** ((lufs - loudness) / 20)), rate)
        loudness = measure_loudness(out, rate)
    return out


def measure_loudness(samples: Samples, rate: int) -> float:
    """Return the integrated loudness of mono or stereo in LUFS (ITU-R BS.1770); -inf for silence."""
    missing = int(_GATE_SECONDS * rate) + 1 - len(samples)
    if missing > 0:  # a measuring block lasts 0.4 s
        samples = np.concatenate([samples, np.zeros((missing, *samples.shape[1:]), np.float32)])
    blocks = np.convolve(_step_powers(samples, rate), np.full(4, 0.25), "valid")
    loud = blocks[blocks >= 10 ** ((_SILENT - _OFFSET) / 10)]
    if not len(loud):
        return float("-inf")
    return float(_OFFSET + 10 * np.log10(loud[loud > loud.mean() / 10].mean()))


def samples_sha256(samples: Samples, rate: int) -> str:
    """Return the hash of samples, independent of the file format."""
    digest = hashlib.sha256(f"{samples.shape} {rate} ".encode())
    digest.update(np.ascontiguousarray(samples, "<f4").tobytes())
    return digest.hexdigest()


def waveform(samples: Samples, width: int = 512, height: int = 160) -> Image.Image:
    """Draw the waveform of a sound."""
    mono = np.abs(samples if samples.ndim == 1 else samples.mean(axis=1))
    columns = np.array([piece.max(initial=0) for piece in np.array_split(mono, width)])
    half = np.maximum(1, columns / max(float(columns.max()), 1e-4) * (height / 2 - 6))
    rows = np.abs(np.arange(height)[:, None] - height / 2)
    picture = np.where((rows <= half)[..., None], np.array([232, 163, 61]), np.array([27, 25, 23]))
    return Image.fromarray(picture.astype(np.uint8))


def _step_powers(samples: Samples, rate: int) -> npt.NDArray[np.float64]:
    """Return the K-weighted power of each 0.1 s. Works in pieces: an hour takes no more memory than a minute."""
    from pyloudnorm import IIRfilter
    from scipy.signal import lfilter

    frames = samples if samples.ndim == 2 else samples[:, None]
    stages = [IIRfilter(4.0, 0.5**0.5, 1500.0, rate, "high_shelf"), IIRfilter(0.0, 0.5, 38.0, rate, "high_pass")]
    states = [np.zeros((2, frames.shape[1])) for _ in stages]
    step = round(rate * _GATE_SECONDS / 4)
    powers = []
    for start in range(0, len(frames), 100 * step):
        piece = frames[start : start + 100 * step].astype(np.float64)
        for number, stage in enumerate(stages):
            piece, states[number] = lfilter(stage.b, stage.a, piece, axis=0, zi=states[number])
        squares = np.square(piece).sum(axis=1)
        powers.append(squares[: len(squares) // step * step].reshape(-1, step).mean(axis=1))
    return np.concatenate(powers)


def _amplify(samples: Samples, factor: np.float32, rate: int) -> Samples:
    """Return ``samples`` times ``factor``, limited, in pieces that overlap by the limiter's look-ahead."""
    length, margin = _PIECE_SECONDS * rate, round(_MARGIN_SECONDS * rate)
    out = np.empty(samples.shape, np.float32)
    for start in range(0, len(samples), length):
        before = min(start, margin)
        piece = limit_peaks(samples[start - before : start + length + margin] * factor, rate)
        out[start : start + length] = piece[before : before + length]
    return out


def limit_peaks(samples: Samples, rate: int) -> Samples:
    """Return samples ([n] or [n, channels]) with true peaks below -1 dBFS; the same array if they are."""
    if np.abs(samples).max(initial=0) < PEAK / 2:  # true peaks are never twice as high
        return samples
    from scipy.ndimage import minimum_filter1d, uniform_filter1d
    from scipy.signal import resample_poly

    frames = samples if samples.ndim == 2 else samples[:, None]
    peaks = np.abs(resample_poly(frames, 4, 1, axis=0)).reshape(len(frames), 4, -1).max(axis=(1, 2))
    peaks = np.maximum(peaks, np.abs(frames).max(axis=1))
    if peaks.max(initial=0) <= PEAK:
        return samples
    reach = max(1, int(0.005 * rate)) * 2 + 1
    gain = minimum_filter1d(np.minimum(1, PEAK / np.maximum(peaks, 1e-9)), reach)
    gain = uniform_filter1d(gain, reach)  # the mean never exceeds the minimum at the peak, so no peak gets through
    return np.asarray(samples * (gain[:, None] if samples.ndim == 2 else gain), np.float32)


def _write_mp3(samples: Samples, rate: int, path: Path, note: str) -> None:
    import av

    frames = samples if samples.ndim == 2 else samples[:, None]
    layout = "mono" if frames.shape[1] == 1 else "stereo"
    with av.open(str(path), "w", format="mp3") as out:
        out.metadata["c41"] = note
        stream = out.add_stream("libmp3lame", rate=_mp3_rate(rate), layout=layout)
        stream.bit_rate = MP3_BITRATE
        resampler = av.AudioResampler("fltp", layout, stream.rate)
        for start in range(0, len(frames), rate):
            planar = np.ascontiguousarray(frames[start : start + rate].T)
            block = av.AudioFrame.from_ndarray(planar, "fltp", layout)
            block.sample_rate = rate
            for piece in resampler.resample(block):
                out.mux(stream.encode(piece))
        for piece in resampler.resample(None):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


def _mp3_rate(rate: int) -> int:
    """Return the rate if MP3 supports it, else the next higher one."""
    known = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
    return next((value for value in known if value >= rate), 48000)
