"""``python -m engines.starter.rewrite IN OUT``: a pickled state dict becomes safetensors, in a process of its own.

Only tensors are read (``weights_only``): a file that wants to run code is refused.
"""

import pickle
import sys
from pathlib import Path

UNSAFE = 3
"""How the process ends for a file that is more than plain tensors; whatever else goes wrong ends it in another way."""


def rewrite(pickled: Path, safe: Path) -> None:
    """Write the tensors of ``pickled`` to ``safe``; names lose the ``module.`` that training on several GPUs adds.

    Raises pickle.UnpicklingError for what is not plain tensors, ValueError for what is not a state dict.
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
