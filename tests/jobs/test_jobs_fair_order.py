"""The order of jobs: fair between people, loaded models first within one person's jobs, and no endless overtaking."""

from collections import Counter, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from auth.accounts.principal import Principal
from engines import protocol
from jobs.queue.fair_order import CLASSES, MOST_SKIPS, FairOrder
from jobs.queue.live_job import LiveJob, Ticket
from tests.jobs.queue_fixtures import Scene, until


def job(n: int, user: str, model: str = "a", priority: str = "interactive", skipped: int = 0) -> LiveJob:
    ticket = Ticket(
        id=f"{n:032x}",
        user_id=user,
        owner=user,
        lane="device",
        priority=priority,
        task="create_image",
        model=model,
        created_at=float(n),
    )
    return LiveJob(ticket=ticket, skipped=skipped)


def order(
    jobs: list[LiveJob], served: dict[str, float] | None = None, last: str | None = None, warm: str = ""
) -> list[int]:
    line = FairOrder(jobs, served or {}, last, lambda model: model == warm)
    taken = []
    while turn := line.next():
        taken.append(int(turn.job.id, 16))
    return taken


def test_people_take_turns_however_many_jobs_one_has() -> None:
    jobs = [job(n, "mum") for n in range(5)] + [job(9, "dad")]
    assert order(jobs) == [0, 9, 1, 2, 3, 4]
    assert order(jobs, served={"mum": 5.0}) == [9, 0, 1, 2, 3, 4]
    assert order(jobs, served={"mum": 5.0, "dad": 6.0}) == [0, 9, 1, 2, 3, 4]


def test_interactive_goes_before_batch_before_training() -> None:
    jobs = [job(0, "mum", priority="training"), job(1, "mum", priority="batch"), job(2, "dad"), job(3, "mum")]
    assert order(jobs) == [2, 3, 1, 0]


def test_the_last_model_comes_first_then_one_in_memory() -> None:
    jobs = [job(0, "mum", "a"), job(1, "mum", "b"), job(2, "mum", "c")]
    assert order(jobs, last="c") == [2, 0, 1]
    assert order(jobs, warm="b")[0] == 1
    assert order(jobs, last="c", warm="b") == [2, 1, 0]


def test_only_the_first_eight_are_searched_for_a_loaded_model() -> None:
    jobs = [job(n, "mum", "a") for n in range(8)] + [job(8, "mum", "b")]
    assert order(jobs, last="b")[0] == 0


def test_nobody_is_overtaken_more_than_four_times() -> None:
    jobs = [job(0, "mum", "cold")] + [job(n, "mum", "warm") for n in range(1, 8)]
    assert order(jobs, last="warm") == [1, 2, 3, 4, 0, 5, 6, 7]
    jobs[0] = job(0, "mum", "cold", skipped=3)
    assert order(jobs, last="warm") == [1, 0, 2, 3, 4, 5, 6, 7]


JOBS = st.lists(
    st.tuples(st.sampled_from(["mum", "dad", "kid"]), st.sampled_from("abc"), st.sampled_from(CLASSES)), max_size=40
)


@settings(max_examples=200, deadline=None)
@given(JOBS, st.sampled_from([None, "a", "b"]), st.sampled_from(["", "c"]))
def test_everyone_gets_a_turn(asked: list[tuple[str, str, str]], last: str | None, warm: str) -> None:
    jobs = [job(n, *parts) for n, parts in enumerate(asked)]
    line = FairOrder(jobs, {}, last, lambda model: model == warm)
    skips: Counter[str] = Counter()
    taken = []
    waiting: defaultdict[tuple[str, str], int] = defaultdict(int)
    for one in jobs:
        waiting[one.ticket.priority, one.ticket.user_id] += 1
    since: Counter[tuple[str, str]] = Counter()
    while turn := line.next():
        key = (turn.job.ticket.priority, turn.job.ticket.user_id)
        taken.append(turn.job)
        skips.update(other.id for other in turn.overtaken)
        assert all(other.ticket.user_id == turn.job.ticket.user_id for other in turn.overtaken)
        waiting[key] -= 1
        since[key] = 0
        for other, count in waiting.items():
            if count and other[0] == key[0] and other != key:
                since[other] += 1
                assert since[other] <= 3  # three people: nobody waits for more than the other two's turns
    assert sorted(one.id for one in taken) == sorted(one.id for one in jobs)
    assert max(skips.values(), default=0) <= MOST_SKIPS
    ranks = [CLASSES.index(one.ticket.priority) for one in taken]
    assert ranks == sorted(ranks)


# -- in the queue


def run_one(scene: Scene, *components: str) -> str:
    envelope = scene.cpu.next()
    scene.cpu.finish(envelope)
    if components:
        scene.cpu.device(*components)
    return str(envelope.request["model"])


def test_loaded_models_are_learned_from_device_states(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    for model, parts in (("toy-a", ["shared", "a"]), ("toy-b", ["shared", "a", "b"])):
        view = scene.upscale(mum, model)
        envelope = scene.cpu.next()
        scene.cpu.finish(envelope)
        scene.cpu.say(
            protocol.DeviceState(
                lane="cpu",
                name="toy",
                total_bytes=10,
                used_bytes=1,
                components=tuple(
                    protocol.LoadedComponent(
                        key=key, bytes=1, leased=False, idle_seconds=99 if (key, model) == ("a", "toy-b") else 0
                    )
                    for key in parts
                ),
            )
        )
        scene.until(mum, view, "done")
    warm = scene.jobs._queue._residency
    assert until(lambda: warm.is_resident("cpu", "toy-b"))
    assert warm.is_resident("cpu", "toy-a")
    scene.cpu.device("shared", "b")
    assert until(lambda: not warm.is_resident("cpu", "toy-a"))
    assert warm.is_resident("cpu", "toy-b")


def test_overtaking_is_counted_across_a_restart(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    scene.upscale(mum, "toy-a")
    first = scene.cpu.next()
    cold = scene.upscale(mum, "toy-b")
    for _ in range(3):
        scene.upscale(mum, "toy-a")
    scene.cpu.finish(first)
    assert [run_one(scene) for _ in range(2)] == ["toy-a", "toy-a"]
    third = scene.cpu.next()
    assert third.request["model"] == "toy-a"
    assert scene.row(cold.id).skipped == 3
    scene.crash()
    scene.jobs.start()
    assert scene.jobs._live.get(cold.id).skipped == 3  # type: ignore[union-attr]


def test_the_last_turn_of_each_person_is_known_after_a_restart(scene: Scene, mum: Principal, dad: Principal) -> None:
    scene.jobs.start()
    first = scene.draw(mum)
    scene.device.finish(scene.device.next())
    scene.until(mum, first, "done")
    scene.crash()
    scene.draw(mum, "second of mum")
    scene.draw(dad, "first of dad")
    scene.jobs.start()
    assert scene.device.next().request["prompt"] == "first of dad"


def test_lanes_do_not_wait_for_each_other(scene: Scene, mum: Principal, dad: Principal) -> None:
    scene.jobs.start()
    scene.draw(mum)
    scene.upscale(dad)
    assert scene.device.next().request["task"] == "create_image"
    assert scene.cpu.next().request["task"] == "upscale_image"
