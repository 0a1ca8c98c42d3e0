"""Sizes: whatever is asked for, what comes out is legal for the model, and near to it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engines.catalog import SHIPPED, Entry, read
from tabs import size
from tabs.size import ASPECTS, OWN, Size

ENTRIES = [entry for entry in map(read, sorted(SHIPPED.glob("*.yaml"))) if "create_image" in entry.tasks]


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
def test_shapes_come_near_to_what_they_are_called(entry: Entry) -> None:
    for name, aspect in ASPECTS.items():
        width, height = size.legal(entry, Size(aspect=name))
        near = 0.35 if entry.sketch else 0.08  # few sizes to choose from, or many
        assert abs(width / height / aspect - 1) < near or name == "21:9", (name, width, height)
    assert all(legal(entry, *size.legal(entry, Size(megapixels=one))) for one in size.offered(entry))


def test_a_model_of_one_megapixel_gets_film_makers_sizes() -> None:
    plain = read(SHIPPED / "stable-diffusion-1.5.yaml")
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
def test_what_was_made_leads_back_to_its_size(entry: Entry, shape: str, megapixels: float) -> None:
    made = size.legal(entry, Size(aspect=shape, megapixels=megapixels))
    assert size.legal(entry, Size.of(size.held(entry, *made))) == made


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_what_was_made_in_a_shape_leads_back_to_it(entry: Entry) -> None:
    for shape in size.shapes(entry):
        found = size.held(entry, *size.legal(entry, Size(aspect=shape)))
        other = Size(aspect=found["aspect"])
        assert size.legal(entry, other) == size.legal(entry, Size(aspect=shape)), shape
        assert found["megapixels"] is None


def test_nonsense_is_a_square() -> None:
    assert Size.of({"aspect": 3}) == Size.of("x") == Size.of(None) == Size()
