"""Run the stages of a job: lease the parts of each in turn, placed by one plan for the whole job."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any

from engines.catalog import Entry
from engines.diffusion import planning
from engines.diffusion.family import Family, GenerationInputs
from engines.diffusion.stages import Workload, expert_stage
from engines.host.context import Context
from engines.memory import Component
from engines.memory.placement import Placement
from engines.memory.plan import MemoryBudget, Plan, StagePlan
from engines.weights.part_weights import holds_weights
from engines.weights.pretrained import Tokenizer, pretrained


class StageRunner:
    """Leases a job's model and its helpers, stage by stage.

    The plan is made for the memory that is available at the first stage, and applies to all stages.
    """

    def __init__(self, context: Context, family: Family, inputs: GenerationInputs, workload: Workload) -> None:
        self.context, self.family, self.inputs = context, family, inputs
        self._workload = workload
        self._stages = {stage.name: stage for stage in family.stages(workload)}
        self._needs = {needs.name: needs for needs in planning.stage_needs(workload, context.catalog)}

    def with_inputs(self, inputs: GenerationInputs) -> "StageRunner":
        """Return a runner for other inputs of the same size, with the same plan."""
        other = copy(self)
        other.inputs = inputs
        return other

    @contextmanager
    def lease(self, name: str) -> Iterator[dict[str, Any]]:
        """Load the parts of a stage and keep them in memory for the duration of the block; yield them by name.

        Raises JobCancelled between parts, and StudioError ``too_big`` if they can never fit.
        """
        components = self.components(name)
        with self.context.lease(*components.values(), working_bytes=self.working_bytes(name)) as models:
            yield dict(zip(components, models, strict=True))

    def components(self, name: str) -> dict[str, Component]:
        """Return the parts of a stage that the job's model and its helpers have, placed as planned."""
        entry, parts = self._entry, self._stages[name].parts
        owned = [(one, part) for one in (*self.inputs.auxiliary_models, entry) for part in parts if part in one.parts]
        paths = {part: self.context.catalog.path(one, part) for one, part in owned}
        light = {part: path for part, path in paths.items() if not holds_weights(part)}
        heavy = {part: path for part, path in paths.items() if part not in light}
        components: dict[str, Component] = {part: Tokenizer(path, entry.name) for part, path in light.items()}
        if not heavy:
            return components
        return components | pretrained(heavy, self.context.device, entry.name, self._placements(name, heavy))

    @property
    def experts(self) -> dict[str, str]:
        """The denoisers that one call uses in turn, with their stages; empty if it uses only one."""
        named = [part for part in self.family.experts if part in self._entry.parts]
        return {part: expert_stage(number) for number, part in enumerate(named)} if len(named) > 1 else {}

    def stage_plan(self, name: str) -> StagePlan:
        """Return the plan of a stage."""
        return self.plan.stages.get(name, self.plan.denoise)

    def files(self, leased: Mapping[str, Any]) -> dict[str, Path]:
        """Return the helpers' single-file parts that are added to the leased models, such as an IP-Adapter."""
        return {
            name: self.context.catalog.path(one, name)
            for one in self.inputs.auxiliary_models
            for name, part in one.parts.items()
            if part.file and name not in leased
        }

    def working_bytes(self, name: str) -> int:
        """Return the bytes that a stage needs on the device in addition to the weights."""
        needs = self._needs.get(name)
        if needs is None:
            return self._stages[name].working_bytes
        return needs.tiled_bytes if self.stage_plan(name).tiled else needs.working_bytes

    @cached_property
    def plan(self) -> Plan:
        """The plan of the job for the memory that is free now."""
        context = self.context
        plan, budget = self._plan_now()
        if budget.host and not plan.plain:
            alone = self._plan(budget.from_limit(context.config.memory_bytes))
            is_better = (alone.fits, -alone.slowdown) > (plan.fits, -plan.slowdown)
            if is_better and context.ask_others(alone.device_bytes - budget.device):
                plan, _ = self._plan_now()
        context.planned = plan.record
        return plan

    @property
    def _entry(self) -> Entry:
        return self.context.catalog.get(self.plan.version) if self.plan.version else self.context.entry

    def _plan_now(self) -> tuple[Plan, MemoryBudget]:
        device, host = self.context.lease_limits
        budget = MemoryBudget(device=device, host=host, total=self.context.device.total())
        return self._plan(budget), budget

    def _plan(self, budget: MemoryBudget) -> Plan:
        return planning.choose_plan(self._workload, self.context.catalog, budget, self.context.pinned)

    def _placements(self, name: str, heavy: Iterable[str]) -> dict[str, Placement]:
        """Return the placement of each part: as planned for the model's own, whole and in the same precision for its
        helpers'."""
        planned = self.stage_plan(name).parts
        dtype = next((one.dtype for one in (*planned.values(), *self.plan.denoise.parts.values())), None)
        return {part: planned.get(part, Placement(dtype=dtype)) for part in heavy}
