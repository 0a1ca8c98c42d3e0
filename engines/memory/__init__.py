"""Models in memory: what they are (Component), where they are loaded (Device), and what manages them (Swapper)."""

from engines.memory.component import Component, NcnnNet, OnnxSession, TorchModule
from engines.memory.device import Cpu, Cuda, Device, Simulated, choose
from engines.memory.swapper import Swapper

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
