"""Keeps this computer's settings and model cache out of the tests; runs before anything else is imported."""

import atexit
import os
import shutil
import tempfile

for _name in [name for name in os.environ if name.startswith(("C41_", "HF_")) and name != "C41_TEST_STARTER"]:
    del os.environ[_name]
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="c41-tests-hf-")  # an empty cache; huggingface_hub reads it once
atexit.register(shutil.rmtree, os.environ["HF_HOME"], ignore_errors=True)
