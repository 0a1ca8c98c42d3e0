"""A training loop that can be killed and resumed at any time.

All random numbers are seeded by the step's number, so that a resumed run takes the same steps as an uninterrupted one.
Nothing depends on the clock.
"""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

import torch
from safetensors.torch import load_file, save_file

Tensors = dict[str, torch.Tensor]
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class TrainingPlan:
    """The training plan of a stage. ``samples`` is the total number, ``batch`` the number per step, ``rate`` the
    learning rate between the warm-up and the decay, and ``decay`` the final fraction of the training in which it
    decays. With ``muon``, the matrices of transformer blocks are trained by Muon at that multiple of the rate, which
    takes fewer steps; everything else uses AdamW."""

    name: str
    samples: int
    batch: int
    rate: float
    decay: float = 0.3
    warmup: int = 200
    mean_of: int = 1000
    seed: int = 4
    muon: float = 0.0

    @property
    def steps(self) -> int:
        return self.samples // self.batch

    def rate_at(self, step: int) -> float:
        """The learning rate of a step. A stage that gets more samples later continues at the full rate."""
        left = (self.steps - step) / max(1.0, self.steps * self.decay)
        return self.rate * min(1.0, (step + 1) / self.warmup, max(0.02, left))


class Loop:
    """Trains parameters and keeps their running mean, which is the final result."""

    def __init__(self, plan: TrainingPlan, folder: Path, models: dict[str, torch.nn.Module], device: str) -> None:
        """``folder`` gets ``<name>.safetensors`` (the whole state) and ``<name>.jsonl`` (the log)."""
        self.plan, self.folder, self.device = plan, folder, device
        self._weights = {
            f"{part}.{name}": parameter
            for part, model in models.items()
            for name, parameter in model.named_parameters()
            if parameter.requires_grad
        }
        self._mean = {name: weight.detach().clone() for name, weight in self._weights.items()}
        self._optimizers = _optimizers(self._weights, plan)
        self.step = 0
        self._file = folder / f"{plan.name}.safetensors"
        if self._file.exists():
            self._restore()

    @property
    def finished(self) -> bool:
        return self.step >= self.plan.steps

    def run(
        self,
        loss_of: Callable[[torch.Generator], torch.Tensor],
        saved: Callable[[], None] = lambda: None,
        every: int = 250,
    ) -> None:
        """Train to the end; ``loss_of`` draws its batch with the given generator. ``saved`` is called after each
        checkpoint, every ``every`` steps, with the running mean loaded into the models."""
        began, losses = time.monotonic(), torch.zeros(())
        first = self.step
        while not self.finished:
            losses += self._advance(loss_of)
            if self.step % every and not self.finished:
                continue
            steps, seconds = self.step - first, time.monotonic() - began
            self._log(float(losses) / steps, steps * self.plan.batch / seconds)
            self.save()
            with self.averaged():
                saved()
            began, losses, first = time.monotonic(), torch.zeros(()), self.step

    def _advance(self, loss_of: Callable[[torch.Generator], torch.Tensor]) -> torch.Tensor:
        chance = torch.Generator().manual_seed(self.plan.seed * 1_000_003 + self.step)
        loss = loss_of(chance)
        for optimizer in self._optimizers:
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._weights.values(), 1.0)
        for optimizer, times in zip(self._optimizers, (1.0, self.plan.muon), strict=False):
            for group in optimizer.param_groups:
                group["lr"] = times * self.plan.rate_at(self.step)
            optimizer.step()
        self.step += 1
        towards = 1 - min(1 - 1 / self.plan.mean_of, self.step / (self.step + 9))
        with torch.no_grad():
            torch._foreach_lerp_(list(self._mean.values()), list(self._weights.values()), towards)
        return loss.detach().cpu()

    def averaged(self) -> "_Averaged":
        """A context in which the models use the running mean of their weights."""
        return _Averaged(self._weights, self._mean)

    def save(self) -> None:
        """Write the whole state to disk."""
        state = {f"weight.{name}": weight.detach() for name, weight in self._weights.items()}
        state |= {f"mean.{name}": mean for name, mean in self._mean.items()}
        for name, weight in self._weights.items():
            optimizer, parts = self._moments(weight)
            state |= {f"{part}.{name}": optimizer.state[weight][part] for part in parts}
        write_atomically(self._file, state, step=str(self.step))

    def _restore(self) -> None:
        state = load_file(self._file, self.device)
        self.step = step_of(self._file)
        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(state[f"weight.{name}"])
                self._mean[name].copy_(state[f"mean.{name}"])
                optimizer, parts = self._moments(weight)
                if f"{parts[0]}.{name}" not in state:
                    continue  # it was trained by another optimizer so far
                optimizer.state[weight] = {
                    part: torch.empty_like(weight).copy_(state[f"{part}.{name}"]) for part in parts
                } | {"step": torch.tensor(float(self.step))}

    def _moments(self, weight: torch.nn.Parameter) -> tuple[torch.optim.Optimizer, tuple[str, ...]]:
        """The optimizer of a weight, and the names of its state."""
        adam, *rest = self._optimizers
        if any(weight is one for optimizer in rest for group in optimizer.param_groups for one in group["params"]):
            return rest[0], ("momentum_buffer",)
        return adam, ("exp_avg", "exp_avg_sq")

    def _log(self, loss: float, rate: float) -> None:
        line = {
            "stage": self.plan.name,
            "step": self.step,
            "samples": self.step * self.plan.batch,
            "loss": round(loss, 5),
            "samples_per_second": round(rate, 1),
            "learning_rate": round(self.plan.rate_at(self.step), 7),
        }
        with (self.folder / f"{self.plan.name}.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")


def _optimizers(weights: dict[str, torch.nn.Parameter], plan: TrainingPlan) -> list[torch.optim.Optimizer]:
    """AdamW, and Muon for the matrices of transformer blocks if the plan uses it."""
    matrices = {name for name, weight in weights.items() if plan.muon and ".blocks." in name and weight.ndim == 2}
    others = [weight for name, weight in weights.items() if name not in matrices]
    adam = torch.optim.AdamW(others, plan.rate, betas=(0.9, 0.99), weight_decay=1e-3, fused=True)
    if not matrices:
        return [adam]
    chosen = [weights[name] for name in sorted(matrices)]
    # Scaled to AdamW's step size, so that one rate works for both.
    return [adam, torch.optim.Muon(chosen, plan.rate, weight_decay=1e-3, adjust_lr_fn="match_rms_adamw")]


class _Averaged:
    def __init__(self, weights: dict[str, torch.nn.Parameter], mean: Tensors) -> None:
        self._weights, self._mean = weights, mean
        self._kept: Tensors = {}

    def __enter__(self) -> None:
        self._kept = {name: weight.detach().clone() for name, weight in self._weights.items()}
        self._put(self._mean)

    def __exit__(self, *problem: object) -> None:
        self._put(self._kept)

    def _put(self, tensors: Tensors) -> None:
        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(tensors[name])


_WORTH_IT = 1000
"""Below this many steps, compiling takes longer than it saves."""


def compiled(function: Callable[P, T], plan: TrainingPlan) -> Callable[P, T]:
    """The function compiled (two to three times faster), if there is a compiler and the training is long."""
    if plan.steps >= _WORTH_IT and (shutil.which("c++") or torch.cuda.is_available()):
        return torch.compile(function, dynamic=False)
    return function


def write_atomically(path: Path, tensors: Tensors, **notes: str) -> None:
    """Write to a temporary file, then replace the old one."""
    part = path.with_suffix(".part")
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, part, notes)
    part.replace(path)


def step_of(file: Path) -> int:
    """The step at which a checkpoint was saved."""
    from safetensors import safe_open

    with safe_open(file, "pt") as state:
        return int(state.metadata()["step"])


def load_mean(file: Path, models: dict[str, torch.nn.Module]) -> None:
    """Load the running mean of a checkpoint into models."""
    state = load_file(file)
    for part, model in models.items():
        head = f"mean.{part}."
        weights = {name.removeprefix(head): tensor for name, tensor in state.items() if name.startswith(head)}
        model.load_state_dict(weights, strict=False)
