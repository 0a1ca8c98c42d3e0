"""The swapper on a simulated GPU: what stays loaded, what is unloaded, what is rejected."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.memory import Device, Simulated, Swapper, host_memory
from engines.memory import swapper as module
from errors import StudioError


class Block:
    """A component that takes memory of a simulated GPU."""

    place = "device"

    def __init__(self, key: str, bytes: int, fails: int = 0, seconds: float = 0.0, really: int | None = None) -> None:
        self.key = key
        self.bytes = bytes
        self.note = f"block {key}"
        self.loads = 0
        self.in_memory = 0
        self._fails = fails
        self._seconds = seconds
        self._really = really or bytes

    def load(self, device: Device) -> Any:
        assert isinstance(device, Simulated)
        time.sleep(self._seconds)
        if self._fails:
            self._fails -= 1
            raise MemoryError("injected")
        device.take(self._really)
        self.loads += 1
        self.in_memory += 1
        return [self, device]

    def drop(self, model: Any) -> None:
        _, device = model
        device.release(self._really)
        self.in_memory -= 1


@pytest.fixture
def card() -> Simulated:
    return Simulated(100)


@pytest.fixture
def swapper(card: Simulated) -> Iterator[Swapper]:
    swapper = Swapper(card)
    yield swapper
    swapper.close()
    assert card.used() == 0


def held(swapper: Swapper) -> set[str]:
    return {component.key for component in swapper.state("device").components}


def use(swapper: Swapper, *blocks: Block, working_bytes: int = 0) -> None:
    with swapper.lease(blocks, working_bytes=working_bytes) as models:
        assert [model[0].key for model in models] == [block.key for block in blocks]


def test_a_loaded_model_is_reused(swapper: Swapper) -> None:
    a = Block("a", 40)
    use(swapper, a)
    use(swapper, a, a)
    assert a.loads == 1


def test_components_with_the_same_key_are_the_same(swapper: Swapper) -> None:
    first, second = Block("a", 60), Block("a", 60)
    use(swapper, first)
    with swapper.lease([second]) as (model,):
        assert model[0] is first


def test_the_least_recently_used_is_unloaded_first(swapper: Swapper) -> None:
    a, b, c = Block("a", 40), Block("b", 40), Block("c", 40)
    for block in (a, b, a, c):
        use(swapper, block)
    assert held(swapper) == {"a", "c"}


def test_of_models_used_together_the_fastest_to_load_is_unloaded_first(swapper: Swapper) -> None:
    slow, quick = Block("slow", 40, seconds=0.05), Block("quick", 40)
    use(swapper, quick, slow)
    use(swapper, Block("c", 40))
    assert held(swapper) == {"slow", "c"}


def test_no_more_is_unloaded_than_needed(swapper: Swapper) -> None:
    use(swapper, Block("a", 30), Block("b", 30), Block("c", 30))
    use(swapper, Block("d", 30))
    assert len(held(swapper)) == 3


def test_a_leased_model_is_never_unloaded(swapper: Swapper) -> None:
    a, b, c = Block("a", 50), Block("b", 40), Block("c", 40)
    with swapper.lease([a]):
        use(swapper, b)
        use(swapper, c)
        swapper.free()
        assert a.in_memory == 1
        assert held(swapper) == {"a"}


def test_memory_is_kept_free_for_the_work(swapper: Swapper) -> None:
    use(swapper, Block("a", 50))
    use(swapper, Block("b", 30), working_bytes=60)
    assert held(swapper) == {"b"}


def test_the_limit_counts_and_not_only_the_gpu(card: Simulated) -> None:
    swapper = Swapper(card, memory_bytes=50)
    use(swapper, Block("a", 30))
    use(swapper, Block("b", 30))
    assert held(swapper) == {"b"}
    with pytest.raises(StudioError) as refused:
        use(swapper, Block("c", 60))
    assert refused.value.problem.code == "too_big"


@pytest.mark.parametrize(("bytes", "asked"), [(60, []), (40, [20])])
def test_another_program_is_asked_only_for_what_it_can_free(card: Simulated, bytes: int, asked: list[int]) -> None:
    missing: list[int] = []

    def relieve(short: int, check: Callable[[], None]) -> bool:
        missing.append(short)
        return False

    card.take(80)  # by the other program
    swapper = Swapper(card, memory_bytes=50, relieve=relieve)
    with pytest.raises(StudioError):
        use(swapper, Block("a", bytes))
    assert missing == asked


def test_a_lease_that_can_never_fit_is_rejected_with_numbers(swapper: Swapper) -> None:
    big = Block("big", 5_000_000_000)
    with pytest.raises(StudioError) as refused:
        use(swapper, big)
    assert refused.value.problem.code == "too_big"
    assert "5.0 GB" in refused.value.problem.what
    assert big.loads == 0


def test_a_second_lease_that_does_not_fit_is_rejected_at_once(swapper: Swapper) -> None:
    with swapper.lease([Block("a", 60)]), pytest.raises(StudioError), swapper.lease([Block("b", 60)]):
        pytest.fail("no room for that")


def test_out_of_memory_while_loading_unloads_the_rest_and_retries(swapper: Swapper) -> None:
    use(swapper, Block("a", 30))
    b = Block("b", 30, fails=1)
    use(swapper, b)
    assert held(swapper) == {"b"}


def test_a_component_larger_than_expected_finds_room(swapper: Swapper) -> None:
    use(swapper, Block("a", 40))
    use(swapper, Block("liar", 10, really=90))
    assert held(swapper) == {"liar"}


def test_out_of_memory_twice_is_reported_and_harmless(swapper: Swapper) -> None:
    with pytest.raises(StudioError) as refused:
        use(swapper, Block("a", 30), Block("b", 30, fails=2))
    assert refused.value.problem.code == "out_of_memory"
    assert not any(component.leased for component in swapper.state("device").components)
    use(swapper, Block("c", 100))


def test_another_error_while_loading_is_raised_and_leaves_no_lease(swapper: Swapper) -> None:
    class Broken(Block):
        def load(self, device: Device) -> Any:
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        use(swapper, Block("a", 30), Broken("b", 30))
    swapper.free()
    assert held(swapper) == set()


def test_a_cancelled_job_stops_between_components(swapper: Swapper) -> None:
    a, b = Block("a", 30), Block("b", 30)

    def check() -> None:
        if a.loads:
            raise InterruptedError

    with pytest.raises(InterruptedError), swapper.lease([a, b], check=check):
        pytest.fail("was cancelled")
    assert b.loads == 0
    assert not any(component.leased for component in swapper.state("device").components)


def test_a_job_that_waits_for_memory_gets_it_when_another_releases_it(swapper: Swapper) -> None:
    with ExitStack() as stack:
        stack.enter_context(swapper.lease([Block("a", 70)]))
        waiting = threading.Thread(target=use, args=(swapper, Block("b", 70)))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        stack.close()
        waiting.join(5)
    assert not waiting.is_alive()
    assert held(swapper) == {"b"}


def test_a_job_that_waits_for_memory_can_be_cancelled(swapper: Swapper) -> None:
    cancelled = threading.Event()
    ended = []

    def check() -> None:
        if cancelled.is_set():
            raise InterruptedError

    def wait() -> None:
        try:
            with swapper.lease([Block("b", 70)], check=check):
                ended.append("leased")
        except InterruptedError:
            ended.append("cancelled")

    with swapper.lease([Block("a", 70)]):
        waiting = threading.Thread(target=wait)
        waiting.start()
        cancelled.set()
        waiting.join(5)
        assert ended == ["cancelled"]


def test_one_thread_loads_at_a_time(swapper: Swapper) -> None:
    at_once = [0, 0]

    class Watched(Block):
        def load(self, device: Device) -> Any:
            at_once[0] += 1
            at_once[1] = max(at_once)
            time.sleep(0.02)
            at_once[0] -= 1
            return super().load(device)

    threads = [threading.Thread(target=use, args=(swapper, Watched(str(n), 10))) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert at_once[1] == 1
    assert len(held(swapper)) == 5


def test_a_loaded_model_can_be_leased_while_another_loads(swapper: Swapper) -> None:
    use(swapper, Block("a", 10))
    loading = threading.Thread(target=use, args=(swapper, Block("slow", 10, seconds=1.0)))
    loading.start()
    began = time.monotonic()
    use(swapper, Block("a", 10))
    assert time.monotonic() - began < 0.5
    loading.join(5)


def test_leases_under_many_threads_never_lose_a_model(card: Simulated) -> None:
    swapper = Swapper(card)
    blocks = [Block(str(n), 10 + 7 * n) for n in range(6)]
    errors: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            for turn in range(40):
                block = blocks[(seed * 7 + turn * (seed + 1)) % len(blocks)]
                with swapper.lease([block]) as (model,):
                    assert model[0].in_memory == 1
                    if turn % 5 == 0:
                        swapper.free()
                    assert model[0].in_memory == 1
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert card.used() <= 100
    swapper.close()
    assert card.used() == 0


def test_idle_models_are_unloaded_and_used_ones_stay(card: Simulated, clock: Callable[[float], None]) -> None:
    swapper = Swapper(card, idle_seconds=60)
    use(swapper, Block("old", 10))
    clock(50)
    use(swapper, Block("new", 10))
    clock(20)
    with swapper.lease([Block("leased", 10)]):
        assert swapper.sweep()
        assert held(swapper) == {"new", "leased"}
        clock(1000)
        assert swapper.sweep()
        assert held(swapper) == {"leased"}
    assert not swapper.sweep()


@pytest.mark.parametrize(("available", "gone"), [(90, {"beside", "streamed"}), (110, set())])
def test_models_in_main_memory_are_unloaded_sooner_if_it_is_low(
    card: Simulated,
    clock: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
    available: int,
    gone: set[str],
) -> None:
    monkeypatch.setattr(host_memory, "total", lambda: 1000)
    monkeypatch.setattr(host_memory, "available", lambda: available)
    swapper = Swapper(card, idle_seconds=900)
    use(swapper, Block("on the card", 10))
    beside = Block("beside", 10)
    beside.place = "host"
    use(swapper, beside)
    streamed = Block("streamed", 10)
    streamed.host_bytes = 5
    use(swapper, streamed)
    clock(50)
    assert not swapper.sweep(), "the next job may want it"
    clock(20)
    assert swapper.sweep() is bool(gone)
    assert {component.key for component in swapper.state("cpu").components} == {"beside"} - gone
    assert held(swapper) == {"on the card", "streamed"} - gone


def test_idle_seconds_0_keeps_models_forever(card: Simulated, clock: Callable[[float], None]) -> None:
    swapper = Swapper(card, idle_seconds=0)
    use(swapper, Block("a", 10))
    clock(1e6)
    assert not swapper.sweep()
    assert held(swapper) == {"a"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Advance the clock."""
    passed = [0.0]
    real = time.monotonic

    class Clock:
        monotonic = staticmethod(lambda: real() + passed[0])

    monkeypatch.setattr(module, "time", Clock)

    def forward(seconds: float) -> None:
        passed[0] += seconds

    return forward


def test_the_state_lists_the_loaded_models(swapper: Swapper) -> None:
    with swapper.lease([Block("a", 30)]):
        state = swapper.state("device")
        assert (state.total_bytes, state.used_bytes) == (100, 30)
        assert [(c.key, c.bytes, c.leased) for c in state.components] == [("a", 30, True)]
    assert not swapper.state("device").components[0].leased
    assert swapper.state("cpu").components == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=3, unique=True), max_size=25))
def test_any_sequence_of_jobs_stays_within_the_gpu(jobs: list[list[int]]) -> None:
    card = Simulated(100)
    swapper = Swapper(card)
    blocks = [Block(str(n), 5 + 4 * n) for n in range(8)]
    for job in jobs:
        use(swapper, *(blocks[n] for n in job))
        assert card.used() <= 100
        assert held(swapper) >= {str(n) for n in job}
    swapper.close()
    assert card.used() == 0


def test_a_small_model_is_spared_if_a_large_one_is_unloaded_anyway(swapper: Swapper) -> None:
    use(swapper, Block("small", 10))
    use(swapper, Block("large", 80))
    use(swapper, Block("next", 80))
    assert held(swapper) == {"small", "next"}
