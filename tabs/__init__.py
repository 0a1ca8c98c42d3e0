"""The page, one module per tab: builds components and submits requests, nothing else."""

from typing import Any

import gradio as gr

from engines.loras import families
from engines.tasks import TASKS
from studio import Studio
from tabs import audio, cast, home, image, library, loras_page, models, project, studio_page, video, writing
from tabs.bar import bar
from tabs.loading.gradio_frontend import front_end
from tabs.loading.hashed_files import HashedFiles
from tabs.loading.head import head
from tabs.queue_panel import queue_panel
from tabs.theme import Theme

TABS = (
    ("writing", "Writing", writing),
    ("image", "Image", image),
    ("video", "Video", video),
    ("audio", "Audio", audio),
)
"""The tabs that make things, in the order of the bar; each also has a ``card`` on Home."""
MENU_PAGES = (
    ("library", "Library", library),
    ("project", "Project", project),
    ("cast", "Cast", cast),
    ("loras", "LoRAs", loras_page),
    ("models", "Models", models),
    ("studio", "Studio", studio_page),
)
"""The other tabs, reached from the menu."""

STYLES = (
    "core/tokens.css",
    "core/page.css",
    "form/form.css",
    "image/image.css",
    "video/video.css",
    "image/mask.css",
    "loras/loras.css",
    "stage/stage.css",
    "viewer/viewer.css",
    "audio/speech.css",
    "queue/queue.css",
    "library/library.css",
    "library/detail.css",
    "cast/cast.css",
    "models/models.css",
    "recipes/recipes.css",
    "home/home.css",
    "project/project.css",
    "shell/search.css",
    "studio/page.css",
    "writing/writing.css",
    "writing/prose.css",
    "core/touch.css",
)
"""The style sheets in ``assets/css``, in the order in which they apply."""


def build(studio: Studio) -> gr.Blocks:
    """Build the whole page."""
    blocks: gr.Blocks
    with gr.Blocks(title="C41 Studio", analytics_enabled=False, fill_width=True) as blocks:
        bar([(name, title) for name, title, _ in TABS])
        with gr.Tabs(elem_id="all-tabs", overflow_behavior="wrap"):
            with gr.Tab("Home", id="home", elem_id="tab-home"):
                home.build([module.card(studio) for _, _, module in TABS])
            for name, title, module in (*TABS, *MENU_PAGES):
                with gr.Tab(title, id=name, elem_id=f"tab-{name}"):
                    module.build(studio)
        queue_panel()
    return blocks


def offered(studio: Studio) -> dict[str, str]:
    """The tasks a tab offers, and their names there."""
    return {task: name for _, _, module in TABS for task, name in module.card(studio).tasks}


def mount_options() -> dict[str, Any]:
    """The theme and the footer of the page, for ``gr.mount_gradio_app``."""
    return {"theme": Theme(), "footer_links": []}


def page_head(studio: Studio, blocks: gr.Blocks, files: HashedFiles) -> str:
    """The end of the ``<head>`` of the page, once Gradio has mounted it; the files it names are added to ``files``."""
    known = {
        "media": {task: entry.medium for task, entry in TASKS.items()},
        "offered": list(offered(studio)),
        "families": families.table().names,
    }
    components = {block.get_block_name() for block in blocks.blocks.values()}
    return head(files, front_end(components), blocks.theme_css, STYLES, known)
