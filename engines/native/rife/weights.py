"""Load RIFE's published weights."""

from pathlib import Path

import torch
from safetensors import safe_open

from engines.native.rife.ifnet import IFNet


def load_ifnet(path: Path, device: torch.device, dtype: torch.dtype | None) -> IFNet:
    """Load IFNet from a safetensors file, in ``dtype`` (None: the file's own).

    Only the four blocks are loaded: the file also contains the teacher and a refinement network of version 3, which
    version 4 does not use.
    """
    with torch.device("meta"):
        net = IFNet()
    with safe_open(path, framework="pt") as file:
        state = {name: file.get_tensor(name) for name in net.state_dict()}
    net.load_state_dict(state, assign=True)
    return net.to(device=device, dtype=dtype)
