"""The memory plan: in which precision and with which offload a model fits a machine, before anything is loaded."""

from engines.planning.plan import Plan, Room, Stage, plan, settled
from engines.planning.weights import Weights, heavy, plannable, stages, working_bytes

__all__ = ["Plan", "Room", "Stage", "Weights", "heavy", "plan", "plannable", "settled", "stages", "working_bytes"]
