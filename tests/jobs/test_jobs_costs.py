"""The remaining time of a job: never negative, and more accurate the further it is; and learned costs."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines import protocol
from engines.catalog import Entry, shipped
from engines.requests import REQUESTS, AssetFacts, CreateImage, Request, parse
from engines.requests.change_clip import RestyleClip
from engines.tasks import TASKS
from errors import StudioError
from jobs.queue.costs import Costs, seconds_left
from jobs.queue.live_job import Expected, LiveJob, Ticket
from jobs.queue.scheduler import _paced
from tests.jobs.queue_fixtures import Scene, until

TICKET = Ticket(
    id="0" * 32, user_id="u", owner="mum", lane="cpu", task="upscale_image", model="toy-a", created_at=0, units=2.0
)


def expected(run: float, load: float = 0.0) -> Expected:
    return Expected(load, run, run, run, True)


def measured(run: float, load: float = 0.0, device: str = "toy", working: int = 100) -> protocol.Measured:
    return protocol.Measured(
        job=TICKET.id, attempt=1, load_seconds=load, run_seconds=run, working_bytes=working, device=device
    )


@settings(deadline=None)
@given(guess=st.floats(0, 1e4), total=st.integers(1, 60), step_seconds=st.floats(0.01, 60), late=st.floats(0, 100))
def test_time_left_is_plausible_at_any_pace(guess: float, total: int, step_seconds: float, late: float) -> None:
    pace = None
    for step in range(total + 1):
        now = 1000 + step * step_seconds
        pace = _paced(pace, protocol.Progress(job="j", attempt=1, step=step, total=total), now)
        job = LiveJob(ticket=TICKET, state="running", started_at=1000, expected=expected(guess), pace=pace)
        left, later = seconds_left(job, now), seconds_left(job, now + late)
        assert left is not None
        assert later is not None
        assert 0 <= later <= left
        if step * 2 >= total and step:  # from the middle on, only the measured pace counts
            assert left == pytest.approx((total - step) * step_seconds, rel=1e-3, abs=1e-6)


def test_time_left_before_the_first_step() -> None:
    job = LiveJob(ticket=TICKET, state="loading", started_at=100.0, expected=expected(10, load=4))
    assert seconds_left(job, 100) == 14
    assert seconds_left(job, 102) == 12
    assert seconds_left(job, 1000) == 0
    assert seconds_left(LiveJob(ticket=TICKET), 100) is None


def test_a_stalled_job_is_not_almost_done() -> None:
    pace = _paced(None, protocol.Progress(job="j", attempt=1, step=0, total=4), 100)
    pace = _paced(pace, protocol.Progress(job="j", attempt=1, step=1, total=4), 110)
    job = LiveJob(ticket=TICKET, state="running", started_at=100, expected=expected(40), pace=pace)
    assert seconds_left(job, 110) == pytest.approx(30)
    assert seconds_left(job, 200) == pytest.approx(20)


def test_a_new_part_of_the_work_has_its_own_pace() -> None:
    pace = _paced(None, protocol.Progress(job="j", attempt=1, step=8, total=8, noun="step"), 100)
    pace = _paced(pace, protocol.Progress(job="j", attempt=1, step=1, total=81, noun="frame"), 130)
    assert (pace.began, pace.first_step) == (130, 1)


def test_estimates_adapt_to_the_computer(scene: Scene) -> None:
    costs = Costs(scene.database, scene.catalog)
    job = LiveJob(ticket=TICKET)
    guess = costs.expect("upscale_image", "toy-a", 2.0)
    assert (guess.load, guess.run, guess.learned) == (4.0, 40.0, False)
    assert (guess.low, guess.high) == (20.0, 120.0)
    costs.learn(job, measured(10.0))
    first = costs.expect("upscale_image", "toy-a", 2.0)
    assert first.learned
    assert first.run == pytest.approx(10.0)
    assert first.load == 4.0  # the model was already in memory: no load time was learned
    for _ in range(12):
        costs.learn(job, measured(20.0, load=1.0))
    later = Costs(scene.database, scene.catalog).expect("upscale_image", "toy-a", 2.0)
    assert later.run == pytest.approx(20.0, rel=0.03)
    assert later.load == pytest.approx(1.0, rel=0.1)
    assert later.low < later.run < later.high
    assert costs.expect("upscale_image", "toy-a", 4.0).run == pytest.approx(2 * later.run, rel=0.01)


def test_a_slow_first_run_is_soon_forgotten(scene: Scene) -> None:
    costs = Costs(scene.database, scene.catalog)
    costs.learn(LiveJob(ticket=TICKET), measured(9.0, load=3.0))
    for _ in range(2):
        costs.learn(LiveJob(ticket=TICKET), measured(1.0))
    assert costs.expect("upscale_image", "toy-a", 2.0).run < 2


def test_costs_learned_on_another_device_do_not_count(scene: Scene) -> None:
    costs = Costs(scene.database, scene.catalog)
    costs.learn(LiveJob(ticket=TICKET), measured(1.0, device="big GPU"))
    costs.device_is("processor")
    assert not costs.expect("upscale_image", "toy-a", 2.0).learned
    costs.device_is("big GPU")
    assert costs.expect("upscale_image", "toy-a", 2.0).learned


DRAWING = ("create_image", "change_image", "edit_image", "fill_image", "extend_image")
FILMING = ("create_clip", "animate_image", "restyle_clip", "edit_clip", "fill_clip", "extend_clip")
_14B = dict.fromkeys(("hunyuan-video", "hunyuan-video-i2v", "skyreels-v2-df-14b", "helios-base"), 4500)
_HUGE = {**_14B, "wan22": 5600, "cogvideox": 1500, "hunyuan-video-1.5": 2700, "hunyuan-video-1.5-i2v": 2700}
"""Seconds of slow clip models. For those with 13 and 14 billion weights, their makers name 31 minutes for an H800,
twice as fast a GPU, and VACE has a fifth more layers; CogVideoX's name 17 minutes for an A100. HunyuanVideo 1.5 has 8
billion weights."""
PICTURE = "a" * 32
CLIP = "b" * 32
FACTS = {
    PICTURE: AssetFacts(kind="image", mime="image/png", bytes=1, width=1024, height=1024),
    CLIP: AssetFacts(kind="clip", mime="video/mp4", bytes=1, width=1280, height=720, seconds=10),
}


def usual(entry: Entry, task: str) -> Request:
    """A request as the form sends it with its defaults."""
    own = {"prompt": "a house", "image": PICTURE, "mask": PICTURE, "left": 64, "clip": CLIP}
    asked = {**own, **entry.defaults, **entry.task_defaults.get(task, {})}
    return parse({"task": task, **{name: asked[name] for name in asked if name in REQUESTS[task].model_fields}})


def test_first_estimates_on_a_gpu_are_plausible(scene: Scene) -> None:
    costs = Costs(scene.database, scene.catalog)
    costs.device_is("a card", gpu=True)
    odd = {}
    for entry in shipped.entries():
        for task in {*DRAWING, *FILMING} & {*entry.tasks}:
            run = costs.expect(task, entry.id, TASKS[task].units(usual(entry, task), FACTS)).run
            most = _HUGE.get(entry.lora_family or entry.id, 900) if task in FILMING else 300
            if not 0.05 < run < most:
                odd[entry.id, task] = run
    assert odd == {}


def test_only_the_part_of_a_clip_that_is_used_takes_time() -> None:
    clip = RestyleClip(clip=CLIP, prompt="x", seconds=5)
    whole, short = (FACTS[CLIP].model_copy(update={"seconds": seconds}) for seconds in (10, 2))
    units = TASKS["restyle_clip"].units
    assert units(clip, {CLIP: short}) == pytest.approx(units(clip, {CLIP: whole}) * 2 / 5)
    assert units(clip.model_copy(update={"strength": 0.3}), {CLIP: whole}) == pytest.approx(
        units(clip, {CLIP: whole}) / 2
    )


def test_a_learned_cost_on_a_gpu_replaces_the_first_estimate(scene: Scene) -> None:
    costs = Costs(scene.database, scene.catalog)
    guess = costs.expect("create_image", "flux.1-dev", 10.0)
    costs.device_is("a card", gpu=True)
    assert costs.expect("create_image", "flux.1-dev", 10.0).run < guess.run / 100
    ticket = replace(TICKET, task="create_image", model="flux.1-dev", units=10.0)
    costs.learn(LiveJob(ticket=ticket), measured(3.0, device="a card"))
    assert costs.expect("create_image", "flux.1-dev", 10.0).run == pytest.approx(3.0)


def test_a_model_that_left_the_catalog_still_has_an_estimate(scene: Scene) -> None:
    costs = Costs(scene.database, scene.catalog)
    assert costs.expect("upscale_image", "gone", 2.0).run > 0
    with pytest.raises(StudioError):
        scene.catalog.get("gone")


def test_the_estimate_says_that_a_request_does_not_fit(scene: Scene) -> None:
    scene.jobs.start()
    who = scene.person("mum")
    scene.device.say(protocol.DeviceState(lane="device", name="small", total_bytes=10**8, used_bytes=0))
    until(lambda: scene.jobs.device().total_bytes)
    estimate = scene.jobs.estimate(who, CreateImage(prompt="a house"))
    assert not estimate.fits
    assert estimate.problem
    assert estimate.problem.sentence == "Toy-Draw needs 1.0 GB; you have 100 MB. Choose a smaller model."
