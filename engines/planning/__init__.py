"""The memory plan: in which precision and with which offload a model fits a machine, before anything is loaded."""

from engines.planning.plan import Plan, Room, Stage, plan, settled
from engines.planning.weights import Weights, Working, heavy, plannable, reading_bytes, stages, working

__all__ = [
    "Plan",
    "Room",
    "Stage",
    "Weights",
    "Working",
    "heavy",
    "plan",
    "plannable",
    "reading_bytes",
    "settled",
    "stages",
    "working",
]
