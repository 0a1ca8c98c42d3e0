"""Video: generate clips, change them with a model, and finish them: enlarge, cut, join, grade, add sound, deliver."""

from engines.requests.change_clip import EditClip, ExtendClip, FillClip, RestyleClip
from engines.requests.deliver import DeliverClip
from engines.requests.finish import AddSound, CutClip, GradeClip, JoinClips
from engines.requests.video import AnimateImage, ContinueClip, CreateClip, InterpolateClip, UpscaleClip
from studio import Studio
from tabs.home import Card
from tabs.upscale_form import UpscaleForm
from tabs.video_form import VideoForm
from tabs.workspace import WorkspaceTab, with_model, workspace

FORMS = (
    WorkspaceTab(CreateClip, "Create", "Generate clip", form=VideoForm),
    WorkspaceTab(AnimateImage, "Animate", "Animate", form=VideoForm),
    WorkspaceTab(ContinueClip, "Continue", "Continue clip", form=VideoForm),
    WorkspaceTab(RestyleClip, "Restyle", "Restyle", form=VideoForm),
    WorkspaceTab(EditClip, "Edit", "Edit", form=VideoForm),
    WorkspaceTab(FillClip, "Fill", "Fill", form=VideoForm),
    WorkspaceTab(ExtendClip, "Extend", "Extend", form=VideoForm),
)
ENHANCE = (
    WorkspaceTab(UpscaleClip, "Enlarge", "Enlarge", form=UpscaleForm),
    WorkspaceTab(InterpolateClip, "Frame rate", "Change frame rate"),
    WorkspaceTab(CutClip, "Cut", "Cut"),
    WorkspaceTab(JoinClips, "Join", "Join"),
    WorkspaceTab(GradeClip, "Color", "Grade"),
    WorkspaceTab(AddSound, "Sound", "Add sound"),
    WorkspaceTab(DeliverClip, "Deliver", "Deliver"),
)


def card(studio: Studio) -> Card:
    """Return the tab's card on Home."""
    use = "Enlarge, cut, join, grade, add sound, deliver."
    if len(_workspace_tabs(studio)) > len(ENHANCE):
        use = "Generate one from a prompt or animate a picture; enlarge, cut, join, grade, deliver."
    return Card.of("video", "A clip", use, "clip", _workspace_tabs(studio))


def build(studio: Studio) -> None:
    """Build the tab."""
    workspace(studio, "video", _workspace_tabs(studio))


def _workspace_tabs(studio: Studio) -> list[WorkspaceTab]:
    """Return the tab's tasks; those that generate only if a model for them is installed."""
    return [*with_model(studio, FORMS), *ENHANCE]
