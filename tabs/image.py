"""Image: generate, edit and enhance pictures."""

from engines.requests import (
    ChangeImage,
    CreateImage,
    CutOut,
    EditImage,
    ExtendImage,
    FillImage,
    StylizeImage,
    UpscaleImage,
)
from studio import Studio
from tabs import recipes
from tabs.home import Card
from tabs.prompt_form import PromptForm
from tabs.upscale_form import UpscaleForm
from tabs.workspace import More, WorkspaceTab, with_model, workspace

FORMS = (
    WorkspaceTab(CreateImage, "Create", "Generate", form=PromptForm),
    WorkspaceTab(ChangeImage, "Change", "Change", form=PromptForm),
    WorkspaceTab(EditImage, "Edit", "Edit", form=PromptForm),
    WorkspaceTab(FillImage, "Fill", "Fill", form=PromptForm),
    WorkspaceTab(ExtendImage, "Extend", "Extend", form=PromptForm),
)
ENHANCE = (
    WorkspaceTab(UpscaleImage, "Enlarge", "Enlarge", form=UpscaleForm),
    WorkspaceTab(CutOut, "Cut out", "Cut out"),
    WorkspaceTab(StylizeImage, "Restyle", "Restyle"),
)


def card(studio: Studio) -> Card:
    """Return the tab's card on Home."""
    use = "Enlarge a picture, remove its background, paint it in another style."
    if len(_workspace_tabs(studio)) > len(ENHANCE):
        use = "Generate one from a prompt, or edit, extend, enlarge or cut out your own."
    return Card.of("image", "A picture", use, "image", _workspace_tabs(studio))


def build(studio: Studio) -> None:
    """Build the tab."""
    workspace(studio, "image", _workspace_tabs(studio), more=[More("Recipes", "recipes", recipes.build)])


def _workspace_tabs(studio: Studio) -> list[WorkspaceTab]:
    """Return the tab's tasks; those that generate only if a model for them is installed."""
    return [*with_model(studio, FORMS), *ENHANCE]
