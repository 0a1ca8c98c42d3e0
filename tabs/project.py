"""Project: script, pictures, clips, sounds, notes, cast and people of one project, and the list of all projects."""

from studio import Studio
from tabs.part import part


def build(_: Studio) -> None:
    """Build the tab; the page's script renders its content."""
    part(
        "project",
        """<section class="project-page" aria-labelledby="project-title">
        <header class="project-head"><h2 id="project-title">Projects</h2></header>
        <div class="project-columns" hidden><div class="project-main">
          <section class="project-script" aria-labelledby="project-script-title" hidden>
            <header><h3 id="project-script-title">Script</h3><div class="steps"></div></header>
            <p class="bare"></p>
            <div class="script-text" tabindex="0" role="region" aria-label="Text of the script">
              <div class="written"></div></div></section>
          <div class="project-files"></div></div>
        <div class="project-side">
          <section aria-labelledby="project-notes-title"><h3 id="project-notes-title">Notes</h3>
            <textarea class="project-notes" rows="8" maxlength="50000" aria-labelledby="project-notes-title"
              placeholder="Anything everyone on the project should know"></textarea>
            <p class="notes-state bare" role="status"></p><div class="notes-wrong" role="alert" hidden></div></section>
          <section class="project-cast" aria-label="Cast" hidden></section>
          <section class="project-runs" aria-label="Recipes" hidden></section>
          <section class="project-people" aria-label="People"></section></div></div>
        <section class="project-all" aria-label="All projects"></section></section>""",
    )
