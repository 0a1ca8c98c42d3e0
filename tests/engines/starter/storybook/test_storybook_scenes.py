"""Scenes, their pictures and their captions."""

import numpy as np
import pytest

from engines.starter.storybook import dataset, words
from engines.starter.storybook.drawing import draw, marks, seen_as
from engines.starter.storybook.scene import Scene
from engines.starter.storybook.vocabulary import unknown_words

NUMBERS = range(400)


def test_a_number_is_the_same_picture_and_the_same_words_each_time() -> None:
    for number in (0, 17, dataset.HELD_OUT):
        assert dataset.captions(number) == dataset.captions(number)
        assert np.array_equal(dataset.picture(number), dataset.picture(number))
    assert not np.array_equal(dataset.picture(0), dataset.picture(1))


def test_every_kind_colour_ground_hour_weather_and_style_occurs() -> None:
    scenes = [dataset.scene(number) for number in NUMBERS]
    things = [thing for scene in scenes for thing in scene.things]
    assert {thing.kind for thing in things} == set(words.THINGS)
    assert {thing.colour for thing in things} == set(words.COLOURS)
    for part, known in (
        ("ground", words.GROUNDS),
        ("time", words.TIMES),
        ("weather", words.WEATHERS),
        ("style", words.STYLES),
        ("framing", words.FRAMINGS),
        ("light", words.LIGHTS),
    ):
        assert {getattr(scene, part) for scene in scenes} == set(known)


def test_a_thing_is_where_and_in_the_colour_its_scene_says() -> None:
    checked = 0
    for scene in _alone_and_plain():
        thing = scene.things[0]
        kinds, plain = marks(scene)
        columns = np.nonzero(kinds == tuple(words.THINGS).index(thing.kind) + 1)[1]
        assert abs(columns.mean() / kinds.shape[1] - thing.x) < 0.12
        body = np.median(np.asarray(draw(scene))[plain], axis=0)
        nearest = min(words.COLOURS, key=lambda colour: np.square(np.subtract(seen_as(scene, colour), body)).sum())
        assert nearest == thing.colour
        checked += 1
    assert checked > 40


def test_a_caption_tells_what_is_drawn() -> None:
    for scene_number in NUMBERS:
        scene = dataset.scene(scene_number)
        for text in dataset.captions(scene_number):
            for thing in scene.things:
                assert any(name in text for name in words.THINGS[thing.kind]), text
                if thing.colour not in words.NATURAL[thing.kind]:
                    assert thing.colour in text
                if scene.relation == "beside":
                    assert thing.place in text or " of " in text
                elif scene.relation == "alone" and thing.place != "middle":
                    assert thing.place in text
            for group, part in ((words.TIMES, scene.time), (words.WEATHERS, scene.weather)):
                others = [said for name, sayings in group.items() if name != part for said in sayings]
                assert not any(f"{said} " in f"{text} " for said in others), text
                if part not in ("day", "clear"):
                    assert any(said in text for said in group[part]), text


def test_captions_hold_known_words_alone() -> None:
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
