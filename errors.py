"""One error for the page, the API and the queue: what happened, why, and what to do next."""

from pydantic import BaseModel, ConfigDict

from utf8 import ValidText


class Problem(BaseModel):
    """What a person (or a script) is told when something did not work.

    ``code`` is stable and meant for programs; the other three are sentences meant for people.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    what: ValidText
    why: ValidText = ""
    next: ValidText = ""

    @property
    def sentence(self) -> str:
        """The whole problem as running text."""
        return " ".join(part for part in (self.what, self.why, self.next) if part)


class StudioError(Exception):
    """Raised anywhere below the page for anything a person can understand and act on.

    ``status`` is the HTTP status that scripts get (4xx: the request is at fault, 5xx: the studio is).
    """

    def __init__(self, code: str, what: str, why: str = "", next: str = "", status: int = 400) -> None:
        self.problem = Problem(code=code, what=what, why=why, next=next)
        self.status = status
        super().__init__(self.problem.sentence)


def not_found(noun: str) -> StudioError:
    """The same answer for what does not exist and for what belongs to someone else."""
    return StudioError("not_found", f"There is no such {noun}.", "It was deleted, or it is not yours.", status=404)
