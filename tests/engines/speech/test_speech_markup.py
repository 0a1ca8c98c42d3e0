"""SSML and HTML in a text: pauses are kept, tags are not spoken, and both are noted."""

import pytest

from engines.requests import Speak
from engines.speech.phrases import Pause
from engines.speech.script import Script, script


def words(lines: Script) -> list[str]:
    return [sentence.text for sentence in lines.sentences]


@pytest.mark.parametrize(
    ("tag", "seconds"),
    [
        ('<break time="1s"/>', 1),
        ("<break time='250ms' />", 0.25),
        ('<BREAK TIME="+1.5s"></BREAK>', 1.5),
        ('<break strength="x-strong"/>', 1),
        ('<break strength="weak"/>', 0.25),
        ("<break/>", 0.5),
    ],
)
def test_a_break_is_a_pause(tag: str, seconds: float) -> None:
    lines = script(f"<speak>One. {tag} Two.</speak>")
    assert words(lines) == ["One.", "Two."]
    assert lines.sentences[0].phrases[0].rest == seconds
    assert lines.notes == ("<break> tags are read as pauses.", "Tags are not read aloud: <speak>.")


def test_a_break_without_strength_is_no_pause() -> None:
    assert script('One <break strength="none"/> two.').sentences[0].phrases[0].rest is None


def test_paragraphs_and_sentences_end() -> None:
    lines = script("<p><s>Hello</s><s>Who is there?</s></p><p>Nobody</p>")
    assert words(lines) == ["Hello.", "Who is there?", "Nobody"]
    assert [line.phrases[-1].then for line in lines.sentences] == [Pause.SENTENCE, Pause.PARAGRAPH, Pause.PARAGRAPH]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('<b>Bold</b>ly <a href="x">gone</a>', "Boldly gone"),
        ("<style>p { color: red }</style><script>if (a < b) go()</script>Hi", "Hi"),
        ("Hi <!-- <b>not</b> this --> there", "Hi there"),
        ('<?xml version="1.0"?><!DOCTYPE html>Hi', "Hi"),
        ('<sub alias="World Wide Web">WWW</sub> things', "World Wide Web things"),
        ('<mstts:express-as style="sad">Hi</mstts:express-as>', "Hi"),
        ("Fish &amp; caf&eacute;&nbsp;&#8211; &#x41;", "Fish & café – A"),
    ],
)
def test_tags_are_removed_and_their_text_stays(written: str, read: str) -> None:
    lines = script(written)
    assert " ".join(words(lines)) == read
    assert len(lines.notes) == 1


@pytest.mark.parametrize("text", ["3 < 5", "I <3 you", "if x <y and y> z", "Q&A; AT&T", "mail <ann@example.com> now"])
def test_a_lone_sign_in_prose_stays(text: str) -> None:
    lines = script(text)
    assert " ".join(words(lines)) == text
    assert lines.notes == ()


def test_notes_name_what_changed() -> None:
    assert script("<b>A</b> &amp; <i>B</i>").notes == (
        "Tags are not read aloud: <b>, <i>.",
        "Character codes are read as characters: &amp;.",
    )


def test_the_title_has_no_tags() -> None:
    assert Speak(text='<speak>Hello<break time="1s"/></speak>').title({}) == "Hello"
