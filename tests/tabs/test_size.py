"""Sizes: whatever is requested, the result is legal for the model and close to the request."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engines.catalog import Entry, shipped
from tabs import size
from tabs.size import ASPECTS, OWN, Size

ENTRIES = [entry for entry in shipped.entries() if "create_image" in entry.tasks]


def legal(entry: Entry, width: int, height: int) -> bool:
    for side, name in ((width, "width"), (height, "height")):
        low, high, multiple = entry.bounds.get(name, (64, 4096, 8))
        if not low <= side <= high or (side - low) % (multiple or 8):
            return False
    return width * height <= (entry.most_pixels or width * height)


@settings(max_examples=60, deadline=None)
@given(
    entry=some.sampled_from(ENTRIES),
    aspect=some.sampled_from([*ASPECTS, OWN, "nonsense"]),
    megapixels=some.none() | some.floats(0.01, 60),
    sides=some.tuples(some.integers(1, 100_000), some.integers(1, 100_000)) | some.just((None, None)),
)
def test_every_size_is_legal(
    entry: Entry, aspect: str, megapixels: float | None, sides: tuple[int | None, int | None]
) -> None:
    asked = Size(aspect=aspect, megapixels=megapixels, width=sides[0], height=sides[1])
    assert legal(entry, *size.legal(entry, asked))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_shapes_are_close_to_their_names(entry: Entry) -> None:
    for name, aspect in ASPECTS.items():
        width, height = size.legal(entry, Size(aspect=name))
        near = 0.35 if entry.sketch else 0.08  # few possible sizes, or many
        assert abs(width / height / aspect - 1) < near or name == "21:9", (name, width, height)
    assert all(legal(entry, *size.legal(entry, Size(megapixels=one))) for one in size.offered_megapixels(entry))


def test_a_model_of_one_megapixel_gets_film_sizes() -> None:
    plain = shipped.entry("stable-diffusion-1.5")
    entry = plain.model_copy(
        update={"pixels": 1_048_576, "most_pixels": 0, "bounds": {"width": (256, 2048, 64), "height": (256, 2048, 64)}}
    )
    assert size.legal(entry, Size(aspect="1:1")) == (1024, 1024)
    assert size.legal(entry, Size(aspect="16:9")) == (1344, 768)
    assert size.legal(entry, Size(aspect="9:16")) == (768, 1344)
    assert size.legal(entry, Size(aspect=OWN, width=1000, height=530)) == (1024, 512)
    small, large = (size.legal(entry, Size(aspect="3:2", megapixels=one)) for one in (0.5, 2.0))
    assert small[0] * small[1] < 0.6e6 < 1.8e6 < large[0] * large[1]


@settings(max_examples=40, deadline=None)
@given(entry=some.sampled_from(ENTRIES), shape=some.sampled_from(list(ASPECTS)), megapixels=some.floats(0.2, 4))
def test_a_result_restores_its_size(entry: Entry, shape: str, megapixels: float) -> None:
    made = size.legal(entry, Size(aspect=shape, megapixels=megapixels))
    assert size.legal(entry, Size.of(size.held_size(entry, *made))) == made


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_a_result_restores_its_shape(entry: Entry) -> None:
    for shape in size.shapes(entry):
        found = size.held_size(entry, *size.legal(entry, Size(aspect=shape)))
        other = Size(aspect=found["aspect"])
        assert size.legal(entry, other) == size.legal(entry, Size(aspect=shape)), shape
        assert found["megapixels"] is None


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_each_offered_size_differs_and_is_what_it_says(entry: Entry) -> None:
    for asked in (Size(), Size(aspect="16:9", megapixels=0.77), Size(aspect=OWN, width=700, height=500)):
        sizes = size.offered_sizes(entry, asked)
        shape = asked.aspect if asked.aspect in ASPECTS else size.usual(entry)
        sides = [(one["width"], one["height"]) for one in sizes]
        assert len(set(sides)) == len(sides)
        assert [size.legal(entry, Size(aspect=shape, megapixels=one["megapixels"])) for one in sizes] == sides
        assert sum(one["megapixels"] is None for one in sizes) == 1
        assert asked.aspect == OWN or size.legal(entry, asked) in sides


def test_invalid_values_give_a_square() -> None:
    assert Size.of({"aspect": 3}) == Size.of("x") == Size.of(None) == Size()
