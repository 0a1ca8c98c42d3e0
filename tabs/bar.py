"""The head of the page: logo, tabs, project in hand, device meter, menu."""

from collections.abc import Sequence
from html import escape

import gradio as gr

from tabs.parts import part

_MENUS = """
<div id="projects" popover role="dialog" aria-label="Current project">
  <div class="list" role="menu" aria-label="Projects"></div>
  <form><label for="project-name">New project</label>
    <div class="row"><input id="project-name" name="name" maxlength="80" autocomplete="off" placeholder="Harbor spot">
    <button type="submit">Create</button></div>
    <fieldset class="whose"><legend>Who sees it?</legend>
    <label><input type="radio" name="shared" value="yes" checked><span class="all">Both of us</span></label>
    <label><input type="radio" name="shared" value="no"><span>Only me</span></label></fieldset></form>
</div>
<div id="menu" popover aria-label="Menu">
  <div class="who"></div>
  <button type="button" class="hand" popovertarget="projects">Project <b class="in-hand">My own work</b></button>
  <a href="#library">Library</a>
  <a href="#cast">Cast</a>
  <a href="#models">Models</a>
  <a href="#studio" class="owners" hidden>Studio</a>
  <a href="account">Account</a>
  <a href="./?view=api" target="_blank" rel="noopener">API for scripts</a>
  <button type="button" data-do="tell" hidden>Tell me when something is done</button>
  <div class="looks" role="group" aria-label="Look"></div>
  <form method="post" action="logout"><button type="submit">Sign out</button></form>
</div>"""


def _markup(tabs: Sequence[tuple[str, str]]) -> str:
    links = "".join(f'<a href="#{name}">{escape(title)}</a>' for name, title in tabs)
    return f"""<header class="bar">
<h1 class="logo"><a href="#home"><img src="c41/logo.svg" alt="" width="26" height="26">C41 Studio</a></h1>
<nav aria-label="Tabs">{links}</nav>
<button type="button" class="pill project" popovertarget="projects" aria-haspopup="dialog" aria-expanded="false">
  <span class="name">Project</span> <b class="in-hand">My own work</b>
  <span class="caret" aria-hidden="true"></span></button>
<span class="pill device" hidden></span>
<a class="lib" href="#library">Library</a>
<button type="button" class="pill more" popovertarget="menu" aria-haspopup="menu" aria-expanded="false">
  Menu<span class="caret" aria-hidden="true"></span></button>
{_MENUS}</header>"""


def bar(tabs: Sequence[tuple[str, str]]) -> gr.HTML:
    """The bar over ``tabs``, each a name and a title; it asks the API who opened the page."""
    return part("bar", _markup(tabs), elem_id="bar")
