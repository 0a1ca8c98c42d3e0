"""Free prompts read with Storybook's few words: near words are replaced, the others named. Light: no torch here."""

import re
from dataclasses import dataclass

from engines.starter.storybook import words

_NEAR = {
    "house": "bungalow villa building barn chalet mansion lodge houses",
    "tree": "fir maple birch apple-tree trees",
    "car": "van cab vehicle cars truck",
    "boat": "sailing-boat vessel dinghy boats ferry",
    "dog": "hound terrier pup dogs labrador",
    "cat": "kitty tomcat cats",
    "person": "figure human somebody someone hero people actor",
    "woman": "lady actress mother",
    "man": "guy gentleman father",
    "child": "kid toddler",
    "mountain": "hill volcano summit mountains alps",
    "flower": "tulip rose poppy sunflower flowers",
    "balloon": "airship blimp balloons",
    "lighthouse": "beacon",
    "bird": "sparrow dove pigeon crow birds gull",
    "red": "crimson scarlet ruby",
    "orange": "amber",
    "yellow": "golden gold",
    "green": "emerald",
    "blue": "navy azure",
    "purple": "violet lilac",
    "pink": "rosy magenta",
    "brown": "chestnut",
    "white": "ivory",
    "black": "dark-black",
    "sea": "seaside waves bay lake seashore waterfront",
    "beach": "shoreline",
    "forest": "wood jungle woodland",
    "desert": "dune sahara",
    "meadow": "lawn garden pasture prairie grassland",
    "snow": "ice arctic",
    "winter": "wintry",
    "city": "downtown urban metropolis",
    "street": "avenue alley pavement",
    "room": "kitchen bedroom parlour lounge interior",
    "sunset": "sundown twilight",
    "dawn": "daybreak",
    "morning": "mornings",
    "night": "nighttime nocturnal",
    "noon": "midday afternoon",
    "rain": "drizzle raining downpour storm",
    "fog": "haze misty hazy",
    "snowstorm": "blizzard snowing snowy-weather",
    "small": "wee mini",
    "big": "giant enormous great",
    "left": "left-hand",
    "right": "right-hand",
    "middle": "central",
    "close-up": "closeup",
    "wide": "panoramic",
    "watercolour": "watercolor aquarelle",
    "line": "outline",
    "ink": "pen-and-ink",
    "comic": "cartoon",
    "above": "atop",
    "wearing": "wears dressed",
    "coat": "jacket shirt jumper",
}
"""Words that mean nearly the same as one the model has learnt: {learnt: near ones}."""

_GRAMMAR = "a an and at by center centre front in is it of on over side stands the to while with above among edge as"
"""Words that say nothing by themselves."""

_LEADING = frozenset(("a", "an", "the", "in", "on", "at", "by", "of", "with", "over", "is", "to", "it", ","))
"""Words that hang in the air when what they lead to is left out."""

THINGS_IN_WORDS = ", ".join(words.THINGS)
"""What it can draw, for people."""

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


@dataclass(frozen=True)
class Reading:
    """A prompt as the model can read it. ``near`` tells (written, read as); ``unknown`` what it leaves out."""

    prompt: str
    near: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]


def read(prompt: str) -> Reading:
    """Replace near words and leave out unknown ones; what lies between the words stays."""
    written: list[str] = []
    near: dict[str, str] = {}
    unknown: list[str] = []
    end, joined = 0, False
    for found in _WORD.finditer(prompt):
        between, end = prompt[end : found.start()], found.end()
        word = _known(found.group().lower())
        if word is None:
            together = joined and not between.strip()
            unknown[-1:] = [f"{unknown[-1]} {found.group()}"] if together else [*unknown[-1:], found.group()]
            while written and written[-1] in _LEADING:
                written.pop()
        else:
            if "," in between and written:
                written.append(",")
            written.append(word)
            if word != found.group().lower():
                near[found.group()] = word
        joined = word is None
    return Reading(" ".join(written).replace(" ,", ","), tuple(near.items()), tuple(dict.fromkeys(unknown)))


def unknown_words(prompt: str) -> tuple[str, ...]:
    """The words of a prompt that Storybook leaves out, as they were written; neighbours as one."""
    return read(prompt).unknown


def names_something(prompt: str) -> bool:
    """Whether a prompt, as ``read`` gives it, says what there is to see: a thing or a place, not only how."""
    return not _SEEN.isdisjoint(re.split(r"[\s,]+", prompt))


def known_words() -> frozenset[str]:
    """Every word that occurs in captions."""
    return frozenset(_LEARNT)


def _known(word: str) -> str | None:
    """The learnt word for this one: itself, one near it, or that of which it is the plural."""
    if word in _LEARNT:
        return word
    if word in _NEARBY:
        return _NEARBY[word]
    if word.endswith("s") and (single := word[:-1]) in _LEARNT | _NEARBY.keys():
        return _NEARBY.get(single, single)
    return None


def _learnt() -> set[str]:
    groups = (words.THINGS, words.GROUNDS, words.TIMES, words.WEATHERS, words.SIZES, words.PLACES, words.FRAMINGS)
    phrases = [phrase for group in (*groups, words.STYLES, words.LIGHTS) for said in group.values() for phrase in said]
    phrases += [*words.COLOURS, *words.AFLOAT, *words.CLOTHES, _GRAMMAR]
    return {word for phrase in phrases for word in phrase.replace("{colour}", "").split()}


def _seen() -> frozenset[str]:
    phrases = [
        phrase for group in (words.THINGS, words.GROUNDS, words.LIGHTS) for said in group.values() for phrase in said
    ]
    said = {word for phrase in (*phrases, *words.AFLOAT) for word in phrase.split()}
    return frozenset(
        said - {*_GRAMMAR.split(), *words.COLOURS, "front", "edge", "under", "inside", "bright", "full", "hot", "air"}
    )


_LEARNT = _learnt()
_SEEN = _seen()
_NEARBY = {word: learnt for learnt, others in _NEAR.items() for word in others.split()}
