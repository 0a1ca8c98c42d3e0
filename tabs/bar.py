"""The head of the page: logo, tabs, search, current project, device meter, menu."""

from collections.abc import Sequence
from html import escape

import gradio as gr

from tabs.part import part

_MENUS = """
<div id="projects" popover role="dialog" aria-label="Current project">
  <div class="list" role="menu" aria-label="Projects"></div>
  <a href="#project" class="page-link">Project page and archive</a>
  <form><label for="project-name">New project</label>
    <div class="row"><input id="project-name" name="name" maxlength="80" autocomplete="off" placeholder="Harbor spot">
    <button type="submit">Create</button></div>
    <fieldset class="whose"><legend>Who sees it?</legend>
    <label><input type="radio" name="shared" value="yes" checked><span class="all">Both of us</span></label>
    <label><input type="radio" name="shared" value="no"><span>Only me</span></label></fieldset></form>
</div>
<div id="menu" popover aria-label="Menu">
  <div class="who"></div>
  <button type="button" class="hand" popovertarget="projects">Project
    <b class="in-hand" dir="auto">My own work</b></button>
  <a href="#project">Project page</a>
  <a href="#library">Library</a>
  <a href="#cast">Cast</a>
  <a href="#loras">LoRAs</a>
  <a href="#models">Models</a>
  <a href="#studio" class="owners" hidden>Studio</a>
  <a href="account">Account</a>
  <a href="./?view=api" target="_blank" rel="noopener">API for scripts</a>
  <button type="button" data-do="shortcuts" class="keys">Keyboard shortcuts <kbd>?</kbd></button>
  <button type="button" data-do="tell" hidden>Notify me when a job is done</button>
  <div class="looks" role="group" aria-label="Theme"></div>
  <form method="post" action="logout"><button type="submit">Sign out</button></form>
</div>"""

_FINDER = """<dialog class="finder" aria-label="Search everything"><div class="top">
<input type="search" name="everything" maxlength="200" autocomplete="off" spellcheck="false"
  placeholder="Search everything" role="combobox" aria-label="Search everything" aria-autocomplete="list"
  aria-expanded="false" aria-controls="finder-found">
<button type="button" class="quiet" data-do="shut" aria-label="Close">×</button></div>
<p class="bare" role="status"></p>
<div id="finder-found" role="listbox" aria-label="Results" hidden></div></dialog>"""


def _markup(tabs: Sequence[tuple[str, str]]) -> str:
    links = "".join(f'<a href="#{name}">{escape(title)}</a>' for name, title in tabs)
    return f"""<header class="bar">
<h1 class="logo"><a href="#home"><img src="c41/logo.svg" alt="" width="26" height="26">C41 Studio</a></h1>
<nav aria-label="Tabs">{links}</nav>
<button type="button" class="pill seek" data-do="search" aria-haspopup="dialog" aria-keyshortcuts="/"
  title="Search everything"><span class="name">Search</span><kbd aria-hidden="true">/</kbd></button>
<button type="button" class="pill project" popovertarget="projects" aria-haspopup="dialog" aria-expanded="false">
  <span class="name">Project</span> <b class="in-hand" dir="auto">My own work</b>
  <span class="caret" aria-hidden="true"></span></button>
<button type="button" class="pill status" aria-expanded="false" aria-controls="queue-panel">Queue</button>
<span class="pill device" hidden></span>
<a class="lib" href="#library">Library</a>
<button type="button" class="pill more" popovertarget="menu" aria-haspopup="menu" aria-expanded="false">
  Menu<span class="caret" aria-hidden="true"></span></button>
{_MENUS}{_FINDER}</header>"""


def bar(tabs: Sequence[tuple[str, str]]) -> gr.HTML:
    """Put the bar with links to ``tabs``, each a name and a title, on the page; its script fetches the rest."""
    return part("bar", _markup(tabs), elem_id="bar")
