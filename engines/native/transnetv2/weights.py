"""Load the published weights of TransNet V2."""

from pathlib import Path

import torch
from safetensors import safe_open

from engines.native.transnetv2.network import TransNetV2


def load_transnet(path: Path, device: torch.device) -> TransNetV2:
    """Load the network from a safetensors file. The file also has a second head, which finds whole transitions."""
    with torch.device("meta"):
        net = TransNetV2()
    with safe_open(path, framework="pt") as file:
        state = {name: file.get_tensor(name) for name in net.state_dict()}
    net.load_state_dict(state, assign=True)
    return net.eval().to(device=device)
