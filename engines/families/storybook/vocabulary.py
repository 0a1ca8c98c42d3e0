"""Reduce prompts to Storybook's vocabulary: replace near words, drop and report unknown ones. Imports no torch."""

import re
from dataclasses import dataclass

from engines.families.storybook import words

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
"""Near synonyms of learned words: {learned word: near words}."""

GRAMMAR = "a an and at by center centre front in is it of on over side stands the to while with above among edge as"
"""Words without a meaning of their own."""

_LEADING = frozenset(("a", "an", "the", "in", "on", "at", "by", "of", "with", "over", "is", "to", "it", ","))
"""Words that are dropped with the unknown word that follows them."""

THINGS_IN_WORDS = ", ".join(words.THINGS)
"""The things it can draw, for error messages."""

WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


@dataclass(frozen=True)
class ParsedPrompt:
    """A prompt in the model's vocabulary. ``near`` holds pairs (written, read as), ``unknown`` the ignored words."""

    prompt: str
    near: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]


def read(prompt: str) -> ParsedPrompt:
    """Replace near words and drop unknown ones; commas stay."""
    written: list[str] = []
    near: dict[str, str] = {}
    unknown: list[str] = []
    end, joined = 0, False
    for match in WORD.finditer(prompt):
        between, end = prompt[end : match.start()], match.end()
        word = known_word(match.group().lower())
        if word is None:
            together = joined and not between.strip()
            unknown[-1:] = [f"{unknown[-1]} {match.group()}"] if together else [*unknown[-1:], match.group()]
            while written and written[-1] in _LEADING:
                written.pop()
        else:
            if "," in between and written:
                written.append(",")
            written.append(word)
            if word != match.group().lower():
                near[match.group()] = word
        joined = word is None
    return ParsedPrompt(" ".join(written).replace(" ,", ","), tuple(near.items()), tuple(dict.fromkeys(unknown)))


def unknown_words(prompt: str) -> tuple[str, ...]:
    """Return the words of a prompt that Storybook ignores, as written; adjacent words are joined."""
    return read(prompt).unknown


def names_something(prompt: str) -> bool:
    """Whether a prompt, as returned by ``read``, names a thing or a place, and not only its look."""
    return not _SEEN_WORDS.isdisjoint(re.split(r"[\s,]+", prompt))


def known_words() -> frozenset[str]:
    """Return every word that occurs in captions."""
    return frozenset(_LEARNED)


def known_word(word: str) -> str | None:
    """Return the learned word for a word: itself, a near word, or its singular; None if there is none."""
    if word in _LEARNED:
        return word
    if word in _NEARBY:
        return _NEARBY[word]
    if word.endswith("s") and (single := word[:-1]) in _LEARNED | _NEARBY.keys():
        return _NEARBY.get(single, single)
    return None


def _learned_words() -> set[str]:
    groups = (words.THINGS, words.GROUNDS, words.TIMES, words.WEATHERS, words.SIZES, words.PLACES, words.FRAMINGS)
    phrases = [
        phrase
        for group in (*groups, words.STYLES, words.LIGHTS)
        for phrases_of_word in group.values()
        for phrase in phrases_of_word
    ]
    phrases += [*words.COLORS, *words.AFLOAT, *words.CLOTHES, GRAMMAR]
    return {word for phrase in phrases for word in phrase.replace("{color}", "").split()}


def _seen_words() -> frozenset[str]:
    phrases = [
        phrase for group in (words.THINGS, words.GROUNDS, words.LIGHTS) for said in group.values() for phrase in said
    ]
    said = {word for phrase in (*phrases, *words.AFLOAT) for word in phrase.split()}
    return frozenset(
        said - {*GRAMMAR.split(), *words.COLORS, "front", "edge", "under", "inside", "bright", "full", "hot", "air"}
    )


_LEARNED = _learned_words()
_SEEN_WORDS = _seen_words()
_NEARBY = {word: learned for learned, others in _NEAR.items() for word in others.split()}
