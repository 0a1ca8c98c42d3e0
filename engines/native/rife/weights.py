"""Reading RIFE's published weights."""

from pathlib import Path

import torch
from safetensors import safe_open

from engines.native.rife.ifnet import IFNet


def load_ifnet(path: Path, device: torch.device, dtype: torch.dtype | None) -> IFNet:
    """IFNet with the weights of a safetensors file, in ``dtype`` (None: the file's own).

    Only the four blocks are read: the file also holds the teacher and a refinement of version 3, which version 4
    does without.
    """
    with torch.device("meta"):
        net = IFNet()
    with safe_open(path, framework="pt") as file:
        state = {name: file.get_tensor(name) for name in net.state_dict()}
    net.load_state_dict(state, assign=True)
    return net.to(device=device, dtype=dtype)
