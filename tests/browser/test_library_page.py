"""The library in a real browser: search, select, organize, compare, upload; ten thousand files; a phone."""

import base64
import io
import json
import mimetypes
import re
import sqlite3
import time
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, PngImagePlugin
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import shot
from tests.browser.support import unbundled
from tests.browser.test_accessible import serious
from tests.support.live import Live, finished, submit, upload
from tests.support.waiting import until

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
MANY = 10_000
NEAR = 600  # elements in the grid, however long the list
PROMPT = "a lighthouse at dusk, storm clouds"


@pytest.fixture(scope="module")
def lena(house: Live, ann: httpx.Client) -> httpx.Client:
    """A person with a small library."""
    return house.add("lena")


@pytest.fixture(scope="module")
def shelf(lena: httpx.Client, photo: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Its assets, oldest first: a red, a green and a blue lamp, and a cut-out of the red one."""
    folder = tmp_path_factory.mktemp("shelf")
    found = {}
    for name in ("red", "green", "blue"):
        picture = Image.open(photo) if name == "red" else Image.new("RGB", (96, 64), name)
        picture.save(folder / f"{name} lamp.png")
        found[name] = upload(lena, folder / f"{name} lamp.png")
    job = submit(lena, {"task": "cut_out", "image": found["red"], "background": "white"})
    return {**found, "cut": str(finished(lena, job)["assets"][0])}


@pytest.fixture(scope="module")
def mona(house: Live, ann: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> httpx.Client:
    """A person with ten thousand pictures, one every half hour."""
    person = house.add("mona")
    path = tmp_path_factory.mktemp("many") / "frame.png"
    Image.new("RGB", (64, 48), "teal").save(path)
    rows(house, upload(person, path), MANY - 1)
    return person


def rows(house: Live, asset: str, number: int, **fields: Any) -> None:
    """Copies of an asset, written directly into the database and sharing its file."""
    with sqlite3.connect(house.data / "studio.db", timeout=30) as database:
        database.row_factory = sqlite3.Row
        like = dict(database.execute("SELECT * FROM assets WHERE id = ?", [asset]).fetchone())
        now = time.time() - 60
        more = [
            {
                **like,
                "id": uuid.uuid4().hex,
                "title": f"Frame {n}",
                "created_at": now - 1800 * n,
                "moment": None,
                **fields,
            }
            for n in range(1, number + 1)
        ]
        columns = ", ".join(like)
        database.executemany(f"INSERT INTO assets ({columns}) VALUES ({', '.join(':' + name for name in like)})", more)
    database.close()


def tile(page: Page, asset: str) -> Locator:
    return page.locator(f".roll .tile[data-asset='{asset}']")


def found(page: Page, number: int) -> None:
    expect(page.locator(".library .count")).to_have_text(f"{number} found")
    expect(page.locator(".roll .tile:not(.waiting)")).to_have_count(number)


def drop(page: Page, target: str, *paths: Path) -> None:
    """Drop files from the desktop on the first element that matches ``target``."""
    files = [
        [path.name, mimetypes.guess_type(path.name)[0] or "", base64.b64encode(path.read_bytes()).decode()]
        for path in paths
    ]
    transfer = page.evaluate_handle(
        """async files => {
          const transfer = new DataTransfer();
          for (const [name, type, content] of files) {
            transfer.items.add(new File([Uint8Array.from(atob(content), it => it.charCodeAt(0))], name, {type}));
          }
          return transfer;
        }""",
        files,
    )
    for name in ("dragenter", "dragover", "drop"):
        page.locator(target).first.dispatch_event(name, {"dataTransfer": transfer})


# -- search


def test_search_and_filters_work_and_back_undoes_them(
    opened: Opened, lena: httpx.Client, shelf: dict[str, str]
) -> None:
    page = opened(lena, at="library")
    expect(page.locator(".roll .tile:not(.waiting)")).to_have_count(4)
    page.keyboard.press("/")
    expect(page.get_by_label("Search the library")).to_be_focused()
    page.keyboard.type("red lam")
    found(page, 2)
    page.get_by_label("Show", exact=True).select_option("made")
    found(page, 1)
    expect(tile(page, shelf["cut"])).to_be_visible()
    page.reload()
    found(page, 1)  # the address has all filters
    expect(page.get_by_label("Search the library")).to_have_value("red lam")
    page.go_back()
    found(page, 2)
    expect(page.get_by_label("Show", exact=True)).to_have_value("")
    page.get_by_label("Search the library").fill("zeppelin")
    expect(page.locator(".library .end")).to_contain_text("No matches.")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator(".roll .tile:not(.waiting)")).to_have_count(4)
    page.get_by_label("Kind").select_option("image")
    expect(page.get_by_label("Kind").locator("option:checked")).to_have_text("Pictures (4)")
    page.get_by_label("Date").select_option("range")
    page.get_by_label("To this day").fill("2001-01-01")
    page.get_by_label("To this day").press("Tab")
    expect(page.locator(".library .end")).to_contain_text("No matches")


def test_ten_thousand_files_scroll(opened: Opened, mona: httpx.Client) -> None:
    for gone in mona.get("/api/assets?deleted=true").json()["assets"]:  # from an earlier attempt
        mona.post(f"/api/assets/{gone['id']}/restore").raise_for_status()
    page = opened(mona, at="library")
    unbundled(page)
    expect(page.locator(".library .count")).to_have_text("10,000")
    wall = page.locator(".library .wall")
    seen = page.locator(".roll .tile:not(.waiting)")
    for part in (0.2, 0.5, 0.9, 1):
        wall.evaluate("(it, part) => { it.scrollTop = part * it.scrollHeight; }", part)
        page.wait_for_function(
            """() => { const wall = document.querySelector('.library .wall').getBoundingClientRect();
              const inside = [...document.querySelectorAll('.roll .tile')].filter(it => {
                const box = it.getBoundingClientRect(); return box.bottom > wall.top && box.top < wall.bottom; });
              return inside.length > 5 && inside.every(it => it.querySelector('img')); }"""
        )
        assert page.locator(".roll *").count() < NEAR
    expect(page.locator(f".roll .tile[aria-posinset='{MANY}']")).to_be_in_viewport()
    wall.evaluate("it => { it.scrollTop = it.scrollHeight / 2; }")
    expect(seen.first).to_be_attached()
    held = page.evaluate(
        """() => { const top = document.querySelector('.library .wall').getBoundingClientRect().top;
          const it = [...document.querySelectorAll('.roll .tile')].find(one => one.getBoundingClientRect().top > top);
          return [it.dataset.asset, it.getBoundingClientRect().top]; }"""
    )
    newest = page.evaluate("fetch('api/library/index').then(it => it.json()).then(it => it.ids[0])")
    mona.delete(f"/api/assets/{newest}").raise_for_status()  # changes above the window move nothing
    page.evaluate("import('/c41/js/core/bus.js').then(bus => bus.emit('changed', {asset: {id: 'x'}, gone: true}))")
    expect(page.locator(".library .count")).to_have_text("9,999")
    assert abs(tile(page, held[0]).evaluate("it => it.getBoundingClientRect().top") - held[1]) <= 1
    tile(page, held[0]).click(modifiers=["Control"])
    page.get_by_role("button", name="All 9,999").click()
    expect(page.locator(".bulk-actions .number")).to_have_text("9,999 files selected")
    mona.post(f"/api/assets/{newest}/restore").raise_for_status()


def test_the_keyboard_reaches_everything(opened: Opened, lena: httpx.Client, shelf: dict[str, str]) -> None:
    page = opened(lena, at="library")
    tiles = page.locator(".roll .tile:not(.waiting)")
    expect(tiles).to_have_count(4)
    assert page.locator(".roll [tabindex='0']").count() == 1
    page.locator(".roll [tabindex='0']").focus()
    page.keyboard.press("End")
    expect(tile(page, shelf["red"])).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator(".bulk-actions .number")).to_have_text("2 files selected")
    page.keyboard.press("Escape")
    expect(page.locator(".bulk-actions")).to_be_hidden()
    page.keyboard.press("f")
    expect(tile(page, shelf["green"]).locator(".kept")).to_be_visible()
    page.keyboard.press("f")
    expect(tile(page, shelf["green"]).locator(".kept")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator(".detail")).to_be_visible()
    expect(page.locator(".detail").get_by_label("Title")).to_have_value("green lamp")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".detail").get_by_label("Title")).to_have_value("red lamp")
    page.keyboard.press("Escape")
    expect(page.locator(".detail")).to_be_hidden()
    expect(page).to_have_url(re.compile("#library$"))


def test_the_library_is_accessible(opened: Opened, lena: httpx.Client, shelf: dict[str, str]) -> None:
    page = opened(lena, look="light", at="library")
    tile(page, shelf["blue"]).locator("[data-tick]").click()
    tile(page, shelf["cut"]).click()
    expect(page.get_by_role("button", name="Compare")).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("Escape")
    tile(page, shelf["cut"]).click()
    expect(page.locator("dialog.detail .family")).to_be_visible()
    assert serious(page) == []


# -- bulk actions


def test_a_range_is_tagged_and_found_by_its_tag(opened: Opened, lena: httpx.Client, shelf: dict[str, str]) -> None:
    page = opened(lena, at="library")
    tile(page, shelf["blue"]).locator("[data-tick]").click()
    tile(page, shelf["red"]).click(modifiers=["Shift"])
    expect(page.locator(".bulk-actions .number")).to_have_text("3 files selected")
    shot(page, "library-chosen")
    page.locator(".bulk-actions").get_by_label("Add a tag").first.fill("Act one")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("3 files tagged")
    page.locator(".bulk-actions").get_by_role("button", name="Clear selection").click()
    page.get_by_label("Tag", exact=True).select_option("act one")
    found(page, 3)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".library .end")).to_contain_text("No matches")


def test_a_zip_contains_the_selection_and_can_be_clean(
    opened: Opened, lena: httpx.Client, shelf: dict[str, str]
) -> None:
    page = opened(lena, at="library")
    for name in ("cut", "blue"):
        tile(page, shelf[name]).click(modifiers=["Control"])
    held = {}
    for clean in (False, True):
        with page.expect_download() as download:
            page.locator(".bulk-actions").get_by_role(
                "button", name="Download for client" if clean else "Download ZIP"
            ).click()
        with zipfile.ZipFile(download.value.path()) as archive:
            names = sorted(archive.namelist())
            assert len(names) == 2
            assert clean == all(name.startswith("C41 Studio_") for name in names)
            cut = next(name for name in names if ("_96x64" not in name if clean else "Cut out" in name))
            held[clean] = Image.open(io.BytesIO(archive.read(cut)))
            held[clean].load()
    assert "cut_out" in str(held[False].info)
    assert "cut_out" not in str(held[True].info)
    assert held[False].tobytes() == held[True].tobytes()
    full = {"code": "disk_full", "what": "There is not enough disk space for the copy."}
    page.route("**/api/assets/zip", lambda route: route.fulfill(status=507, json=full))
    page.locator(".bulk-actions").get_by_role("button", name="Download for client").click()
    expect(page.locator(".toast.bad")).to_contain_text("There is not enough disk space for the copy.")
    expect(page.locator(".bulk-actions")).to_be_visible()


def test_foreign_provenance_breaks_nothing(opened: Opened, house: Live, ann: httpx.Client, tmp_path: Path) -> None:
    otto = house.add("otto")
    records = ("constructor", "__proto__")
    for task in records:
        told = PngImagePlugin.PngInfo()
        told.add_itxt("c41", json.dumps({"studio": "0.1.0", "request": {"task": task}, "model": {"id": task}}))
        Image.new("RGB", (32, 32), "navy").save(tmp_path / f"{task}.png", pnginfo=told)
        upload(otto, tmp_path / f"{task}.png")
    page = opened(otto, at="library")
    for task in records:
        page.locator(f".roll .tile[aria-label*='{task}']").click()
        expect(page.locator("dialog.detail dl")).to_contain_text(task)
        page.keyboard.press("Escape")
        expect(page.locator("dialog.detail")).to_be_hidden()
    page.get_by_label("Kind", exact=True).select_option("image")
    expect(page.locator(".library .count")).to_have_text("2 found")
    page.keyboard.press("Control+a")  # while a filter has the focus
    expect(page.locator(".bulk-actions .number")).to_have_text("2 files selected")


def test_many_files_are_deleted_and_restored(opened: Opened, lena: httpx.Client, shelf: dict[str, str]) -> None:
    page = opened(lena, at="library")
    for name in ("green", "blue"):
        tile(page, shelf[name]).click(modifiers=["Control"])
    page.locator(".bulk-actions").get_by_role("button", name="Delete").click()
    expect(page.locator(".roll .tile")).to_have_count(2)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".roll .tile")).to_have_count(4)
    tile(page, shelf["green"]).focus()
    page.keyboard.press("Delete")
    expect(page.locator(".roll .tile")).to_have_count(3)
    page.get_by_label("Show", exact=True).select_option("deleted")
    found(page, 1)
    tile(page, shelf["green"]).click(modifiers=["Control"])
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".library .end")).to_contain_text("The bin is empty.")


def test_two_pictures_are_compared(opened: Opened, lena: httpx.Client, shelf: dict[str, str]) -> None:
    page = opened(lena, at="library")
    for name in ("cut", "red"):
        tile(page, shelf[name]).click(modifiers=["Control"])
    page.get_by_role("button", name="Compare").click()
    viewer = page.locator("dialog.viewer")
    viewer.get_by_text("What differs").click()
    expect(viewer.locator("tbody")).to_contain_text("White")
    line = viewer.get_by_label("Position of the divider")
    line.focus()
    line.press("Home")
    plane = viewer.locator(".viewer-plane")
    assert plane.evaluate("it => it.style.getPropertyValue('--wipe')") == "0%"
    viewer.get_by_role("button", name="Side by side").click()
    page.keyboard.press("z")
    expect(viewer.locator(".viewer-zoom")).to_have_text("100 %")
    sizes = plane.locator("img").evaluate_all("all => all.map(it => [it.offsetLeft, it.offsetTop, it.offsetWidth])")
    assert sizes[0] == sizes[1]
    shot(page, "library-compare")
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()


# -- the detail view


def test_the_detail_view_leads_to_related_assets_and_forms(
    opened: Opened, lena: httpx.Client, shelf: dict[str, str]
) -> None:
    page = opened(lena, at="library")
    tile(page, shelf["cut"]).click()
    detail = page.locator("dialog.detail")
    expect(detail.locator("dl")).to_contain_text("White")
    detail.locator(".family").get_by_role("button", name="red lamp", exact=True).click()
    expect(detail.get_by_label("Title")).to_have_value("red lamp")
    expect(detail.locator(".family .parent")).to_have_attribute("data-asset", shelf["cut"])
    detail.get_by_label("Title").fill("Desk lamp")
    detail.get_by_label("Title").press("Enter")
    detail.get_by_label("Source").fill("Kaiser Film")
    detail.get_by_label("Source").press("Enter")
    detail.get_by_label("Add a tag").fill("Props")
    detail.get_by_label("Add a tag").press("Enter")
    expect(detail.locator(".tagged")).to_have_text("props")
    detail.get_by_role("button", name="Favorite").click()
    expect(detail.get_by_role("button", name="Favorite")).to_have_attribute("aria-pressed", "true")
    shot(page, "library-detail")
    kept = until(
        lambda: one if (one := lena.get(f"/api/assets/{shelf['red']}").json())["source"] else None, 20, "source"
    )
    assert (kept["title"], kept["source"], kept["tags"], kept["favorite"]) == (
        "Desk lamp",
        "Kaiser Film",
        ["props"],
        True,
    )
    page.go_back()
    expect(detail).to_be_hidden()
    expect(tile(page, shelf["red"]).locator(".kept")).to_be_visible()
    tile(page, shelf["red"]).click()
    detail.get_by_role("group", name="Use as input for").get_by_role("button", name="Restyle").click()
    expect(page.locator("#task-stylize_image")).to_be_visible()
    expect(page.locator("#bench-image .filled")).to_contain_text("Desk lamp")
    expect(detail).to_be_hidden()
    title = {"title": "red lamp", "tags": [], "source": None, "favorite": False}
    lena.patch(f"/api/assets/{shelf['red']}", json=title).raise_for_status()


def test_the_stage_marks_a_favorite(opened: Opened, lena: httpx.Client, shelf: dict[str, str]) -> None:
    page = opened(lena, at="image")
    page.locator(f"#tab-image .film [data-asset='{shelf['cut']}']").click()
    star = page.locator("#tab-image .under").get_by_role("button", name="Favorite")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    assert lena.get("/api/assets", params={"favorite": True}).json()["assets"][0]["id"] == shelf["cut"]
    star.click()
    expect(star).to_have_attribute("aria-pressed", "false")


# -- uploads


def test_files_are_uploaded_together(
    opened: Opened, house: Live, ann: httpx.Client, photo: Path, tmp_path: Path
) -> None:
    nora = house.add("nora")
    page = opened(nora, at="library")
    expect(page.locator(".library .end")).to_contain_text("Nothing here yet.")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"nothing" * 20)
    drop(page, ".library .wall", photo, broken)
    panel = page.get_by_label("Uploads")
    expect(panel.locator("li.done")).to_have_count(1)
    expect(panel.locator("li.wrong")).to_contain_text("broken.png")
    panel.get_by_label("Source").fill("The zoo")
    panel.get_by_label("Source").press("Enter")
    expect(page.locator(".roll .tile:not(.waiting)")).to_have_count(1)
    until(lambda: nora.get("/api/assets").json()["assets"][0]["source"] == "The zoo", 20, "the source")
    panel.get_by_role("button", name="Close").click()
    page.get_by_label("Search the library").fill("zoo")
    found(page, 1)


def test_a_picture_made_here_fills_the_form(
    opened: Opened, lena: httpx.Client, shelf: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "made.png"
    path.write_bytes(lena.get(f"/api/assets/{shelf['cut']}/file").content)
    page = opened(lena, at="image/upscale_image")
    expect(page.locator("#task-upscale_image .hint")).to_have_text("Add a picture first.")
    drop(page, "#tab-image .stage", path)
    expect(page.locator("#task-cut_out")).to_be_visible()
    expect(page.locator("#task-cut_out").get_by_label("White")).to_be_checked()
    expect(page.locator("#bench-image .filled")).to_contain_text("red lamp")


def test_a_picture_without_settings_becomes_the_input(opened: Opened, lena: httpx.Client, photo: Path) -> None:
    page = opened(lena, at="image/upscale_image")
    expect(page.locator("#task-upscale_image .hint")).to_have_text("Add a picture first.")
    drop(page, "#tab-image .stage", photo)
    expect(page.locator("#bench-image .filled")).to_contain_text("lion")


@pytest.mark.slow
@pytest.mark.usefixtures("twin")
def test_a_picture_from_elsewhere_fills_the_form(live: Live, chromium: Any, tmp_path: Path) -> None:
    told = PngImagePlugin.PngInfo()
    told.add_text(
        "parameters",
        f"{PROMPT}\nNegative prompt: people\n"
        "Steps: 23, Sampler: Euler a, CFG scale: 6.5, Seed: 4711, Size: 256x256, Model: dreamy_v9",
    )
    path = tmp_path / "from a1111.png"
    Image.new("RGB", (32, 32), "navy").save(path, pnginfo=told)
    person = live.first_account()
    page = chromium.new_page(base_url=live.url)
    page.set_default_timeout(30_000)
    page.context.add_cookies([{"name": c.name, "value": str(c.value), "url": live.url} for c in person.cookies.jar])
    page.goto("/#library")
    page.wait_for_selector(".library .end .teach")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Read settings").click()
    chooser.value.set_files(path)
    form = page.locator("#task-create_image")
    expect(form.get_by_role("textbox").first).to_have_value(PROMPT)
    expect(form.locator(".taken")).to_contain_text("dreamy_v9")
    expect(form.locator(".taken")).to_contain_text("Euler a")
    shot(page, "library-taken")
    form.get_by_role("button", name="Dismiss").click()
    form.locator(".advanced button").first.click()
    expect(form.get_by_label("Seed")).to_have_value("4711")
    page.context.close()


# -- storage, and a phone


def test_storage_lists_scheduled_deletions_and_keeps_files(
    opened: Opened, house: Live, ann: httpx.Client, photo: Path
) -> None:
    olga = house.add("olga")
    rows(house, upload(olga, photo), 2, step=1, origin="made", created_at=time.time() - 40 * 86400, job_id=None)
    page = opened(olga, at="library")
    page.get_by_role("button", name="Storage", exact=True).click()
    room = page.locator("dialog.space")
    expect(room).to_contain_text("olga")
    expect(room.locator(".leaving li")).to_have_count(2)
    shot(page, "library-space")
    room.get_by_role("button", name="Keep").first.click()
    expect(room.locator(".leaving li")).to_have_count(1)
    room.get_by_role("button", name="Move the 1 due now").click()
    expect(room.locator(".leaving li")).to_have_count(0)
    room.get_by_role("button", name="Close").click()
    expect(page.locator(".roll .tile")).to_have_count(2)


def test_a_phone_shows_three_columns_and_swipes(opened: Opened, mona: httpx.Client) -> None:
    page = opened(mona, 390, at="library")
    tiles = page.locator(".roll .tile:not(.waiting)")
    expect(tiles.nth(5)).to_be_visible()
    assert len(set(tiles.evaluate_all("all => all.map(it => it.getBoundingClientRect().left)"))) == 3
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    shot(page, "library-phone")
    third = tiles.nth(2)
    third.dispatch_event("pointerdown", {"pointerType": "touch", "bubbles": True})
    expect(page.locator(".bulk-actions .number")).to_have_text("1 file selected")
    tiles.nth(1).tap()
    expect(page.locator(".bulk-actions .number")).to_have_text("2 files selected")
    bar, below = page.locator(".bulk-actions").bounding_box(), page.locator(".bottom-bar").bounding_box()
    assert bar
    assert below
    assert bar["y"] + bar["height"] <= below["y"] + 1
    page.locator(".bulk-actions").get_by_role("button", name="Clear selection").tap()
    tiles.nth(1).tap()
    detail = page.locator("dialog.detail")
    expect(detail).to_be_visible()
    title = detail.get_by_label("Title").input_value()
    detail.locator(".view").evaluate(
        """it => { const at = (x, y) => [new Touch({identifier: 1, target: it, clientX: x, clientY: y})];
          it.dispatchEvent(new TouchEvent('touchstart', {touches: at(300, 200), bubbles: true}));
          it.dispatchEvent(new TouchEvent('touchend', {changedTouches: at(100, 205), bubbles: true})); }"""
    )
    expect(detail.get_by_label("Title")).not_to_have_value(title)
    shot(page, "library-phone-detail")
    page.go_back()
    expect(detail).to_be_hidden()
