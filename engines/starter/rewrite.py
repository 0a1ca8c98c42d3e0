"""``python -m engines.starter.rewrite IN OUT`` converts a pickled state dict to safetensors, in a separate process.

Only tensors are loaded (``weights_only``); a file with anything else is refused.
"""

import pickle
import sys
from pathlib import Path

UNSAFE = 3
"""Exit status for a file with more than plain tensors; other failures have another status."""


def rewrite(pickled: Path, safe: Path) -> None:
    """Write the tensors of ``pickled`` to ``safe``, without the ``module.`` prefix of multi-GPU training.

    Raises pickle.UnpicklingError for anything but plain tensors, ValueError if it is not a state dict.
    """
    import torch
    from safetensors.torch import save_file

    state = torch.load(pickled, map_location="cpu", weights_only=True)
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ValueError("not a state dict")
    tensors = {name.removeprefix("module."): tensor.clone().contiguous() for name, tensor in state.items()}
    save_file(tensors, safe, metadata={"format": "pt"})
    safe.chmod(pickled.stat().st_mode)


if __name__ == "__main__":
    try:
        rewrite(Path(sys.argv[1]), Path(sys.argv[2]))
    except (pickle.UnpicklingError, ValueError) as error:
        print(error, file=sys.stderr)
        sys.exit(UNSAFE)
