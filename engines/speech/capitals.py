"""Words in capitals: names and screenplay lines are read as words, initialisms letter by letter."""

import re
from collections.abc import Container

_CAPITALS = re.compile(r"(?<![\w.'’])([A-Z]{3,})(['’](?:S|D|LL|RE|VE)\b)?(?![A-Za-z\d_]|\.[A-Z]\b)")
_NEIGHBORS = re.compile(r"[A-Z]{2,}")

_ONSET = (
    r"(?:[BCDFGHJKLMNPRSTVWXYZ]|[BCFGKPS]L|[BCDFGKPTW]R|[CGKPRSTWZ]H|SHR|SCH|THR|S[CKMNPQTVW]|SP[LR]|S[CT]R|S?QU|"
    r"[DTG]W|[GKP]N|PS|TS)?"
)
_CODA = (
    r"(?:[LRMNW]?(?:[BCDFGKLMNPQSTVXZJ]|[CPSTG]H|CK|GHT|TCH|N?G|S[TKP]|FT|PT|CT|SS|LL|FF|TT|NN|RR|DD|GG|ZZ)S?|"
    r"[HWR]S?)?"
)
_PRONOUNCEABLE = re.compile(rf"(?:{_ONSET}[AEIOUY]{{1,3}}{_CODA})+")

_LIST = (
    "AAA AARP ABA ABC ACLU ADR AEG AFI AIFF AKA ALU AMA AOL APA API ARD ASA ASC ASPCA ATM AVC AVI AWB BAC CAA CAD CEO "
    "CFO CIA CIF CIO CSA CTO DIY DOA DOB DOI DOP DSO DUI EBU ECU EDL EEG EKG EMI EMS EOD EOS EPA EPK ERA ESA ESPN EVF "
    "FAA FAO FAQ FIA FOV GOP HBO HOA IAEA IATSE IBC IBM IDE IEEE IOS IOU IPA IPO IRE IRS ISA ISBN ISP ITV IUD IVF LAX "
    "LOL LUT MIT MOS MOU NAB NBA NDA NEC NFA NGO NHS OBE OEM OIS OMG OTS OTT POC POV PSA PTA ROI RUF SAS SOC SOP SOS "
    "SOV SUV TAC UAE UAV UBS UCI UCLA UEA UFC UFO UHD UPI UPS URL USA USAF USB USC USDA USO USP USPS USSR UTC VAR VIP "
    "VOD VOX WAV ZDF"
)
_INITIALS = frozenset(_LIST.split())
"""Initialisms that look like a word but are read letter by letter."""


def spell_out_capitals(text: str, known: Container[str]) -> str:
    """Rewrite names and other words in capitals so that they are read as words.

    ``known`` is the voice's lexicon; words in it stay as they are. Three letters may well be initials, so they count as
    a name only at the beginning of a line or next to other words in capitals.
    """

    def change(match: re.Match[str]) -> str:
        word = match[1]
        if word in _INITIALS or word in known or word.lower() in known or not _PRONOUNCEABLE.fullmatch(word):
            return match[0]
        if len(word) == 3 and not _as_name(text, match):
            return match[0]
        return word.capitalize() + (match[2] or "").lower()

    return _CAPITALS.sub(change, text)


def _as_name(text: str, match: re.Match[str]) -> bool:
    before, after = text[: match.start()].rstrip(), text[match.end() :]
    if not before or re.match(r"\s\(\d", after):  # “KAI (30) comes in”
        return True
    neighbors = (before.rsplit(None, 1)[-1].strip(",/&-"), (after.split(None, 1) or [""])[0].strip(".,:;!?/&-"))
    return any(_NEIGHBORS.fullmatch(word) and word not in _INITIALS for word in neighbors)
