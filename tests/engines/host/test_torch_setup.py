"""The setup before torch is imported."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engines import torch_setup

ROOT = Path(__file__).parents[3]


def python(script: str, **environment: str) -> str:
    """Return the output of a new interpreter."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "HF_"))}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_it_is_light_and_sets_the_environment() -> None:
    script = """
import sys, os, engines.torch_setup
print("torch" in sys.modules, os.environ["OMP_WAIT_POLICY"], os.environ["HF_HUB_DISABLE_TELEMETRY"])
"""
    assert python(script) == "False PASSIVE 1"


@pytest.mark.slow
def test_the_hub_stays_online() -> None:
    script = """
from engines import torch_setup
torch_setup.import_heavy("diffusers", "transformers")
from huggingface_hub import is_offline_mode
print(is_offline_mode())
"""
    assert python(script) == "False"


def test_the_environment_takes_precedence() -> None:
    script = "import engines.torch_setup, os; print(os.environ['OMP_WAIT_POLICY'])"
    assert python(script, OMP_WAIT_POLICY="ACTIVE") == "ACTIVE"


@pytest.mark.parametrize(
    ("count", "environment", "threads"),
    [(1, {}, 1), (None, {"OMP_NUM_THREADS": "1"}, 1), (1, {"OMP_NUM_THREADS": "2"}, 1)],
)
def test_the_number_of_threads_is_as_requested(count: int | None, environment: dict[str, str], threads: int) -> None:
    script = f"from engines import torch_setup; torch_setup.use_threads({count}); print(torch_setup.threads())"
    assert python(script, **environment) == str(threads)


@pytest.mark.slow
def test_torch_is_imported_with_its_threads_torchvision_and_frozen_objects() -> None:
    script = """
import gc
from engines import torch_setup
torch_setup.use_threads(1)
assert not torch_setup.prepare_imports("diffusers")
torch_setup.import_heavy("diffusers")
assert torch_setup.prepare_imports("diffusers")
import torch, torchvision.transforms
from diffusers import StableDiffusionPipeline
print(torch.get_num_threads(), gc.get_freeze_count() > 100_000)
"""
    assert python(script) == "1 True"


@pytest.mark.slow
def test_torch_pins_exactly_unless_the_owner_configures_it() -> None:
    """The options must be valid for the installed torch, which rejects unknown ones."""
    code = "import os, engines.torch_setup; print(os.environ.get('PYTORCH_ALLOC_CONF')); import torch; torch.empty(1)"

    def said(**own: str) -> str:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTORCH_")}
        ended = subprocess.run(
            [sys.executable, "-c", code], env=plain | own, capture_output=True, text=True, check=True, timeout=60
        )
        return ended.stdout.strip()

    assert "pinned_max_cached_size_mb" in said()
    assert said(PYTORCH_ALLOC_CONF="backend:native") == "backend:native"
    assert said(PYTORCH_CUDA_ALLOC_CONF="backend:native") == "None"


@pytest.mark.parametrize("on", [True, False])
def test_the_collector_is_paused_and_then_as_before(on: bool) -> None:
    was_on = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        with torch_setup.collector_paused():
            assert not gc.isenabled()
        assert gc.isenabled() is on
    finally:
        (gc.enable if was_on else gc.disable)()


@pytest.mark.skipif(sys.platform != "linux", reason="preloads on Linux only")
def test_the_largest_library_is_loaded_before_torch_is_imported() -> None:
    script = """
import sys
from engines import torch_setup
torch_setup.preload()
print("torch" in sys.modules, "libtorch_cpu" in open("/proc/self/maps").read())
"""
    assert python(script) == "False True"
