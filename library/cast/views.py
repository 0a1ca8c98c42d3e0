"""Views of the cast, and the bodies that change it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from library.views import View

CastKind = Literal["character", "product", "place", "style"]

MOST_PICTURES = 10
MOST_LORAS = 20
_ID = r"^[0-9a-f]{32}$"


class CastPictureView(View):
    """A picture of a member; its bytes are at ``/api/assets/<asset>/(file|thumb)``."""

    asset: str
    title: str
    has_thumb: bool


class CastLoraView(View):
    """A LoRA of a member for the models of one ``family``; ``trigger`` are its trigger words."""

    asset: str
    title: str
    family: str
    weight: float
    trigger: str = ""


class CastView(View):
    """A cast member as one person sees it, with the pictures (in order) and LoRAs that person can read.

    ``missing`` counts the assets that the person cannot read; ``alone`` lists the person's own assets that others in
    the member's project cannot read.
    """

    id: str
    name: str
    kind: CastKind
    look: str = ""
    pictures: tuple[CastPictureView, ...] = ()
    loras: tuple[CastLoraView, ...] = ()
    voice: str | None = None
    notes: str = ""
    project_id: str | None = None
    mine: bool
    owner: str
    created_at: float
    updated_at: float
    deleted_at: float | None = None
    missing: int = 0
    alone: tuple[str, ...] = ()


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)


class CastLoraUse(_Body):
    """A LoRA for a member. Its family is read from the file; ``family`` is only used if the file names none.

    ``trigger`` are its trigger words; empty: the first one in the file.
    """

    asset: str = Field(pattern=_ID)
    weight: float = Field(1.0, ge=-2, le=2)
    family: str = Field("", max_length=40)
    trigger: str = Field("", max_length=200)


class CastChange(_Body):
    """Changes to a member; fields that are not given stay as they are."""

    name: str = Field("", max_length=200)
    kind: CastKind = "character"
    look: str = Field("", max_length=1500)
    pictures: tuple[str, ...] = Field((), max_length=MOST_PICTURES)
    loras: tuple[CastLoraUse, ...] = Field((), max_length=MOST_LORAS)
    voice: str | None = Field(None, max_length=120)
    notes: str = Field("", max_length=5000)
    project_id: str | None = None


class NewMember(CastChange):
    """A new cast member."""

    name: str = Field(max_length=200)
