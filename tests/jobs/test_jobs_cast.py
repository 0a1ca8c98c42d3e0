"""@names in a prompt: depicted by a LoRA of the model's family, by pictures, or by the description; valid names."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auth.accounts.principal import Principal
from engines.requests import (
    AnimateImage,
    ChangeImage,
    CreateClip,
    CreateImage,
    EditImage,
    ExtendImage,
    FillImage,
    PromptRequest,
)
from engines.requests.mentions import key, known_mentions, mentioned_names
from engines.requests.prompt import LoraUse, Mention
from errors import StudioError
from jobs.admission.cast import lines, resolve_cast
from library.cast.views import CastLoraView, CastPictureView, CastView, NewMember
from tests.jobs.queue_fixtures import Scene

A, B, C, D, L = (letter * 32 for letter in "abcdf")


def member(name: str, kind: str = "character", pictures: tuple[str, ...] = (), **more: Any) -> CastView:
    known: dict[str, Any] = {"id": name, "mine": True, "owner": "Ann", "created_at": 1, "updated_at": 1}
    shown = tuple(CastPictureView(asset=id, title="x", has_thumb=True) for id in pictures)
    return CastView.model_validate({**known, "name": name, "kind": kind, "pictures": shown, **more})


def lora(family: str, trigger: str = "") -> CastLoraView:
    return CastLoraView(asset=L, title="x", family=family, weight=0.8, trigger=trigger)


@pytest.fixture
def model(scene: Scene) -> Callable[..., Any]:
    """Makes a catalog entry with the given values."""
    return lambda **fields: scene.catalog.get("toy-draw").model_copy(update=fields)


@pytest.fixture
def settled(scene: Scene) -> Callable[..., PromptRequest]:
    """Resolves the names in a request's prompt."""

    def settled(request: PromptRequest, entry: Any, *cast: CastView) -> PromptRequest:
        return request.model_copy(update={"mentions": resolve_cast(request, entry, cast, scene.catalog)})

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
    assert [at.name for at in mentioned_names(text)] == names
    assert all(text[at.start : at.end] == f"@{at.name}" for at in mentioned_names(text))


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
def test_the_longest_matching_name_wins(text: str, who: str | None) -> None:
    names = {key(name): name for name in ("Mara", "Maraike", "小明", "小明明", "Zoë")}
    (at,) = mentioned_names(text)
    found = known_mentions(at, names)
    assert (found.name if found else None) == who


def test_descriptions_replace_names_and_are_not_parsed_again() -> None:
    told = (
        Mention(name="Mara", how="words", words="a friend of @Jon"),
        Mention(name="Jon", how="words", words="a tall man"),
        Mention(name="Ann", how="words"),
    )
    asked = CreateImage(prompt="@Jon, @mara and @Ann at x@Jon, @Jonas", mentions=told)
    assert asked.resolved_prompt == "a tall man, a friend of @Jon and Ann at x@Jon, @Jonas"


@given(st.text(max_size=80))
def test_a_prompt_without_a_cast_is_unchanged(text: str) -> None:
    assert CreateImage.model_construct(prompt=text, mentions=()).resolved_prompt == text


def test_a_lora_of_the_models_family_comes_first(
    model: Callable[..., Any], settled: Callable[..., PromptRequest]
) -> None:
    mara = member("Mara", pictures=(A,), look="a woman of 30, with red hair", loras=(lora("sdxl", "mrawmn"),))
    asked = CreateImage(prompt="@Mara in a café")
    with_lora = settled(asked, model(lora_family="sdxl", references=4), mara)
    assert with_lora.resolved_prompt == "mrawmn, a woman of 30 in a café"
    assert with_lora.all_loras == (LoraUse(asset=L, weight=0.8),)
    assert with_lora.mentions[0].references == ()
    assert lines(with_lora, "SDXL") == ("@Mara: uses the LoRA for SDXL.",)
    twice = settled(CreateImage(prompt="@Mara", loras=(LoraUse(asset=L),)), model(lora_family="sdxl"), mara)
    assert twice.all_loras == (LoraUse(asset=L),)


def test_pictures_if_the_model_accepts_them(model: Callable[..., Any], settled: Callable[..., PromptRequest]) -> None:
    mara, kettle = member("Mara", pictures=(A, B)), member("Kettle", "product", (C,), look="a kettle")
    asked = CreateImage(prompt="@Mara holds @Kettle", references=(D,))
    by_pictures = settled(asked, model(references=4), mara, kettle)
    assert by_pictures.resolved_prompt == "the person in pictures 2 and 3 holds the product in picture 4"
    assert lines(by_pictures, "x") == ("@Mara: uses 2 pictures.", "@Kettle: uses 1 picture.")
    fewer = settled(asked, model(references=3), mara, kettle)
    assert [one.references for one in fewer.mentions] == [(A,), (C,)], "everyone gets one before anyone gets two"
    one = settled(asked, model(references=2), mara, kettle)
    assert one.resolved_prompt == "the person in picture 2 holds a kettle"
    assert [told.how for told in settled(asked, model(references=1), mara, kettle).mentions] == ["words", "words"]


def test_the_picture_that_is_edited_is_the_first(
    model: Callable[..., Any], settled: Callable[..., PromptRequest]
) -> None:
    noir = member("Noir", "style", (A,))
    asked = EditImage(prompt="draw it in @Noir", image=B)
    assert settled(asked, model(references=3), noir).resolved_prompt == "draw it in the style of picture 2"
    assert settled(asked, model(references=1), noir).resolved_prompt == "draw it in Noir"
    own = EditImage(prompt="the colors of @Noir", image=B, references=(C, A))
    assert settled(own, model(references=3), noir).resolved_prompt == "the colors of the style of picture 3"


@pytest.mark.parametrize(
    ("pipeline", "tasks"),
    [
        ("diffusers:StableDiffusionXLPipeline", {"create_image", "change_image", "fill_image", "extend_image"}),
        ("diffusers:Flux2KleinPipeline", {"create_image", "edit_image", "fill_image", "extend_image"}),
        ("diffusers:Flux2Pipeline", {"create_image", "edit_image"}),
        ("diffusers:QwenImageEditPlusPipeline", {"create_image", "edit_image"}),
    ],
)
def test_pictures_are_used_if_the_models_class_accepts_them(
    model: Callable[..., Any], settled: Callable[..., PromptRequest], pipeline: str, tasks: set[str]
) -> None:
    mara = member("Mara", pictures=(A, B), look="a woman")
    given: dict[str, Any] = {"image": C, "mask": D, "left": 64}
    entry = model(references=4, pipeline=pipeline)
    for kind in (CreateImage, ChangeImage, EditImage, FillImage, ExtendImage, CreateClip, AnimateImage):
        known = {name: value for name, value in given.items() if name in kind.model_fields}
        asked = settled(kind(prompt="@Mara", **known), entry, mara)
        picture = "pictures 1 and 2" if kind is CreateImage else "pictures 2 and 3"
        assert asked.resolved_prompt == (f"the person in {picture}" if asked.task in tasks else "a woman")


def test_only_the_description_for_a_model_that_accepts_neither(
    model: Callable[..., Any], settled: Callable[..., PromptRequest]
) -> None:
    mara = member("Mara", pictures=(A,), look="a woman with red hair", loras=(lora("flux"),))
    asked = settled(CreateImage(prompt="@Mara and @Jon"), model(lora_family="sd15"), mara)
    assert (asked.resolved_prompt, asked.asset_ids()) == ("a woman with red hair and @Jon", ())
    assert lines(asked, "x") == ("@Mara: uses the description.", "Nobody in the cast is called @Jon.")


def test_of_two_with_the_same_name_ones_own_is_used(
    model: Callable[..., Any], settled: Callable[..., PromptRequest]
) -> None:
    theirs, mine = member("Mara", look="theirs", mine=False), member("Mara", look="mine", id="2", created_at=9)
    assert settled(CreateImage(prompt="@Mara"), model(), theirs, mine).resolved_prompt == "mine"


def test_no_more_members_than_the_limit_of_a_request(
    model: Callable[..., Any], settled: Callable[..., PromptRequest]
) -> None:
    many = [member(f"M{number}") for number in range(10)]
    asked = CreateImage(prompt=" ".join(f"@{one.name}" for one in many))
    told = lines(settled(asked, model(), *many), "x")
    assert len([line for line in told if line.endswith("uses the description.")]) == 8
    assert told[-1] == "@M9 is treated as plain text: a prompt can name up to 8 cast members."


def test_a_model_with_an_ip_adapter_also_gets_the_look(
    scene: Scene, model: Callable[..., Any], settled: Callable[..., PromptRequest]
) -> None:
    mara, asked = member("Mara", pictures=(A,), look="a woman"), CreateImage(prompt="@Mara runs")
    entry = model(lora_family="toy", references=1)
    adapter = yaml.safe_load((scene.data.catalog / "toy-draw.yaml").read_text())
    adapter |= {"id": "toy-eyes", "tasks": [], "helps": "toy", "role": "ip_adapter"}
    path = scene.data.catalog / "toy-eyes.yaml"
    path.write_text(yaml.safe_dump({**adapter, "parts": {"weights": {"repo": "starter:", "file": "none.bin"}}}))
    scene.catalog.reload()
    assert settled(asked, entry, mara).mentions[0].how == "words", "its IP-Adapter is not installed"
    path.write_text(yaml.safe_dump(adapter))
    scene.catalog.reload()
    seen = settled(asked, entry, mara)
    assert (seen.resolved_prompt, seen.mentions[0].references) == ("a woman runs", (A,))


# -- in the queue


def put(scene: Scene, who: Principal, **fields: Any) -> str:
    picture = scene.picture(who).id
    scene.library.cast.create(who, NewMember(name="Mara", look="a woman with red hair", pictures=(picture,), **fields))
    return picture


def can_see(scene: Scene, **more: Any) -> None:
    """Let the drawing model accept two reference pictures."""
    path = scene.data.catalog / "toy-draw.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "references": 2, **more}))
    scene.catalog.reload()


def test_a_job_keeps_the_resolved_cast(scene: Scene, mum: Principal) -> None:
    picture = put(scene, mum)
    by_words = scene.draw(mum, "@Mara runs")
    assert by_words.cast == ("@Mara: uses the description.",)
    assert by_words.title == "@Mara runs"
    can_see(scene)
    asked = CreateImage(prompt="@Mara runs, @Jon waits", model="toy-draw")
    assert scene.jobs.estimate(mum, asked).cast == ("@Mara: uses 1 picture.", "Nobody in the cast is called @Jon.")
    scene.jobs.start()
    job = scene.jobs.submit(mum, asked, client_ref="one")
    assert scene.jobs.submit(mum, asked, client_ref="one").id == job.id
    scene.device.finish(scene.device.next())
    envelope = scene.device.next()
    assert list(envelope.inputs) == [picture]
    assert envelope.request["mentions"][0]["references"] == [picture]


def test_a_model_that_needs_a_picture_takes_it_from_the_cast(scene: Scene, mum: Principal) -> None:
    put(scene, mum)
    can_see(scene, needs_references=True)
    assert scene.draw(mum, "@Mara runs").cast == ("@Mara: uses 1 picture.",)
    with pytest.raises(StudioError, match="needs a reference picture"):
        scene.draw(mum, "@Jon runs")


def test_a_resolved_request_is_accepted_unchanged_if_its_files_are_ones_own(
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


def test_the_asset_of_a_mention_must_be_of_the_right_kind(scene: Scene, mum: Principal) -> None:
    told = Mention(name="Mara", how="lora", loras=(LoraUse(asset=scene.picture(mum).id),))
    with pytest.raises(StudioError) as refused:
        scene.jobs.submit(mum, CreateImage(prompt="@Mara", model="toy-draw", mentions=(told,)))
    assert refused.value.problem.code == "wrong_kind"


def test_only_the_owner_can_name_a_private_member(scene: Scene, mum: Principal, dad: Principal) -> None:
    put(scene, mum)
    assert scene.jobs.estimate(dad, CreateImage(prompt="@Mara", model="toy-draw")).cast == (
        "Nobody in the cast is called @Mara.",
    )


def test_a_very_long_name_is_parsed_quickly() -> None:
    began = time.perf_counter()
    assert [known_mentions(at, {}) for at in mentioned_names("@" + "e\u0301\u0323" * 2600)] == [None]
    assert time.perf_counter() - began < 0.5
