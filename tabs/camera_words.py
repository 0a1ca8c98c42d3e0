"""Camera moves and framings that film models understand, as words to add to a prompt."""

from engines.families.storybook.word_groups import WordGroup

CAMERA = WordGroup(
    "Camera",
    "clause",
    (
        "static camera",
        "the camera pans left",
        "the camera pans right",
        "the camera tilts up",
        "the camera tilts down",
        "the camera slowly pushes in",
        "the camera slowly pulls back",
        "the camera tracks alongside",
        "the camera circles around",
        "crane shot, rising",
        "handheld camera",
    ),
)
FRAMING = WordGroup(
    "Framing",
    "opening",
    (
        "a close-up of",
        "a medium shot of",
        "a wide shot of",
        "an over-the-shoulder shot of",
        "a low-angle shot of",
        "an aerial shot of",
    ),
)
