"""The automatic choice of a model: by its strengths, never with weights that client work may not use."""

from typing import Any

import pytest
import yaml

from auth.accounts.principal import Principal
from engines.catalog import Entry, shipped
from engines.requests import CreateImage, LoraUse
from errors import StudioError
from jobs.admission.model_choice import Needs, caution, choose, left_out, topics
from library.cast.views import CastLoraUse, CastLoraView, CastPictureView, CastView, NewMember
from library.views import AssetView, NewAsset
from tests.jobs.queue_fixtures import Scene

PLAIN = shipped.entry("stable-diffusion-1.5")


def model(name: str, *strengths: str, commercial: bool = True, **more: Any) -> Entry:
    license = PLAIN.license.model_copy(update={"commercial": commercial, "name": f"{name}'s own"})
    return PLAIN.model_copy(update={"id": name, "name": name, "strengths": strengths, "license": license, **more})


KLEIN, PORTRAITS = model("Klein", "things", references=4), model("Z-Image", "people", references=0, controls=())
POSTERS = model("Qwen", "text", references=0, controls=())
DEV = model("Dev", "things", "people", "text", commercial=False, commercial_alternative="Klein", references=10)
SKETCH = model("Storybook", "people", sketch=True, references=0, controls=())


@pytest.mark.parametrize(
    ("prompt", "first"),
    [
        ("a woman waiting at the harbour", "people"),
        ("a quiet harbor at night", "places"),
        ("a perfume bottle on marble", "things"),
        ("a café with a sign that says “OPEN”", "text"),
        ("a misty valley", None),
        ("", None),
        ("a mountain lake with a boat on it", "places"),
        ("THE BRIDE, laughing", "people"),
    ],
)
def test_the_subject_of_a_prompt_is_recognized(prompt: str, first: str | None) -> None:
    assert (topics(prompt) or [None])[0] == first


def test_the_choice_has_a_reason() -> None:
    installed = [KLEIN, PORTRAITS, POSTERS]
    assert choose("a woman at the harbour", installed).why == "people → Z-Image"
    assert choose("a watch on a table", installed).why == "things → Klein"
    assert choose("a poster that says “SALE”", installed).entry is POSTERS
    assert choose("fog", installed) == (KLEIN, "Klein")
    assert choose("a woman", [PORTRAITS]).why == "", "a single model needs no reason"


def test_non_commercial_weights_are_never_chosen_automatically() -> None:
    assert choose("a woman with a perfume bottle", [DEV, KLEIN]).entry is KLEIN
    with pytest.raises(StudioError, match="No installed model for this may be used for client work") as told:
        choose("a woman", [DEV])
    assert "Dev" in told.value.problem.why
    assert caution(DEV, "Klein") == "Dev may not be used for client work (Dev's own). Klein may."
    assert caution(KLEIN, "") == ""


def bounded() -> Entry:
    """A model whose license excludes the EU, the best for people."""
    free = model("Hunyuan", "people", lora_family="hidream")
    return free.model_copy(update={"license": free.license.model_copy(update={"territory": ("EU",)})})


def test_a_model_is_not_chosen_where_its_license_may_not_be_valid() -> None:
    tencent = bounded()
    assert choose("a woman", [tencent, KLEIN], country="US").entry is tencent
    assert choose("a woman", [tencent, KLEIN], country="DE").entry is KLEIN
    assert choose("a woman", [tencent, KLEIN]).entry is KLEIN
    reason = "Auto leaves out Hunyuan: its license (Hunyuan's own) is not valid in the EU."
    assert left_out([tencent, KLEIN], "DE") == reason
    assert left_out([tencent], "") == f"{reason} The owner can set the studio's country (C41_COUNTRY)."
    assert left_out([tencent, KLEIN], "US") == caution(tencent, "", "US") == ""
    assert caution(tencent, "") == (
        "Hunyuan may not be used everywhere: its license (Hunyuan's own) is not valid in the EU."
    )
    with pytest.raises(StudioError, match="cannot choose an installed model") as told:
        choose("a woman", [tencent, DEV], country="DE")
    assert told.value.problem.why == f"Dev may not be used for client work. {reason}"
    with pytest.raises(StudioError) as told:
        choose("a woman", [KLEIN, tencent], Needs(loras=(lora("hidream"),)), country="DE")
    assert "Hunyuan may not be used in the EU, so the studio never chooses it" in told.value.problem.sentence


def test_a_sketch_model_is_only_chosen_if_there_is_nothing_better() -> None:
    assert choose("a woman", [KLEIN, SKETCH]).entry is KLEIN
    assert choose("a woman", [SKETCH]).entry is SKETCH


XL, F1 = model("SDXL", lora_family="sdxl"), model("Schnell", "people", lora_family="flux1")


def lora(family: str, title: str = "Coat") -> AssetView:
    known: dict[str, Any] = {"kind": "lora", "origin": "upload", "mime": "x", "bytes": 1, "content_sha256": "x"}
    whose = {"created_at": 1, "mine": True, "owner": "Ann", "has_thumb": False}
    return AssetView(id=title, title=title, family=family, **known, **whose)


def member(name: str, *families: str, pictures: int = 0) -> CastView:
    tuned = tuple(CastLoraView(asset="x", title="x", family=one, weight=1) for one in families)
    shown = tuple(CastPictureView(asset=str(n), title="x", has_thumb=True) for n in range(pictures))
    whose: dict[str, Any] = {"mine": True, "owner": "Ann", "created_at": 1, "updated_at": 1}
    return CastView(id=name, name=name, kind="character", loras=tuned, pictures=shown, **whose)


def test_only_a_model_that_supports_the_loras_is_chosen() -> None:
    assert choose("a woman", [F1, XL]).entry is F1
    assert choose("a woman", [F1, XL], Needs(loras=(lora("sdxl"),))) == (XL, "“Coat” is for SDXL")
    assert choose("a woman", [F1, SKETCH.model_copy(update={"lora_family": "sdxl"})], Needs(loras=(lora("sdxl"),)))
    small = model("Klein 4B", lora_family="flux2-klein-4b")
    assert choose("", [F1, small], Needs(loras=(lora("flux2"), lora("flux2-klein-4b")))).entry is small


@pytest.mark.parametrize(
    ("families", "said"),
    [
        (("sdxl", "flux1"), "“A” is a LoRA for SDXL and “B” is a LoRA for FLUX.1. No model supports both."),
        (("flux2-dev", "flux2-klein-4b"), "No model supports both."),
        (("z-image",), "“A” is a LoRA for Z-Image. No model for it is installed."),
        (
            ("hidream",),
            "Dev may not be used for client work, so the studio never chooses it for you. Choose Dev yourself",
        ),
    ],
)
def test_loras_that_no_model_supports_are_refused_before_queueing(families: tuple[str, ...], said: str) -> None:
    loras = tuple(lora(family, "AB"[number]) for number, family in enumerate(families))
    with pytest.raises(StudioError) as told:
        choose("a woman", [F1, XL, DEV.model_copy(update={"lora_family": "hidream"})], Needs(loras=loras))
    assert said in told.value.problem.sentence


def test_a_lora_of_the_cast_comes_before_pictures_before_the_subject() -> None:
    def chosen(*cast: CastView, sees: str = "") -> tuple[str, str]:
        entry, why = choose("@Mara, a woman", [F1, XL], Needs(cast=cast), lambda one: 4 * (one.name == sees))
        return entry.name, why

    mara = member("Mara", "sdxl", pictures=2)
    assert chosen(mara, sees="Schnell") == ("SDXL", "Mara’s LoRA is for SDXL")
    assert chosen(mara, member("Jon", "sdxl")) == ("SDXL", "Mara’s and Jon’s LoRAs are for SDXL")
    assert chosen(member("Mara", pictures=1), sees="SDXL") == ("SDXL", "SDXL can use Mara’s pictures")
    assert chosen(member("Mara", "sdxl", "flux1")) == ("Schnell", "people → Schnell"), "both have her LoRA"
    assert chosen(member("Mara")) == ("Schnell", "people → Schnell")
    sketch = SKETCH.model_copy(update={"lora_family": "sdxl"})
    assert choose("@Mara", [F1, sketch], Needs(cast=(mara,))).entry is F1


def test_the_chosen_model_accepts_the_requested_size() -> None:
    large = model("Large", "people", bounds={"width": (1024, 2048, 16)})
    assert choose("a woman", [large, XL], Needs(sides=(("width", 512),))).entry is XL
    assert choose("a woman", [large, XL], Needs(sides=(("width", 1040),))).entry is large


def test_a_script_without_a_model_gets_the_one_that_knows_the_cast(scene: Scene, mum: Principal) -> None:
    folder = scene.data.catalog
    for name, family in (("alpha", "flux1"), ("beta", "sdxl")):
        toy = scene.catalog.get("toy-draw").model_dump(mode="json")
        named = toy | {"id": name, "name": name.title(), "lora_family": family, "best_for": ["create_image"]}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(named))
    scene.catalog.reload()
    path = scene.root / "mara.safetensors"
    path.write_bytes(b"weights")
    facts = {"kind": "lora", "title": "Mara", "mime": "x", "content_sha256": "0" * 64, "family": "sdxl"}
    tuned = scene.library.take_upload(mum, path, new=NewAsset(file=path.name, **facts)).id
    scene.library.cast.create(mum, NewMember(name="Mara", loras=(CastLoraUse(asset=tuned),)))

    def taken(prompt: str, **more: Any) -> str | None:
        return scene.jobs.estimate(mum, CreateImage(prompt=prompt, **more)).model

    assert (taken("a woman"), taken("@Mara")) == ("alpha", "beta")
    assert taken("a woman", loras=(LoraUse(asset=tuned),)) == "beta"


def test_what_only_some_models_support_decides() -> None:
    assert choose("a woman", [PORTRAITS, KLEIN], Needs(references=2)) == (KLEIN, "your settings → Klein")
    assert choose("a woman", [PORTRAITS, KLEIN], Needs(control="pose")).entry is KLEIN
    assert choose("a woman", [PORTRAITS], Needs(references=2)).entry is PORTRAITS, (
        "the model refuses with its own reason"
    )


def test_a_model_with_an_installed_helper_comes_before_one_without() -> None:
    faces = model("Faces", "people", references=4)
    needs = Needs(control="edges")
    assert choose("a woman", [KLEIN, faces], needs).entry is faces
    kept = choose("a woman", [faces, KLEIN], needs, keeps=lambda entry: entry is KLEIN)
    assert kept == (KLEIN, "your settings → Klein")
    assert choose("a woman", [KLEIN, faces], needs, keeps=lambda entry: False).entry is faces, (
        "the model then names the missing helper"
    )
    seen = choose("a woman", [KLEIN, faces], Needs(references=2), sees=lambda entry: 4 * (entry is KLEIN))
    assert seen.entry is KLEIN
