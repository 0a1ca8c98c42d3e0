"""Recipes over REST with the real starter models: from a photograph to a file, step by step."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import update
from starlette.types import ASGIApp

from db import new_id
from library.recipes.tables import Run, RunStep
from settings import Settings
from studio import Studio
from tests.support.people import Person, admit
from tests.support.studios import at_work, wired
from tests.support.waiting import until

pytestmark = pytest.mark.slow

FAST = {"task": "upscale_image", "scale": 2, "model": "realesrgan-fast"}
STYLE = {"task": "stylize_image", "image": "input:photograph", "style": "style-04"}
CHAIN = (
    {"name": "Restyle", "request": STYLE, "stop": False},
    {"name": "Larger", "request": {**FAST, "image": "step:1"}},
    {"name": "Free it", "request": {"task": "cut_out", "image": "step:2"}},
)


class House(NamedTuple):
    """The whole app running, for all tests of this file."""

    studio: Studio
    app: ASGIApp


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, starter: Path) -> Iterator[House]:
    with (
        wired(Settings(data=tmp_path_factory.mktemp("recipes") / "data", starter=starter, keep_free_mb=10)) as studio,
        at_work(studio) as app,
    ):
        yield House(studio, app)


@pytest.fixture
def cook(house: House) -> Person:
    """A person without any runs."""
    return admit(house.studio, house.app, f"ann-{new_id()[:8]}")


@pytest.fixture
def other(house: House, cook: Person) -> Person:
    return admit(house.studio, house.app, f"bob-{new_id()[:8]}")


@pytest.fixture
def picture(cook: Person, photo: Path) -> str:
    return brought(cook, photo)


def brought(person: Person, file: Path) -> str:
    answer = person.client.post("/api/assets", params={"name": file.name}, content=file.read_bytes())
    return str(answer.json()["id"])


def sent(person: Person, method: str, path: str, status: int = 200, **body: Any) -> Any:
    answer = person.client.request(method, f"/api/{path}", json=body if method in ("POST", "PUT") else None)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def begun(person: Person, steps: Any, **more: Any) -> dict[str, Any]:
    run: dict[str, Any] = sent(person, "POST", "recipe-runs", 201, steps=steps, **more)
    return run


def settled(person: Person, run: dict[str, Any], *states: str) -> dict[str, Any]:
    """Wait for a run to stop advancing by itself and return it."""

    def look() -> dict[str, Any] | None:
        seen: dict[str, Any] = sent(person, "GET", f"recipe-runs/{run['id']}")
        return seen if seen["state"] != "going" else None

    seen = until(look, 120, "the run")
    assert not states or seen["state"] in states, seen
    return seen


def test_a_run_continues_waits_at_stops_and_ends_with_a_file(cook: Person, picture: str) -> None:
    run = begun(cook, CHAIN, name="Poster", inputs={"photograph": picture})
    seen = settled(cook, run, "looking")
    assert (seen["at"], seen["name"]) == (2, "Poster")
    assert "Check the result" in seen["words"]
    assert [step["state"] for step in seen["steps"]] == ["done", "done", "open"]
    done = settled(cook, sent(cook, "POST", f"recipe-runs/{run['id']}/go-on"), "done")
    assets = [sent(cook, "GET", f"assets/{step['asset_id']}") for step in done["steps"]]
    assert done["result"] == assets[2]["id"]
    assert [asset["step"] for asset in assets] == [True, True, False]
    assert [asset["parents"] for asset in assets] == [[picture], [assets[0]["id"]], [assets[1]["id"]]]
    assert assets[1]["width"] == 2 * assets[0]["width"]
    assert cook.client.get(f"/api/assets/{done['result']}/file").content[:4] == b"\x89PNG"


def test_running_a_step_again_makes_later_steps_out_of_date(cook: Person, picture: str) -> None:
    steps = [{**step, "stop": False} for step in CHAIN]
    run = settled(cook, begun(cook, steps, inputs={"photograph": picture}), "done")
    path = f"recipe-runs/{run['id']}"
    slow = {"task": "upscale_image", "image": picture, "scale": 4, "model": "realesrgan-x4plus"}
    ahead = sent(cook, "POST", "jobs", 201, request=slow)  # the step waits for it
    again = sent(cook, "POST", f"{path}/steps/1/again", fields={"style": "style-07"}, stop=True)
    assert [step["state"] for step in again["steps"]] == ["working", "stale", "stale"]
    assert sent(cook, "POST", f"{path}/steps/2/again", 409)["code"] == "still_working"
    sent(cook, "POST", f"jobs/{ahead['id']}/cancel")
    seen = settled(cook, again, "looking")
    assert (seen["at"], seen["steps"][0]["request"]["style"]) == (1, "style-07")
    assert seen["steps"][0]["asset_id"] != run["steps"][0]["asset_id"]
    assert sent(cook, "POST", f"{path}/steps/3/again", 409)["code"] == "too_early"
    done = settled(cook, sent(cook, "POST", f"{path}/go-on"), "done")
    assert {step["state"] for step in done["steps"]} == {"done"}
    assert done["result"] != run["result"]


def test_any_picture_of_the_library_can_replace_a_result(cook: Person, picture: str, short_clip: Path) -> None:
    run = settled(cook, begun(cook, CHAIN, inputs={"photograph": picture}), "looking")
    path = f"recipe-runs/{run['id']}/steps/1/result"
    clip = brought(cook, short_clip)
    refused = sent(cook, "PUT", path, 422, asset_id=clip)
    assert "is a clip" in refused["why"]
    seen = sent(cook, "PUT", path, asset_id=picture)
    assert [step["state"] for step in seen["steps"]] == ["done", "stale", "open"]
    assert seen["state"] == "looking"
    after = settled(cook, sent(cook, "POST", f"recipe-runs/{run['id']}/go-on"), "looking")
    larger = sent(cook, "GET", f"assets/{after['steps'][1]['asset_id']}")
    assert larger["parents"] == [picture]
    finished = sent(cook, "POST", f"recipe-runs/{run['id']}/finish")
    assert (finished["state"], finished["result"]) == ("done", larger["id"])
    assert sent(cook, "GET", f"assets/{larger['id']}")["step"] is False


@pytest.mark.parametrize("recipe", ["film-look", "things", "people"])
def test_built_in_recipes_run_with_the_starter_models_only(cook: Person, picture: str, recipe: str) -> None:
    known = next(one for one in sent(cook, "GET", "recipes") if one["id"] == recipe)
    larger = next(n for n, step in enumerate(known["steps"], 1) if step["request"]["task"] == "upscale_image")
    quick = {str(larger): {"long_side": 200, "model": "realesrgan-fast"}}
    run = sent(cook, "POST", "recipe-runs", 201, recipe_id=recipe, results={"1": picture}, fields=quick)
    answers = {"prompt": "a red house by the sea", "mask": picture}
    while (run := settled(cook, run, "looking", "asking", "done"))["state"] != "done":
        asked = {name: answers[name] for step in run["steps"] for name in step["asks"]}
        run = sent(cook, "POST", f"recipe-runs/{run['id']}/go-on", **({"fields": asked} if asked else {}))
    made = sent(cook, "GET", f"assets/{run['result']}")
    assert max(made["width"], made["height"]) == 200
    assert "instead" in run["steps"][-1]["note"]


def test_a_step_without_a_model_asks_for_a_picture(cook: Person, picture: str) -> None:
    steps = [{"request": {"task": "edit_image", "image": "input:photograph", "prompt": "at night"}}, *CHAIN[:1]]
    run = settled(cook, begun(cook, steps, inputs={"photograph": picture}), "asking")
    assert run["steps"][0]["asks"] == ["result"]
    assert "Use your own picture" in run["words"]
    seen = sent(cook, "PUT", f"recipe-runs/{run['id']}/steps/1/result", asset_id=picture)
    assert seen["state"] == "looking"


def test_a_missing_input_is_requested_and_given(cook: Person, picture: str) -> None:
    run = settled(cook, begun(cook, CHAIN[:1]), "asking")
    assert run["steps"][0]["asks"] == ["image"]
    done = settled(cook, sent(cook, "POST", f"recipe-runs/{run['id']}/go-on", fields={"image": picture}), "done")
    assert done["result"]


# -- saved


def test_a_run_or_a_pictures_history_is_saved_as_a_recipe(cook: Person, picture: str) -> None:
    steps = [{**step, "stop": False} for step in CHAIN[:2]]
    run = settled(cook, begun(cook, steps, inputs={"photograph": picture}), "done")
    kept = sent(cook, "POST", "recipes", 201, name="Poster", run_id=run["id"])
    assert [step["request"] for step in kept["steps"]] == [step["request"] for step in steps]
    told = sent(cook, "POST", "recipes", 201, name="Told", asset_id=run["result"])["steps"]
    assert [step["request"]["task"] for step in told] == ["stylize_image", "upscale_image"]
    assert [step["request"]["image"] for step in told] == ["input:picture", "step:1"]
    assert told[1]["models"] == ["realesrgan-fast"]
    assert sent(cook, "POST", "recipes", 422, name="None", asset_id=picture)["code"] == "no_steps"
    changed = sent(cook, "PUT", f"recipes/{kept['id']}", name="Poster 2", use="For the door.", steps=told)
    assert (changed["name"], changed["steps"]) == ("Poster 2", told)
    sent(cook, "DELETE", f"recipes/{kept['id']}", 204)
    assert kept["id"] not in [one["id"] for one in sent(cook, "GET", "recipes")]
    sent(cook, "DELETE", f"recipe-runs/{run['id']}", 204)
    assert sent(cook, "GET", f"assets/{run['result']}")["id"] == run["result"]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], "1 to 20 steps"),
        ([{"request": {**FAST, "image": "step:1"}}], "only use the result of an earlier step"),
        ([{"request": {**FAST, "image": "step:2"}}, {"request": {**FAST, "image": "step:1"}}], "earlier step"),
        ([{"request": {"task": "upscale_clip", "clip": "input:clip"}}], "a clip"),
        ([{"request": {"task": "fly"}}], "There is no task “fly”"),
        ([{"request": {**FAST, "image": "input:x", "scale": 7}}], "Step 1: Invalid value for “Enlarge by”"),
        ([{"request": {**FAST, "image": "input:x", "color": "red"}}], "no field “color”"),
        ([{"request": {**FAST, "image": "../../etc"}}], "Step 1"),
        ([{"request": STYLE}] * 21, "1 to 20 steps"),
    ],
)
def test_invalid_steps_are_refused_in_one_sentence(cook: Person, steps: Any, said: str) -> None:
    for path, more in (("recipes", {"name": "x"}), ("recipe-runs", {})):
        answer = cook.client.post(f"/api/{path}", json={"steps": steps, **more})
        assert answer.status_code == 422
        problem = answer.json()
        assert said in f"{problem['what']} {problem['why']} {problem['next']}" or not steps


# -- failures


def test_a_deleted_picture_is_reported_and_can_be_replaced(cook: Person, picture: str) -> None:
    run = settled(cook, begun(cook, CHAIN, inputs={"photograph": picture}), "looking")
    cook.client.delete(f"/api/assets/{run['steps'][1]['asset_id']}")
    failed = settled(cook, sent(cook, "POST", f"recipe-runs/{run['id']}/go-on"), "failed")
    assert "is in the bin" in failed["words"]
    assert failed["steps"][2]["problem"]["code"] == "deleted_asset"
    sent(cook, "PUT", f"recipe-runs/{run['id']}/steps/2/result", asset_id=picture)
    assert settled(cook, sent(cook, "POST", f"recipe-runs/{run['id']}/go-on"), "done")["result"]


def test_a_model_removed_while_waiting_is_reported(cook: Person, picture: str, house: House) -> None:
    gone = ({"request": {**FAST, "image": "input:photograph", "model": "swin2sr"}},)
    failed = settled(cook, begun(cook, gone, inputs={"photograph": picture}), "failed")
    assert "Swin2SR" in failed["words"]
    fixed = sent(cook, "POST", f"recipe-runs/{failed['id']}/go-on", fields={"model": "realesrgan-fast"})
    assert settled(cook, fixed, "done")


def test_a_stopped_run_keeps_its_results_and_can_continue(cook: Person, picture: str) -> None:
    slow = {"task": "upscale_image", "image": "step:1", "scale": 4, "model": "realesrgan-x4plus"}
    steps = ({"request": STYLE, "stop": False}, {"request": {**slow, "long_side": 8192}})
    run = begun(cook, steps, inputs={"photograph": picture})
    until(lambda: sent(cook, "GET", f"recipe-runs/{run['id']}")["steps"][1]["job_id"], 60)
    stopped = sent(cook, "POST", f"recipe-runs/{run['id']}/stop")
    assert stopped["state"] == "stopped"
    job = until(
        lambda: seen if (seen := sent(cook, "GET", f"jobs/{stopped['steps'][1]['job_id']}"))["finished_at"] else None,
        60,
    )
    assert job["state"] == "cancelled"
    seen = sent(cook, "GET", f"recipe-runs/{run['id']}")
    assert (seen["state"], [step["state"] for step in seen["steps"]]) == ("stopped", ["done", "open"])
    onward = sent(cook, "POST", f"recipe-runs/{run['id']}/go-on", fields={"long_side": 200, "model": "realesrgan-fast"})
    assert settled(cook, onward, "done")["result"]


def test_a_run_interrupted_by_a_crash_continues_at_the_next_start(cook: Person, picture: str, house: House) -> None:
    run = settled(cook, begun(cook, CHAIN, inputs={"photograph": picture}), "looking")
    with house.studio.database.session() as session:  # the result was stored, but the next step was not submitted
        session.execute(update(Run).where(Run.id == run["id"]).values(state="going"))
        session.execute(update(RunStep).where(RunStep.run_id == run["id"], RunStep.number == 2).values(looked=True))
    house.studio.recipes._due.set()  # as at the start
    assert settled(cook, run, "done")["result"]


# -- ownership


def test_recipes_and_runs_of_others_are_not_found(cook: Person, other: Person, picture: str) -> None:
    run = settled(cook, begun(cook, CHAIN, inputs={"photograph": picture}), "looking")
    kept = sent(cook, "POST", "recipes", 201, name="Mine", run_id=run["id"])
    assert kept["id"] not in [one["id"] for one in sent(other, "GET", "recipes")]
    assert sent(other, "GET", "recipe-runs") == []
    mine = f"recipe-runs/{run['id']}"
    for method, path, body in (
        ("GET", f"recipes/{kept['id']}", {}),
        ("PUT", f"recipes/{kept['id']}", {"name": "x", "steps": list(CHAIN)}),
        ("DELETE", f"recipes/{kept['id']}", {}),
        ("POST", "recipe-runs", {"recipe_id": kept["id"]}),
        ("POST", "recipes", {"name": "x", "run_id": run["id"]}),
        ("POST", "recipes", {"name": "x", "asset_id": run["steps"][1]["asset_id"]}),
        ("POST", "recipe-runs", {"recipe_id": "film-look", "results": {"1": picture}}),
        ("POST", "recipe-runs", {"recipe_id": "film-look", "inputs": {"x": picture}}),
        ("GET", mine, {}),
        ("DELETE", mine, {}),
        ("POST", f"{mine}/go-on", {}),
        ("POST", f"{mine}/stop", {}),
        ("POST", f"{mine}/finish", {}),
        ("POST", f"{mine}/steps/1/again", {}),
        ("PUT", f"{mine}/steps/1/result", {"asset_id": brought(other, Path("assets/samples/portrait.jpg"))}),
    ):
        assert sent(other, method, path, 404, **body)["code"] == "not_found", (method, path)
    stolen = begun(other, [{"request": {**FAST, "image": picture}}])
    assert settled(other, stolen, "failed")["steps"][0]["problem"]["code"] == "not_found"
    assert sent(cook, "GET", mine)["state"] == "looking"
