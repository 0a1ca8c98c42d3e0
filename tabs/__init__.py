"""What a person sees: one module a tab. Components are built, requests submitted, nothing else."""

import json
from typing import Any

import gradio as gr

from engines.loras import families
from engines.tasks import TASKS
from studio import Studio
from tabs import audio, cast, home, image, library, models, studio_page, video, writing
from tabs.bar import bar
from tabs.theme import Theme
from tabs.tray import tray

TABS = (
    ("writing", "Writing", writing),
    ("image", "Image", image),
    ("video", "Video", video),
    ("audio", "Audio", audio),
)
"""Where things are made, in the order of the bar; each also has a ``card`` on Home."""
ROOMS = (
    ("library", "Library", library),
    ("cast", "Cast", cast),
    ("models", "Models", models),
    ("studio", "Studio", studio_page),
)
"""Where nothing is made: reached from the menu."""

_HEAD = """
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="dark light">
<link rel="icon" type="image/svg+xml" href="c41/logo.svg">
<link rel="stylesheet" href="c41/css/page.css">
<link rel="stylesheet" href="c41/css/form.css">
<link rel="stylesheet" href="c41/css/image.css">
<link rel="stylesheet" href="c41/css/video.css">
<link rel="stylesheet" href="c41/css/mask.css">
<link rel="stylesheet" href="c41/css/loras.css">
<link rel="stylesheet" href="c41/css/stage.css">
<link rel="stylesheet" href="c41/css/speech.css">
<link rel="stylesheet" href="c41/css/tray.css">
<link rel="stylesheet" href="c41/css/library.css">
<link rel="stylesheet" href="c41/css/library-detail.css">
<link rel="stylesheet" href="c41/css/cast.css">
<link rel="stylesheet" href="c41/css/models.css">
<link rel="stylesheet" href="c41/css/recipes.css">
<link rel="stylesheet" href="c41/css/home.css">
<link rel="stylesheet" href="c41/css/studio-page.css">
<link rel="stylesheet" href="c41/css/writing.css">
<link rel="stylesheet" href="c41/css/prose.css">
<script>window.C41 = {media: %s, offered: %s, families: %s, queue: [],
mount(...part) { this.queue.push(part) }};</script>
<script type="module" src="c41/js/studio.js"></script>"""


def build(studio: Studio) -> gr.Blocks:
    """The whole page."""
    blocks: gr.Blocks
    with gr.Blocks(title="C41 Studio", analytics_enabled=False, fill_width=True) as blocks:
        bar([(name, title) for name, title, _ in TABS])
        with gr.Tabs(elem_id="doors", overflow_behavior="wrap"):
            with gr.Tab("Home", id="home", elem_id="tab-home"):
                home.build([module.card(studio) for _, _, module in TABS])
            for name, title, module in (*TABS, *ROOMS):
                with gr.Tab(title, id=name, elem_id=f"tab-{name}"):
                    module.build(studio)
        tray()
    return blocks


def offered(studio: Studio) -> dict[str, str]:
    """The tasks among which a tab lets choose, and what they are called there."""
    return {task: name for _, _, module in TABS for task, name in module.card(studio).tasks}


def mount_options(studio: Studio) -> dict[str, Any]:
    """How the page looks and what it loads, for ``gr.mount_gradio_app``."""
    media = json.dumps({task: entry.medium for task, entry in TASKS.items()})
    known = (media, json.dumps(list(offered(studio))), json.dumps(families.table().names))
    return {"theme": Theme(), "head": _HEAD % known, "footer_links": []}
