"""Scenes, their pictures and their captions."""

import numpy as np
import pytest

from engines.families.storybook import words
from engines.families.storybook.vocabulary import unknown_words
from tools.storybook import dataset
from tools.storybook.drawing import draw, marks, seen_as
from tools.storybook.scene import Scene

NUMBERS = range(400)


def test_a_number_always_gives_the_same_picture_and_captions() -> None:
    for number in (0, 17, dataset.HELD_OUT):
        assert dataset.captions(number) == dataset.captions(number)
        assert np.array_equal(dataset.picture(number), dataset.picture(number))
    assert not np.array_equal(dataset.picture(0), dataset.picture(1))


def test_every_kind_color_ground_hour_weather_and_style_occurs() -> None:
    scenes = [dataset.scene(number) for number in NUMBERS]
    things = [thing for scene in scenes for thing in scene.things]
    assert {thing.kind for thing in things} == set(words.THINGS)
    assert {thing.color for thing in things} == set(words.COLORS)
    for part, known in (
        ("ground", words.GROUNDS),
        ("time", words.TIMES),
        ("weather", words.WEATHERS),
        ("style", words.STYLES),
        ("framing", words.FRAMINGS),
        ("light", words.LIGHTS),
    ):
        assert {getattr(scene, part) for scene in scenes} == set(known)


def test_a_thing_has_the_place_and_color_of_its_scene() -> None:
    checked = 0
    for scene in _alone_and_plain():
        thing = scene.things[0]
        kinds, plain = marks(scene)
        columns = np.nonzero(kinds == tuple(words.THINGS).index(thing.kind) + 1)[1]
        assert abs(columns.mean() / kinds.shape[1] - thing.x) < 0.12
        body = np.median(np.asarray(draw(scene))[plain], axis=0)
        nearest = min(words.COLORS, key=lambda color: np.square(np.subtract(seen_as(scene, color), body)).sum())
        assert nearest == thing.color
        checked += 1
    assert checked > 40


def test_a_caption_describes_the_picture() -> None:
    for scene_number in NUMBERS:
        scene = dataset.scene(scene_number)
        for text in dataset.captions(scene_number):
            for thing in scene.things:
                assert any(name in text for name in words.THINGS[thing.kind]), text
                if thing.color not in words.NATURAL[thing.kind]:
                    assert thing.color in text
                if scene.relation == "beside":
                    assert thing.place in text or " of " in text
                elif scene.relation == "alone" and thing.place != "middle":
                    assert thing.place in text
            for group, part in ((words.TIMES, scene.time), (words.WEATHERS, scene.weather)):
                others = [said for name, sayings in group.items() if name != part for said in sayings]
                assert not any(f"{said} " in f"{text} " for said in others), text
                if part not in ("day", "clear"):
                    assert any(said in text for said in group[part]), text


def test_captions_only_use_known_words() -> None:
    assert not {word for number in NUMBERS for text in dataset.captions(number) for word in unknown_words(text)}


@pytest.mark.parametrize("weather", words.WEATHERS)
def test_weather_changes_the_picture_and_not_the_scene(weather: str) -> None:
    clear = next(scene for scene in map(dataset.scene, NUMBERS) if scene.weather == "clear" and scene.ground == "sea")
    other = Scene(**{**clear.__dict__, "weather": weather})
    assert np.array_equal(marks(clear)[0], marks(other)[0])
    assert np.array_equal(np.asarray(draw(clear)), np.asarray(draw(other))) == (weather == "clear")


def _alone_and_plain() -> list[Scene]:
    scenes = [dataset.scene(number) for number in NUMBERS]
    return [
        scene
        for scene in scenes
        if scene.relation == "alone" and (scene.weather, scene.style, scene.framing) == ("clear", "flat", "medium")
    ]
