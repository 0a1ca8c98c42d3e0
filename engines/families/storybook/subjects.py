"""Find what a prompt wants to see that Storybook cannot draw: “coffee”, but not “cozy” or “85 mm lens”."""

import re

from engines.families.storybook import vocabulary, words

_CLAUSE_END = re.compile(r"[,.;:!?()\n]+")
_COUNTS = "some two three four five six several many my your his her their our this that these those"
_BEFORE_A_SUBJECT = frozenset(("a", "an", "the", "of", "with", "and", *words.COLORS, "small", "little", "tiny", "big"))
_JOINTS = frozenset(f"{vocabulary.GRAMMAR} under inside wearing dressed".split())
"""Known words that begin something new: what stands before them is no description of what follows."""
_LOOK = (
    "style mood light lighting lens mm camera shot view angle photo photograph photography picture image illustration "
    "render detail details detailed quality cinematic background composition atmosphere realistic art 4k 8k hd"
)
"""Words for how a picture looks: it is drawn without them."""


def unknown_subjects(prompt: str) -> tuple[str, ...]:
    """Return the unknown words that name something to see, as written; adjacent ones are joined.

    They stand where a noun does: at the beginning of the prompt, or after an article, “of”, “with”, “and” or a color.
    """
    subjects: list[str] = []
    for number, clause in enumerate(_CLAUSE_END.split(prompt.strip())):
        subjects += _of_clause(vocabulary.WORD.findall(clause), first=number == 0)
    return tuple(dict.fromkeys(subjects))


def _of_clause(clause: list[str], *, first: bool) -> list[str]:
    subjects, at = [], 0
    known = [vocabulary.known_word(word.lower()) for word in clause]
    while at < len(clause):
        end = at
        while end < len(clause) and known[end] is None:
            end += 1
        run = clause[at:end]
        counted = bool(run) and run[0].lower() in _COUNTS.split()
        begins = (at == 0 and first) or (at > 0 and known[at - 1] in _BEFORE_A_SUBJECT)
        # As in “cozy house”, or “portrait of a house”.
        described = end < len(clause) and (known[end] not in _JOINTS or _is_of_something(known[end:]))
        name = run[1:] if counted else run
        if name and (begins or counted) and not described and not any(word.lower() in _LOOK.split() for word in name):
            subjects.append(" ".join(name))
        at = end + 1
    return subjects


def _is_of_something(rest: list[str | None]) -> bool:
    """Whether a known thing follows after “of”: that is what there is to see."""
    thing = next((word for word in rest if word not in _BEFORE_A_SUBJECT), None)
    return rest[0] == "of" and thing is not None
