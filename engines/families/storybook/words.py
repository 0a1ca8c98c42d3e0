"""Storybook's vocabulary: what a scene can contain, and the phrases for it."""

THINGS: dict[str, tuple[str, ...]] = {
    "house": ("house", "cottage", "home", "cabin", "hut", "farmhouse"),
    "tree": ("tree", "oak"),
    "car": ("car", "taxi", "automobile"),
    "boat": ("boat", "sailboat", "ship", "yacht"),
    "dog": ("dog", "puppy"),
    "cat": ("cat", "kitten"),
    "person": ("person", "woman", "man", "girl", "boy", "child"),
    "mountain": ("mountain", "peak"),
    "flower": ("flower", "blossom", "daisy"),
    "balloon": ("balloon", "hot air balloon"),
    "lighthouse": ("lighthouse", "tower"),
    "bird": ("bird", "seagull"),
}
COLORS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "white", "black")
GROUNDS: dict[str, tuple[str, ...]] = {
    "meadow": ("in a meadow", "in a green meadow", "on the grass", "in a field", "in a park", "in the countryside"),
    "forest": ("in a forest", "in the woods", "at the edge of a forest", "in front of a forest"),
    "sea": ("by the sea", "at the sea", "by the ocean", "on the coast", "on the shore", "at the beach"),
    "desert": ("in the desert", "in a sandy desert", "on the sand", "on yellow sand", "among the dunes"),
    "snow": ("in the snow", "in a snowy field", "on white snow", "in a winter landscape"),
    "city": ("in the city", "in a city street", "on a street", "on a road in town", "in front of a skyline"),
    "room": ("in a room", "in a living room", "indoors", "inside a room"),
}
AFLOAT = ("on the sea", "at sea", "on the ocean", "on the water", "on blue water")
"""The phrases for a boat at the sea."""

TIMES: dict[str, tuple[str, ...]] = {
    "day": ("at noon", "by day", "in daylight", "under a blue sky"),
    "dawn": ("at dawn", "at sunrise", "in the early morning", "under a pink sky"),
    "sunset": ("at sunset", "at dusk", "in the evening", "under an orange sky"),
    "night": ("at night", "at midnight", "under the stars", "under a dark sky"),
}
WEATHERS: dict[str, tuple[str, ...]] = {
    "clear": (),
    "rain": ("in the rain", "on a rainy day", "while it rains"),
    "fog": ("in fog", "in the mist", "on a foggy day"),
    "snowfall": ("while it snows", "in falling snow", "in a snowstorm"),
}
SIZES: dict[str, tuple[str, ...]] = {
    "small": ("small", "little", "tiny"),
    "medium": (),
    "big": ("big", "large", "huge"),
}
PLACES: dict[str, tuple[str, ...]] = {
    "left": ("on the left", "to the left", "on the left side"),
    "middle": ("in the middle", "in the centre", "in the center"),
    "right": ("on the right", "to the right", "on the right side"),
}
FRAMINGS: dict[str, tuple[str, ...]] = {
    "close": ("a close-up of", "close-up of", "a close shot of"),
    "medium": (),
    "wide": ("a wide shot of", "wide shot of", "a distant view of"),
}
STYLES: dict[str, tuple[str, ...]] = {
    "flat": ("a flat picture of", "a drawing of", "a picture of"),
    "line": ("a line drawing of", "an ink drawing of", "a comic of"),
    "soft": ("a watercolour of", "a soft painting of", "a pastel of"),
}
LIGHTS: dict[str, tuple[str, ...]] = {
    "none": (),
    "sun": ("with the sun in the sky", "under the sun", "with a bright sun"),
    "moon": ("with the moon in the sky", "under the moon", "under a full moon"),
}
NATURAL: dict[str, tuple[str, ...]] = {
    "house": ("red", "white", "brown"),
    "tree": ("green",),
    "car": ("red", "blue"),
    "boat": ("white", "red"),
    "dog": ("brown",),
    "cat": ("orange", "black"),
    "person": ("blue", "red"),
    "mountain": ("brown",),
    "flower": ("pink", "red"),
    "balloon": ("red", "yellow"),
    "lighthouse": ("red", "white"),
    "bird": ("blue", "white"),
}
"""The colors of a thing whose color the caption does not name."""

INDOORS = ("dog", "cat", "person", "flower", "balloon", "bird", "tree")
AIRBORNE = ("balloon", "bird")
CLOTHES = ("in {color}", "in a {color} coat", "in a {color} dress", "wearing {color}")
"""The phrases for the color of a person's clothes."""

_DIRECTIONS = ("moving to the {}", "moves to the {}", "going {}", "on its way to the {}", "travelling {}")
THING_MOTIONS: dict[str, tuple[str, ...]] = {
    "left": tuple(way.format("left") for way in _DIRECTIONS),
    "right": tuple(way.format("right") for way in _DIRECTIONS),
    "rise": ("rising", "rises", "going up", "moving upwards", "floating up"),
    "grow": ("growing", "grows", "getting bigger", "coming closer", "comes closer"),
}
CAMERA_MOTIONS: dict[str, tuple[str, ...]] = {
    "pan left": ("the camera pans to the left", "pan left", "pan to the left", "the camera pans left"),
    "pan right": ("the camera pans to the right", "pan right", "pan to the right", "the camera pans right"),
    "zoom in": ("the camera zooms in", "zoom in", "zooming in", "the camera pushes in", "push in"),
    "zoom out": ("the camera zooms out", "zoom out", "zooming out", "the camera pulls back", "pull back"),
}
STILL: dict[str, tuple[str, ...]] = {"still": ("standing still", "nothing moves", "a still shot")}
MOTIONS = {**THING_MOTIONS, **CAMERA_MOTIONS, **STILL}
"""The motions of a clip, and the phrases for them."""
