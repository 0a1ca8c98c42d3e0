"""Loops are noticed while they are written; texts that repeat on purpose are left alone."""

import json

import pytest

from engines.language.repetition import RepetitionDetector


def read(text: str, size: int = 3) -> tuple[bool, int]:
    """Whether a text, arriving ``size`` characters at a time, is a loop, and after how many characters."""
    detector = RepetitionDetector()
    for at in range(0, len(text), size):
        detector.take(text[at : at + size])
        if detector.looping:
            return True, at + size
    return False, len(text)


LOOPS = {
    "a sentence": "The sea is calm today. " * 40,
    "a line": "Clara walks to the window\n" * 40,
    "a paragraph": "The camera follows her home.\nShe turns around and smiles.\n\n" * 30,
    "a numbered list": "".join(f"{number}. A close-up of the bread\n" for number in range(1, 60)),
    "bullets": "- Bring the camera and the lens\n" * 40,
    "words without an end": "and the boat and the sea " * 60,
    "one word": "very " * 200,
    "short lines": "Yes.\nNo.\n" * 100,
    "another language": "海は今日も静かです。彼女は家に帰ります。" * 20,
    "with a beginning": "Here is the script you asked for, in two parts.\n\n" + "Tom looks at the old house. " * 40,
    "signs": "-" * 4000,
    "in code": "```python\n" + "print('hello there, world')\n" * 200,
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_is_noticed_long_before_its_end(name: str) -> None:
    text = LOOPS[name]
    looping, at = read(text)
    assert looping
    assert at < 0.75 * len(text)


def test_the_fourth_time_is_one_too_many() -> None:
    sentence = "The sea is calm today. "
    assert not read(sentence * 3)[0]
    assert read(sentence * 4) == (True, 93)  # three characters at a time


CHORUS = "Oh, the harbor lights are calling,\nand the tide is coming in,\n"
SHOTS = [{"size": "wide", "camera": "static", "action": f"Mara walks past boat {n}"} for n in range(30)]
ORDINARY = {
    "a song": "".join(
        f"Verse {n} tells another story of the sea,\nwith words {n} and {n + 1} new\n{CHORUS}" for n in range(8)
    ),
    "a song with three choruses at its end": "Home is where the river ends,\n" + CHORUS * 3,
    "a list": "".join(f"- Item number {n} of the equipment list\n" for n in range(60)),
    "a table": "| shot | size | seconds |\n| --- | --- | --- |\n"
    + "".join(f"| {n} | wide shot of the harbor | 3 |\n" for n in range(60)),
    "a table to fill in": "| shot | size | lens |\n|---|---|---|\n" + "|  |  |  |\n" * 20,
    "equal lines between tildes": "~~~\n" + "    writer.write(newline)\n" * 8 + "~~~\n",
    "a wide empty table": "|" + "     |" * 40 + "\n" + "|" + " --- |" * 40 + "\n",
    "JSON": json.dumps({"shots": SHOTS}, indent=2),
    "numbers": json.dumps([0] * 300),
    "code": "```python\n"
    + "".join(f"def shot_{n}(self):\n    self.camera.move(to={n})\n    return None\n\n" for n in range(40))
    + "```\n",
    "equal lines of code": "```python\n" + "    writer.write(newline)\n" * 8 + "```\n",
    "a screenplay": "".join(
        f"MARA\nLine {n} is hers.\n\nTOM\nAnd {n} is mine, Mara.\n\nCUT TO:\n\n" for n in range(40)
    ),
    "a rule": "Scene one\n" + "-" * 200 + "\nScene two\n" + "=" * 200 + "\n",
    "refrains in a speech": "".join(
        f"We will fight on the beaches. We will not sleep in week {n}. " for n in range(20)
    ),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_what_repeats_on_purpose_is_no_loop(name: str) -> None:
    assert not read(ORDINARY[name])[0]
    assert not read(ORDINARY[name], size=500)[0]
