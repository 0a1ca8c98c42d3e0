"""Words in capitals, as the voice says them: names as words, initials letter by letter."""

import pytest

from engines.speech.hibari import Hibari, Speaker
from engines.swapper import Cpu


@pytest.fixture(scope="module")
def voice() -> Speaker:
    return Hibari().load(Cpu())


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
def test_a_name_in_capitals_is_a_word(voice: Speaker, written: str, said: str) -> None:
    assert voice.sounds(written) == voice.sounds(said)


@pytest.mark.parametrize(
    ("initials", "letters"),
    [("BBC", "B.B.C"), ("USA", "U.S.A"), ("FBI", "F.B.I"), ("HDR", "H.D.R"), ("UCLA", "U.C.L.A"), ("POV", "P.O.V")],
)
def test_initials_stay_letters(voice: Speaker, initials: str, letters: str) -> None:
    assert voice.sounds(initials) == voice.sounds(letters)
    assert voice.sounds(f"THE {initials} WINS").split()[1] == voice.sounds(letters)


def test_what_the_lexicon_knows_in_capitals_is_left_to_it(voice: Speaker) -> None:
    assert "nˈæsə" in voice.sounds("The NASA rocket")
    assert voice.sounds("in 4K").endswith("fˈɔɹ kˈA")


def test_an_exposure_is_said_as_a_fraction(voice: Speaker) -> None:
    assert voice.sounds("1/48").replace(" ", "") == voice.sounds("one forty 8th").replace(" ", "")
