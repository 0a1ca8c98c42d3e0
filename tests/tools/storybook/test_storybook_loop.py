"""Training that can be killed and resumed."""

import json
from pathlib import Path

import pytest
import torch

from tools.storybook.loop import Loop, TrainingPlan, load_mean


class Killed(Exception):
    pass


def _model() -> torch.nn.Module:
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.SiLU(), torch.nn.Linear(8, 1))


def _train(folder: Path, plan: TrainingPlan, killed_at: int | None = None) -> dict[str, torch.Tensor]:
    """The running mean of the trained weights, with the names of a model file."""
    model = _model()
    loop = Loop(plan, folder, {"net": model}, "cpu")

    def loss_of(chance: torch.Generator) -> torch.Tensor:
        if loop.step == killed_at:
            raise Killed
        seen = torch.randn(plan.batch, 4, generator=chance)
        return (model(seen) - seen.sum(1, keepdim=True)).pow(2).mean()

    loop.run(loss_of, every=10)
    kept = _model()
    load_mean(folder / "net.safetensors", {"net": kept})
    return kept.state_dict()


def test_a_resumed_run_is_bit_identical(tmp_path: Path) -> None:
    plan = TrainingPlan("net", samples=240, batch=4, rate=1e-2, warmup=5)
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    whole = _train(tmp_path / "whole", plan)
    for step in (27, 41):
        with pytest.raises(Killed):
            _train(tmp_path / "killed", plan, killed_at=step)
    resumed = _train(tmp_path / "killed", plan)
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_it_learns_logs_and_writes_atomically(tmp_path: Path) -> None:
    plan = TrainingPlan("net", samples=4000, batch=8, rate=2e-2, warmup=5)
    _train(tmp_path, plan)
    lines = [json.loads(line) for line in (tmp_path / "net.jsonl").read_text().splitlines()]
    assert lines[-1]["samples"] == 4000
    assert lines[-1]["loss"] < lines[0]["loss"] / 4
    assert sorted(file.name for file in tmp_path.iterdir()) == ["net.jsonl", "net.safetensors"]


def test_a_finished_run_with_more_samples_continues(tmp_path: Path) -> None:
    short, long = (TrainingPlan("net", samples=samples, batch=8, rate=2e-2, warmup=5) for samples in (400, 800))
    first = _train(tmp_path, short)
    again = _train(tmp_path, short)
    assert all(torch.equal(first[name], again[name]) for name in first)
    more = _train(tmp_path, long)
    assert any(not torch.equal(first[name], more[name]) for name in first)
    assert long.rate_at(50) == long.rate
    assert short.rate_at(49) < short.rate / 10
