"""The catalog: shipped and user entries, what is installed, and what fits."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from engines.catalog import Catalog, Entry, read, shipped
from engines.requests import REQUESTS, AssetFacts, CreateImage, UpscaleImage, parse
from engines.starter.sharded import sharded_models
from errors import StudioError

PHOTO = AssetFacts(kind="image", mime="image/png", bytes=1, width=640, height=480)
VOICE = AssetFacts(kind="sound", mime="audio/wav", bytes=1, seconds=4)
CLIP = AssetFacts(kind="clip", mime="video/mp4", bytes=1, width=640, height=480, seconds=1, fps=24, frames=24)
ID, OTHER = "a" * 32, "b" * 32
ALL = shipped.entries()


@pytest.fixture(autouse=True)
def one_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use one shipped entry, so that these tests do not depend on the real ones."""
    one = shipped.entry("stable-diffusion-1.5")
    monkeypatch.setattr(shipped, "entries", lambda: (one,))


def entry(id: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "name": id.title(),
        "use": "Tests.",
        "tasks": ["create_image"],
        "runtime": "onnx",
        "pipeline": "none",
        "parts": {},
        "license": {"name": "none", "commercial": True},
        "verified": "starter",
        **more,
    }


def catalog(folder: Path, *entries: dict[str, Any]) -> Catalog:
    own = folder / "own"
    own.mkdir(exist_ok=True)
    for number, data in enumerate(entries):
        (own / f"{number}.yaml").write_text(yaml.safe_dump(data))
    return Catalog(folder / "starter", own)


def refused(code: str, status: int = 422) -> Any:
    class Refused:
        def __enter__(self) -> None:
            self.context = pytest.raises(StudioError)
            self.info = self.context.__enter__()

        def __exit__(self, *error: Any) -> bool:
            caught = bool(self.context.__exit__(*error))
            assert (self.info.value.problem.code, self.info.value.status) == (code, status)
            assert self.info.value.problem.what
            return caught

    return Refused()


@pytest.mark.parametrize("path", shipped.entry_files(), ids=lambda path: path.stem)
def test_every_shipped_entry_is_complete(path: Path) -> None:
    entry = read(path)
    assert entry.id == path.stem
    assert entry.name
    assert entry.use.endswith(".")
    assert entry.license.name
    assert set(entry.tasks) <= set(REQUESTS)
    in_pack = all(part.repo.startswith(("starter:", "assets:")) for part in entry.parts.values())
    on_request = any(part.repo == f"starter:{name}" for part in entry.parts.values() for name in sharded_models())
    assert entry.starter == (in_pack and not on_request)
    fields = {name for task in entry.tasks for name in REQUESTS[task].model_fields}
    if {"animate_image", "edit_clip"} & {*entry.tasks}:
        fields |= {"width", "height"}  # of the clip, which gets the shape of what is given
    assert {*entry.choices, *entry.bounds, *entry.defaults} <= fields
    for choices in entry.choices.values():
        assert all(choice.label for choice in choices)


@pytest.mark.parametrize("path", shipped.entry_files(), ids=lambda path: path.stem)
def test_every_shipped_entry_accepts_its_own_defaults(path: Path, tmp_path: Path) -> None:
    model = read(path)
    wanted = {
        "create_image": {"prompt": "x"},
        "change_image": {"prompt": "x", "image": ID},
        "edit_image": {"prompt": "x", "image": ID},
        "fill_image": {"prompt": "x", "image": ID, "mask": ID},
        "extend_image": {"prompt": "x", "image": ID, "left": 64},
        "speak": {"text": "x"},
        "check_speech": {"sound": ID, "sentences": ["x"]},
        "write": {"messages": [{"role": "user", "text": "x"}]},
        "fetch_model": {"entry": "stable-diffusion-1.5"},
        "fetch_lora": {"repo": "somebody/look"},
        "create_clip": {"prompt": "x"},
        "animate_image": {"prompt": "x", "image": ID},
        "continue_clip": {"prompt": "x", "clip": ID},
        "restyle_clip": {"prompt": "x", "clip": ID},
        "edit_clip": {"prompt": "x", "clip": ID},
        "fill_clip": {"prompt": "x", "clip": ID, "mask": OTHER},
        "extend_clip": {"prompt": "x", "clip": ID},
        "upscale_clip": {"clip": ID},
        "interpolate_clip": {"clip": ID},
        "cut_clip": {"clip": ID},
        "join_clips": {"clips": [ID, ID]},
        "grade_clip": {"clip": ID},
        "add_sound": {"clip": ID, "sound": OTHER},
        "deliver_clip": {"clip": ID, "motion": "smooth" if model.id == "ffmpeg-rife" else "repeat"},
    }
    if model.needs_references:
        wanted["create_image"] = {"prompt": "x", "references": [ID]}
    own = catalog(tmp_path, {**model.model_dump(mode="json"), "parts": {}})
    for task in model.tasks:
        clips = "clip" in task or task == "add_sound"
        other = PHOTO if task == "fill_clip" else VOICE
        facts = {ID: CLIP if clips else VOICE if "speech" in task else PHOTO, OTHER: other}
        ready = own.prepare(parse({"task": task, "model": model.id, **wanted.get(task, {"image": ID})}), facts)
        assert ready.model == model.id


def test_every_field_of_an_entry_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "engine.md").read_text()
    for name in Entry.model_fields:
        assert f"`{name}`" in text, name


def test_a_broken_entry_is_skipped_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "a.yaml").write_text("id: [")
    (own / "b.yaml").write_text("just a word")
    (own / "c.yaml").write_text(yaml.safe_dump({**entry("c"), "surprise": 1}))
    (own / "d.yaml").write_bytes(b"\xff\xfe\x00")
    (own / "e.yaml").write_text("!!python/object/apply:os.system ['touch /tmp/never']")
    (own / "f.yaml").symlink_to("nowhere")
    (own / "good.yaml").write_text(yaml.safe_dump(entry("good")))
    found = Catalog(tmp_path, own)
    assert "good" in found.entries
    assert set(found.entries) == {"good", "stable-diffusion-1.5"}
    for name in "abcdef":
        assert f"{name}.yaml" in caplog.text


def test_a_users_entry_replaces_a_shipped_one(tmp_path: Path) -> None:
    own = catalog(tmp_path, entry("stable-diffusion-1.5", name="Mine"))
    assert own.get("stable-diffusion-1.5").name == "Mine"


def test_an_unknown_model_is_rejected(tmp_path: Path) -> None:
    with refused("unknown_model"):
        catalog(tmp_path).get("nobody")


# -- installed models


def part(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("{}")
    return folder


def test_a_starter_file_is_installed_once_it_exists(tmp_path: Path) -> None:
    found = catalog(tmp_path, entry("s", parts={"net": {"repo": "starter:thing", "file": "net.onnx"}}))
    assert not found.installed(found.get("s"))
    with refused("missing_model"):
        found.path(found.get("s"), "net")
    part(tmp_path / "starter" / "thing", "net.onnx")
    assert found.installed(found.get("s"))
    assert found.path(found.get("s"), "net") == tmp_path / "starter" / "thing" / "net.onnx"


@pytest.mark.parametrize(
    ("names", "complete"),
    [
        (["config.json", "model.safetensors"], True),
        (["config.json"], False),
        (["config.json", "pytorch_model.bin"], False),
        (["tokenizer_config.json", "vocab.json"], True),
        ([], False),
    ],
)
def test_a_folder_is_installed_when_its_weights_exist(tmp_path: Path, names: list[str], complete: bool) -> None:
    part(tmp_path / "model" / "unet", *names)
    found = catalog(tmp_path, entry("f", parts={"unet": {"repo": str(tmp_path / "model"), "subfolder": "unet"}}))
    assert found.installed(found.get("f")) == complete


def test_a_missing_shard_or_a_broken_link_is_incomplete(tmp_path: Path) -> None:
    folder = part(tmp_path / "model", "config.json", "m-1.safetensors")
    (folder / "m.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}})
    )
    found = catalog(tmp_path, entry("f", parts={"all": {"repo": str(folder)}}))
    assert not found.installed(found.get("f"))
    (folder / "m-2.safetensors").symlink_to(tmp_path / "nowhere")
    assert not found.installed(found.get("f"))
    (tmp_path / "nowhere").write_text("")
    assert found.installed(found.get("f"))


def test_the_hub_cache_is_used_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "models--some--model"
    commit = "c0ffee" + "0" * 34
    part(repository / "snapshots" / commit / "unet", "config.json", "a.safetensors")
    found = catalog(tmp_path, entry("h", parts={"unet": {"repo": "some/model", "subfolder": "unet"}}))
    assert not found.installed(found.get("h"))
    part(repository / "refs")
    (repository / "refs" / "main").write_text(f"{commit}\n")
    assert found.installed(found.get("h"))
    pinned = {"repo": "some/model", "subfolder": "unet", "revision": commit}
    found = catalog(tmp_path, entry("h", parts={"unet": pinned}))
    assert found.path(found.get("h"), "unet") == repository / "snapshots" / commit / "unet"


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    found = catalog(tmp_path)
    with pytest.raises(StudioError) as error:
        found.prepare(CreateImage(prompt="x", model="stable-diffusion-1.5"), {})
    assert "Models page" in error.value.problem.next


def test_empty_fields_take_the_models_defaults(tmp_path: Path) -> None:
    found = catalog(tmp_path, entry("w", defaults={"negative_prompt": "grey, blurred"}))
    nothing = CreateImage(prompt="x", model="w")
    for asked, taken in ((nothing, "grey, blurred"), (nothing.model_copy(update={"negative_prompt": "y"}), "y")):
        ready = found.prepare(
            CreateImage.model_validate(asked.model_dump()), {}
        )  # with every field set, as a form does
        assert isinstance(ready, CreateImage)
        assert ready.negative_prompt == taken


# -- choosing a model


def test_the_best_installed_model_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "entries", tuple)
    found = catalog(
        tmp_path,
        entry("absent", verified="weights", parts={"x": {"repo": "starter:none", "file": "x"}}),
        entry("likely", verified="import"),
        entry("sure"),
    )
    assert [entry.id for entry in found.for_task("create_image")] == ["sure", "likely", "absent"]
    assert found.prepare(CreateImage(prompt="x"), {}).model == "sure"


def test_a_noncommercial_model_is_never_chosen_automatically(tmp_path: Path) -> None:
    private = entry(
        "private", license={"name": "NC", "commercial": False}, commercial_alternative="open", best_for=["create_image"]
    )
    found = catalog(tmp_path, private)
    with pytest.raises(StudioError, match="may not be used for client work") as refused:
        found.prepare(CreateImage(prompt="x"), {})
    assert "open" in refused.value.problem.next
    assert found.prepare(CreateImage(prompt="x", model="private"), {}).model == "private"
    both = catalog(tmp_path, private, entry("sketch", sketch=True))
    assert both.prepare(CreateImage(prompt="x"), {}).model == "sketch"


@pytest.mark.parametrize(("sides", "code"), [({}, "no_sides"), ({"left": 4096, "top": 4096}, "too_large")])
def test_a_picture_is_extended_on_a_side_and_within_limits(tmp_path: Path, sides: dict[str, int], code: str) -> None:
    found = catalog(tmp_path, entry("m", tasks=["extend_image"]))
    large = PHOTO.model_copy(update={"width": 9000, "height": 9000})
    with refused(code):
        found.prepare(parse({"task": "extend_image", "prompt": "x", "image": ID, **sides}), {ID: large})


def test_a_picture_too_large_for_the_model_is_rejected(tmp_path: Path) -> None:
    found = catalog(tmp_path, entry("m", most_pixels=1_600_000))
    assert found.prepare(CreateImage(prompt="x", width=1600, height=1000), {})
    with refused("too_large"):
        found.prepare(CreateImage(prompt="x", width=1608, height=1000), {})


def test_shipped_noncommercial_models_name_a_commercial_one() -> None:
    known = {one.id: one for one in ALL}
    for one in ALL:
        assert one.license.commercial or known[one.commercial_alternative].license.commercial, one.id


def test_a_sketch_model_comes_after_every_other_installed_one(tmp_path: Path) -> None:
    part(tmp_path / "starter" / "a", "net")
    here: dict[str, Any] = {"parts": {"net": {"repo": "starter:a", "file": "net"}}, "tasks": ["write"]}
    away = {"parts": {"net": {"repo": "starter:b", "file": "net"}}, "tasks": ["write"]}
    sketching = entry("a", **here, sketch=True, best_for=["write"], verified="starter")
    found = catalog(tmp_path, sketching, entry("b", **here, verified="import"), entry("c", **away))
    assert [known.id for known in found.for_task("write") if known.id in "abc"] == ["b", "a", "c"]


def test_on_a_gpu_the_model_made_for_it_comes_first(tmp_path: Path) -> None:
    part(tmp_path / "starter" / "a", "net")
    here: dict[str, Any] = {"parts": {"net": {"repo": "starter:a", "file": "net"}}, "tasks": ["upscale_image"]}
    slow = entry("slow", **here, best_for=["upscale_image"])
    found = catalog(tmp_path, slow, entry("quick", **here, runtime="torch", best_on_card=["upscale_image"]))
    mine = ("slow", "quick")
    assert [known.id for known in found.for_task("upscale_image") if known.id in mine] == ["slow", "quick"]
    found.on_card = True
    assert [known.id for known in found.for_task("upscale_image") if known.id in mine] == ["quick", "slow"]


def test_a_hidden_model_appears_once_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "entries", tuple)
    hidden = entry("h", hidden=True, parts={"net": {"repo": "starter:h", "file": "net"}})
    found = catalog(tmp_path, hidden)
    assert found.for_task("create_image") == []
    with refused("no_model"):
        found.prepare(CreateImage(prompt="x"), {})
    part(tmp_path / "starter" / "h", "net")
    assert [entry.id for entry in found.for_task("create_image")] == ["h"]


def test_a_model_for_another_task_is_rejected(tmp_path: Path) -> None:
    with refused("wrong_model"):
        catalog(tmp_path, entry("m")).prepare(UpscaleImage(image=ID, model="m"), {ID: PHOTO})


# -- validation


def test_a_missing_seed_is_random_and_a_given_one_is_kept(tmp_path: Path) -> None:
    found = catalog(tmp_path, entry("m"))
    drawn = {found.prepare(CreateImage(prompt="x"), {}).seed for _ in range(5)}  # type: ignore[attr-defined]
    assert None not in drawn
    assert len(drawn) > 1
    assert found.prepare(CreateImage(prompt="x", seed=0), {}).seed == 0  # type: ignore[attr-defined]


def test_preparing_twice_changes_nothing(tmp_path: Path) -> None:
    found = catalog(tmp_path, entry("m", defaults={"steps": 5}))
    once = found.prepare(CreateImage(prompt="x"), {})
    assert once.steps == 5  # type: ignore[attr-defined]
    assert found.prepare(once, {}) == once
    assert found.prepare(CreateImage(prompt="x", steps=9), {}).steps == 9  # type: ignore[attr-defined]


def test_invalid_defaults_of_a_users_entry_are_rejected(tmp_path: Path) -> None:
    with refused("bad_value"):
        catalog(tmp_path, entry("m", defaults={"steps": "many"})).prepare(CreateImage(prompt="x"), {})


@pytest.mark.parametrize(("value", "fits"), [(1, True), (5, True), (9, True), (13, False), (4, False)])
def test_bounds_count_in_steps_from_the_lowest_value(tmp_path: Path, value: int, fits: bool) -> None:
    found = catalog(tmp_path, entry("m", bounds={"steps": (1, 9, 4)}))
    request = CreateImage(prompt="x", steps=value)
    if fits:
        found.prepare(request, {})
    else:
        with refused("bad_value"):
            found.prepare(request, {})


def test_choices_come_from_the_models(tmp_path: Path) -> None:
    choices = [{"value": "clara", "label": "Clara"}, {"value": "ben", "label": "Ben"}]
    more = [{"value": "ben", "label": "Ben"}, {"value": "zoe", "label": "Zoe"}]
    found = catalog(
        tmp_path,
        entry("a", tasks=["speak"], choices={"voice": choices}),
        entry("b", tasks=["speak"], choices={"voice": more}),
    )
    assert [choice.value for choice in found.field_choices("speak", "voice")] == ["clara", "ben", "zoe"]
    found.prepare(parse({"task": "speak", "text": "x", "voice": "zoe", "model": "b"}), {})
    with refused("bad_value"):
        found.prepare(parse({"task": "speak", "text": "x", "voice": "zoe", "model": "a"}), {})


def test_inputs_must_exist_and_have_the_right_kind(tmp_path: Path) -> None:
    found = catalog(tmp_path, entry("m", tasks=["upscale_image"]))
    request = UpscaleImage(image=ID)
    assert found.prepare(request, {ID: PHOTO}).model == "m"
    with refused("not_found", 404):
        found.prepare(request, {})
    with refused("wrong_kind"):
        found.prepare(request, {ID: CLIP})


def test_a_result_that_would_be_too_large_is_rejected(tmp_path: Path) -> None:
    found = catalog(tmp_path, entry("m", tasks=["upscale_image"]))
    large = PHOTO.model_copy(update={"width": 9000, "height": 6000})
    with refused("too_large"):
        found.prepare(UpscaleImage(image=ID, scale=4), {ID: large})
