"""Models in memory: what they are (Component), where they live (Device), and who keeps them there (Swapper)."""

from engines.swapper.component import Component, NcnnNet, OnnxSession, TorchModule
from engines.swapper.device import Cpu, Cuda, Device, Simulated, choose
from engines.swapper.swapper import Swapper

__all__ = [
    "Component",
    "Cpu",
    "Cuda",
    "Device",
    "NcnnNet",
    "OnnxSession",
    "Simulated",
    "Swapper",
    "TorchModule",
    "choose",
]
