"""A model fits only if it is fast enough to work with."""

import pytest

from engines.catalog import shipped
from engines.memory_fit import Fit
from jobs.admission.usual_time import timed_fit
from jobs.queue.live_job import Expected

ENTRIES = {entry.id: entry for entry in shipped.entries()}
FITS = Fit(state="fits", words="Fits: needs 17 GB, this computer has 25 GB.")


def on_cpu(task: str, model: str, units: float) -> Expected:
    run = ENTRIES[model].seconds_per_unit * units
    return Expected(0.0, run, run, run, False)


def on_gpu(task: str, model: str, units: float) -> Expected:
    run = (ENTRIES[model].gpu_seconds_per_unit or 0) * units
    return Expected(0.0, run, run, run, False)


def test_a_large_model_runs_slowly_on_a_cpu() -> None:
    fit = timed_fit(FITS, ENTRIES["flux.1-schnell"], on_cpu)
    assert fit.state == "slow"
    assert fit.words.startswith("Runs, but slowly: about 1 h")
    assert fit.words.endswith(" per picture. It needs 17 GB, this computer has 25 GB.")


@pytest.mark.parametrize(
    ("id", "expect"),
    [
        ("flux.1-schnell", on_gpu),
        ("flux.1-kontext-dev", on_gpu),
        ("storybook-image", on_cpu),
        ("storybook-motion", on_cpu),
    ],
)
def test_a_usable_model_fits_and_says_its_time(id: str, expect: object) -> None:
    fit = timed_fit(FITS, ENTRIES[id], expect)  # type: ignore[arg-type]
    assert fit.state == "fits"
    assert " per " in fit.words


def test_streaming_counts_and_a_measured_time_counts_as_it_is() -> None:
    fit = FITS.model_copy(update={"state": "smaller", "slowdown": 100.0})
    assert timed_fit(fit, ENTRIES["flux.1-schnell"], on_gpu).state == "slow"

    def measured(task: str, model: str, units: float) -> Expected:
        return on_gpu(task, model, units)._replace(learned=True)

    assert timed_fit(fit, ENTRIES["flux.1-schnell"], measured).state == "smaller"


def test_what_is_too_big_or_unknown_stays() -> None:
    for state in ("too_big", "unknown"):
        fit = FITS.model_copy(update={"state": state})
        assert timed_fit(fit, ENTRIES["flux.1-schnell"], on_cpu) == fit
    assert timed_fit(FITS, ENTRIES["rife"], on_cpu) == FITS
