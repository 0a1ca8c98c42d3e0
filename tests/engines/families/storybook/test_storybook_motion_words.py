"""Free prompts for a clip: which words describe motion, and what the first frame is generated from."""

import pytest

from engines.families.storybook.motion_words import read
from engines.families.storybook.words import MOTIONS
from tools.storybook.moving import dataset


@pytest.mark.parametrize(
    ("prompt", "read_as", "still", "unknown"),
    [
        ("a red car drives left in the city", "a red car in the city, moves to the left", "a red car in the city", ()),
        ("a car drives from left to right", "a car, moves to the right", "a car", ()),
        (
            "a boat on the left, sailing slowly to the right",
            "a boat on the left, moves to the right",
            "a boat on the left",
            (),
        ),
        ("a bird is flying up into the sky", "a bird, rises", "a bird", ()),
        (
            "The camera moves slowly to the left over a house",
            "over a house, the camera pans to the left",
            "over a house",
            (),
        ),
        (
            "a cat in the snow and the camera zooms out",
            "a cat in the snow, the camera zooms out",
            "a cat in the snow",
            (),
        ),
        ("nothing moves", "nothing moves", "", ()),
        ("a harbour, tilt up", "", "", ("harbour", "tilt up")),
        ("a car drives in the city", "a car in the city", "a car in the city", ("drives",)),
    ],
)
def test_motion_is_separated_from_the_subject(prompt: str, read_as: str, still: str, unknown: tuple[str, ...]) -> None:
    reading = read(prompt)
    assert (reading.prompt, reading.still, reading.unknown) == (read_as, still, unknown)


def test_every_learned_way_to_describe_a_motion_is_kept() -> None:
    for ways in MOTIONS.values():
        for said in ways:
            assert (read(said).prompt, read(said).unknown) == (said, ())


def test_training_captions_contain_only_known_words() -> None:
    captions = [caption for number in range(120) for caption in dataset.captions(number)]
    assert not [caption for caption in captions if read(caption).unknown or not read(caption).prompt]
