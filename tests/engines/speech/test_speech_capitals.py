"""Words in capitals: names are read as words, initialisms letter by letter."""

import pytest

from engines.memory import Cpu
from engines.speech.backends.hibari import HibariNetwork, Speaker


@pytest.fixture(scope="module")
def voice() -> Speaker:
    return HibariNetwork().load(Cpu())


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("MARA", "Mara"),
        ("KAI", "Kai"),
        ("KAI (O.S.)", "Kai (O.S.)"),
        ("KAI: Now.", "Kai: Now."),
        ("ALVA'S", "Alva's"),
        ("We see KAI (30), a sailor.", "We see Kai (30), a sailor."),
        ("Enter MARA, a cook.", "Enter Mara, a cook."),
        ("Then MARA AND KAI leave.", "Then Mara AND Kai leave."),
        ("JOHN WALKS OVER TO JEAN-LUC.", "JOHN Walks OVER TO Jean-Luc."),
        ("INT. KITCHEN", "Interior KITCHEN"),
    ],
)
def test_a_name_in_capitals_is_read_as_a_word(voice: Speaker, written: str, said: str) -> None:
    assert voice.sounds(written) == voice.sounds(said)


@pytest.mark.parametrize(
    ("initials", "letters"),
    [("BBC", "B.B.C"), ("USA", "U.S.A"), ("FBI", "F.B.I"), ("HDR", "H.D.R"), ("UCLA", "U.C.L.A"), ("POV", "P.O.V")],
)
def test_initialisms_are_read_letter_by_letter(voice: Speaker, initials: str, letters: str) -> None:
    assert voice.sounds(initials) == voice.sounds(letters)
    assert voice.sounds(f"THE {initials} WINS").split()[1] == voice.sounds(letters)


def test_capitals_in_the_lexicon_stay_unchanged(voice: Speaker) -> None:
    assert "nˈæsə" in voice.sounds("The NASA rocket")
    assert voice.sounds("in 4K").endswith("fˈɔɹ kˈA")


def test_a_shutter_speed_is_read_as_a_fraction(voice: Speaker) -> None:
    assert voice.sounds("1/48").replace(" ", "") == voice.sounds("one forty 8th").replace(" ", "")
