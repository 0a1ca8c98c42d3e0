"""@names in a prompt: by a LoRA of the model's family, by pictures, or by words; and what is no name."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auth.principal import Principal
from engines.requests import (
    AnimateImage,
    ChangeImage,
    CreateClip,
    CreateImage,
    Drawing,
    EditImage,
    ExtendImage,
    FillImage,
)
from engines.requests.drawing import LoraUse, Mention
from engines.requests.mentions import key, known, named
from errors import StudioError
from jobs.casting import lines, settle
from library.cast.views import CastLoraView, CastPictureView, CastView, NewMember
from tests.jobs.scene import Scene

A, B, C, D, L = (letter * 32 for letter in "abcdf")


def member(name: str, kind: str = "character", pictures: tuple[str, ...] = (), **more: Any) -> CastView:
    known: dict[str, Any] = {"id": name, "mine": True, "owner": "Ann", "created_at": 1, "updated_at": 1}
    shown = tuple(CastPictureView(asset=id, title="x", has_thumb=True) for id in pictures)
    return CastView.model_validate({**known, "name": name, "kind": kind, "pictures": shown, **more})


def lora(family: str, trigger: str = "") -> CastLoraView:
    return CastLoraView(asset=L, title="x", family=family, weight=0.8, trigger=trigger)


@pytest.fixture
def model(scene: Scene) -> Callable[..., Any]:
    """A catalog entry of a kind."""
    return lambda **fields: scene.catalog.get("toy-draw").model_copy(update=fields)


@pytest.fixture
def settled(scene: Scene) -> Callable[..., Drawing]:
    """A request with what stands for the names in its prompt."""

    def settled(request: Drawing, entry: Any, *cast: CastView) -> Drawing:
        return request.model_copy(update={"mentions": settle(request, entry, cast, scene.catalog)})

    return settled


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@Mara runs", ["Mara"]),
        ("(@Mara), @Jon's hat, @mara.", ["Mara", "Jon", "mara"]),
        ("write to mara@Jon.de or ann+x@Mara", []),
        ("a clip @ 24 fps, @24fps, @, @@Mara", []),
        ("see https://x.org/@Mara", []),
        ("在@小明家里", ["小明家里"]),
        ("@मारा और @Zoë-2", ["मारा", "Zoë-2"]),
        ("@Mara- @-Jon @Mara_2", ["Mara", "Mara_2"]),
    ],
)
def test_what_is_a_name(text: str, names: list[str]) -> None:
    assert [at.name for at in named(text)] == names
    assert all(text[at.start : at.end] == f"@{at.name}" for at in named(text))


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("@Maraike", "Maraike"),
        ("@Mara", "Mara"),
        ("@MARA", "MARA"),
        ("@Mara-style", "Mara"),
        ("@Maraikes", None),
        ("@小明家里", "小明"),
        ("@小明明家", "小明明"),
        ("@Zoe\u0308", "Zoe\u0308"),
    ],
)
def test_the_longest_name_is_meant(text: str, who: str | None) -> None:
    names = {key(name): name for name in ("Mara", "Maraike", "小明", "小明明", "Zoë")}
    (at,) = named(text)
    found = known(at, names)
    assert (found.name if found else None) == who


def test_words_stand_for_names_and_are_not_read_again() -> None:
    told = (
        Mention(name="Mara", how="words", words="a friend of @Jon"),
        Mention(name="Jon", how="words", words="a tall man"),
        Mention(name="Ann", how="words"),
    )
    asked = CreateImage(prompt="@Jon, @mara and @Ann at x@Jon, @Jonas", mentions=told)
    assert asked.spoken == "a tall man, a friend of @Jon and Ann at x@Jon, @Jonas"


@given(st.text(max_size=80))
def test_a_prompt_without_a_cast_stays_as_it_is(text: str) -> None:
    assert CreateImage.model_construct(prompt=text, mentions=()).spoken == text


def test_a_lora_of_the_models_family_goes_first(model: Callable[..., Any], settled: Callable[..., Drawing]) -> None:
    mara = member("Mara", pictures=(A,), look="a woman of 30, with red hair", loras=(lora("sdxl", "mrawmn"),))
    asked = CreateImage(prompt="@Mara in a café")
    with_lora = settled(asked, model(lora_family="sdxl", references=4), mara)
    assert with_lora.spoken == "mrawmn, a woman of 30 in a café"
    assert with_lora.every_lora == (LoraUse(asset=L, weight=0.8),)
    assert with_lora.mentions[0].references == ()
    assert lines(with_lora, "SDXL") == ("@Mara: by the LoRA for SDXL.",)
    twice = settled(CreateImage(prompt="@Mara", loras=(LoraUse(asset=L),)), model(lora_family="sdxl"), mara)
    assert twice.every_lora == (LoraUse(asset=L),)


def test_pictures_where_the_model_takes_some(model: Callable[..., Any], settled: Callable[..., Drawing]) -> None:
    mara, kettle = member("Mara", pictures=(A, B)), member("Kettle", "product", (C,), look="a kettle")
    asked = CreateImage(prompt="@Mara holds @Kettle", references=(D,))
    by_pictures = settled(asked, model(references=4), mara, kettle)
    assert by_pictures.spoken == "the person in pictures 2 and 3 holds the product in picture 4"
    assert lines(by_pictures, "x") == ("@Mara: by 2 pictures.", "@Kettle: by 1 picture.")
    fewer = settled(asked, model(references=3), mara, kettle)
    assert [one.references for one in fewer.mentions] == [(A,), (C,)], "each has one before anybody has two"
    one = settled(asked, model(references=2), mara, kettle)
    assert one.spoken == "the person in picture 2 holds a kettle"
    assert [told.how for told in settled(asked, model(references=1), mara, kettle).mentions] == ["words", "words"]


def test_the_picture_that_is_edited_is_the_first(model: Callable[..., Any], settled: Callable[..., Drawing]) -> None:
    noir = member("Noir", "style", (A,))
    asked = EditImage(prompt="draw it in @Noir", image=B)
    assert settled(asked, model(references=3), noir).spoken == "draw it in the style of picture 2"
    assert settled(asked, model(references=1), noir).spoken == "draw it in Noir"
    own = EditImage(prompt="the colours of @Noir", image=B, references=(C, A))
    assert settled(own, model(references=3), noir).spoken == "the colours of the style of picture 3"


@pytest.mark.parametrize(
    ("pipeline", "tasks"),
    [
        ("diffusers:StableDiffusionXLPipeline", {"create_image", "change_image", "fill_image", "extend_image"}),
        ("diffusers:Flux2KleinPipeline", {"create_image", "edit_image", "fill_image", "extend_image"}),
        ("diffusers:Flux2Pipeline", {"create_image", "edit_image"}),
        ("diffusers:QwenImageEditPlusPipeline", {"create_image", "edit_image"}),
    ],
)
def test_pictures_stand_for_a_name_where_the_models_class_takes_them(
    model: Callable[..., Any], settled: Callable[..., Drawing], pipeline: str, tasks: set[str]
) -> None:
    mara = member("Mara", pictures=(A, B), look="a woman")
    given: dict[str, Any] = {"image": C, "mask": D, "left": 64}
    entry = model(references=4, pipeline=pipeline)
    for kind in (CreateImage, ChangeImage, EditImage, FillImage, ExtendImage, CreateClip, AnimateImage):
        known = {name: value for name, value in given.items() if name in kind.model_fields}
        asked = settled(kind(prompt="@Mara", **known), entry, mara)
        picture = "pictures 1 and 2" if kind is CreateImage else "pictures 2 and 3"
        assert asked.spoken == (f"the person in {picture}" if asked.task in tasks else "a woman")


def test_words_alone_for_a_model_that_takes_nothing(model: Callable[..., Any], settled: Callable[..., Drawing]) -> None:
    mara = member("Mara", pictures=(A,), look="a woman with red hair", loras=(lora("flux"),))
    asked = settled(CreateImage(prompt="@Mara and @Jon"), model(lora_family="sd15"), mara)
    assert (asked.spoken, asked.asset_ids()) == ("a woman with red hair and @Jon", ())
    assert lines(asked, "x") == ("@Mara: by words.", "Nobody in the cast is called @Jon.")


def test_of_two_with_one_name_ones_own_is_meant(model: Callable[..., Any], settled: Callable[..., Drawing]) -> None:
    theirs, mine = member("Mara", look="theirs", mine=False), member("Mara", look="mine", id="2", created_at=9)
    assert settled(CreateImage(prompt="@Mara"), model(), theirs, mine).spoken == "mine"


def test_no_more_than_a_request_names(model: Callable[..., Any], settled: Callable[..., Drawing]) -> None:
    many = [member(f"M{number}") for number in range(10)]
    asked = CreateImage(prompt=" ".join(f"@{one.name}" for one in many))
    told = lines(settled(asked, model(), *many), "x")
    assert len([line for line in told if line.endswith("by words.")]) == 8
    assert told[-1] == "@M9 stays a plain word: a prompt names up to 8 of the cast."


def test_what_looks_through_another_model_reads_the_look_too(
    scene: Scene, model: Callable[..., Any], settled: Callable[..., Drawing]
) -> None:
    mara, asked = member("Mara", pictures=(A,), look="a woman"), CreateImage(prompt="@Mara runs")
    entry = model(lora_family="toy", references=1)
    adapter = yaml.safe_load((scene.data.catalog / "toy-draw.yaml").read_text())
    adapter |= {"id": "toy-eyes", "tasks": [], "helps": "toy", "role": "ip_adapter"}
    path = scene.data.catalog / "toy-eyes.yaml"
    path.write_text(yaml.safe_dump({**adapter, "parts": {"weights": {"repo": "starter:", "file": "none.bin"}}}))
    scene.catalog.reload()
    assert settled(asked, entry, mara).mentions[0].how == "words", "the model that looks for it is not here"
    path.write_text(yaml.safe_dump(adapter))
    scene.catalog.reload()
    seen = settled(asked, entry, mara)
    assert (seen.spoken, seen.mentions[0].references) == ("a woman runs", (A,))


# -- in the queue


def put(scene: Scene, who: Principal, **fields: Any) -> str:
    picture = scene.picture(who).id
    scene.library.cast.create(who, NewMember(name="Mara", look="a woman with red hair", pictures=(picture,), **fields))
    return picture


def can_see(scene: Scene, **more: Any) -> None:
    """Let the model that draws go by two pictures."""
    path = scene.data.catalog / "toy-draw.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "references": 2, **more}))
    scene.catalog.reload()


def test_a_job_carries_who_was_meant(scene: Scene, mum: Principal) -> None:
    picture = put(scene, mum)
    by_words = scene.draw(mum, "@Mara runs")
    assert by_words.cast == ("@Mara: by words.",)
    assert by_words.title == "@Mara runs"
    can_see(scene)
    asked = CreateImage(prompt="@Mara runs, @Jon waits", model="toy-draw")
    assert scene.jobs.estimate(mum, asked).cast == ("@Mara: by 1 picture.", "Nobody in the cast is called @Jon.")
    scene.jobs.start()
    job = scene.jobs.submit(mum, asked, client_ref="one")
    assert scene.jobs.submit(mum, asked, client_ref="one").id == job.id
    scene.device.finish(scene.device.next())
    envelope = scene.device.next()
    assert list(envelope.inputs) == [picture]
    assert envelope.request["mentions"][0]["references"] == [picture]


def test_a_model_that_needs_a_picture_finds_it_in_the_cast(scene: Scene, mum: Principal) -> None:
    put(scene, mum)
    can_see(scene, needs_references=True)
    assert scene.draw(mum, "@Mara runs").cast == ("@Mara: by 1 picture.",)
    with pytest.raises(StudioError, match="needs a picture"):
        scene.draw(mum, "@Jon runs")


def test_a_settled_request_is_taken_as_it_is_if_its_files_are_ones_own(
    scene: Scene, mum: Principal, dad: Principal
) -> None:
    put(scene, mum)
    mine, theirs = scene.picture(mum).id, scene.picture(dad).id

    def asked(picture: str) -> CreateImage:
        told = Mention(name="Mara", how="references", words="she", references=(picture,))
        return CreateImage(prompt="@Mara", model="toy-draw", mentions=(told,))

    job = scene.jobs.submit(mum, asked(mine))
    assert job.request is not None
    assert job.request["mentions"][0]["words"] == "she"
    with pytest.raises(StudioError) as refused:
        scene.jobs.submit(mum, asked(theirs))
    assert refused.value.problem.code == "not_found"
    plain = scene.jobs.submit(mum, CreateImage(prompt="@Mara", model="toy-draw", mentions=()))
    assert plain.request is not None
    assert plain.request["mentions"] == []


def test_what_stands_for_somebody_must_be_of_its_kind(scene: Scene, mum: Principal) -> None:
    told = Mention(name="Mara", how="lora", loras=(LoraUse(asset=scene.picture(mum).id),))
    with pytest.raises(StudioError) as refused:
        scene.jobs.submit(mum, CreateImage(prompt="@Mara", model="toy-draw", mentions=(told,)))
    assert refused.value.problem.code == "wrong_kind"


def test_nobody_else_is_named_by_it(scene: Scene, mum: Principal, dad: Principal) -> None:
    put(scene, mum)
    assert scene.jobs.estimate(dad, CreateImage(prompt="@Mara", model="toy-draw")).cast == (
        "Nobody in the cast is called @Mara.",
    )


def test_a_name_without_end_is_read_at_once() -> None:
    began = time.perf_counter()
    assert [known(at, {}) for at in named("@" + "e\u0301\u0323" * 2600)] == [None]
    assert time.perf_counter() - began < 0.5
