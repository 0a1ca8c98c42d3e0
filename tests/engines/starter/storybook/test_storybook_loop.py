"""Training that can be killed and goes on as if nothing had happened."""

import json
from pathlib import Path

import pytest
import torch

from engines.starter.storybook.loop import Loop, Plan, load_mean


class Killed(Exception):
    pass


def _model() -> torch.nn.Module:
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.SiLU(), torch.nn.Linear(8, 1))


def _train(folder: Path, plan: Plan, killed_at: int | None = None) -> dict[str, torch.Tensor]:
    """The running mean of what was trained, as a file of its own would hold it."""
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


def test_a_killed_run_goes_on_bit_for_bit(tmp_path: Path) -> None:
    plan = Plan("net", samples=240, batch=4, rate=1e-2, warmup=5)
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    whole = _train(tmp_path / "whole", plan)
    for step in (27, 41):
        with pytest.raises(Killed):
            _train(tmp_path / "killed", plan, killed_at=step)
    resumed = _train(tmp_path / "killed", plan)
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_it_learns_logs_and_keeps_no_half_written_state(tmp_path: Path) -> None:
    plan = Plan("net", samples=4000, batch=8, rate=2e-2, warmup=5)
    _train(tmp_path, plan)
    lines = [json.loads(line) for line in (tmp_path / "net.jsonl").read_text().splitlines()]
    assert lines[-1]["samples"] == 4000
    assert lines[-1]["loss"] < lines[0]["loss"] / 4
    assert sorted(file.name for file in tmp_path.iterdir()) == ["net.jsonl", "net.safetensors"]


def test_a_finished_run_given_more_samples_goes_on(tmp_path: Path) -> None:
    short, long = (Plan("net", samples=samples, batch=8, rate=2e-2, warmup=5) for samples in (400, 800))
    first = _train(tmp_path, short)
    again = _train(tmp_path, short)
    assert all(torch.equal(first[name], again[name]) for name in first)
    more = _train(tmp_path, long)
    assert any(not torch.equal(first[name], more[name]) for name in first)
    assert long.rate_at(50) == long.rate
    assert short.rate_at(49) < short.rate / 10
