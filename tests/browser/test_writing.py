"""The Writing tab in a real browser, with the real small model."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import shot
from tests.support.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Opened = Callable[..., Page]
LONG = "Write out the numbers: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, and so on up to 5000."
ENDED = re.compile(r"\b(done|stopped)\b")


@pytest.fixture
def room(opened: Opened, ann: httpx.Client) -> Page:
    """The tab before the first message, set to short answers."""
    return ready(opened(ann, at="writing"))


def ready(page: Page) -> Page:
    expect(page.locator(".writing .preset").first).to_be_visible()
    expect(page.locator(".box .answerer select")).to_contain_text("SmolLM2")
    return page


def set_advanced(page: Page, **values: float) -> None:
    """Set fields under Advanced by their names in a request."""
    page.get_by_role("button", name="Advanced", exact=True).click()
    sheet = page.locator(".advanced-sheet")
    for name, value in values.items():
        field = sheet.locator(f"[name={name}]")
        field.fill(str(value))
        field.press("Tab")
    sheet.get_by_role("button", name="Close").click()


def ask(page: Page, text: str, tokens: int = 24) -> Locator:
    """Send a message. Returns the answer, which may still be running."""
    set_advanced(page, max_tokens=tokens, temperature=0)
    before = page.locator(".remark.user").count()
    area = page.get_by_label("Message", exact=True)
    area.fill(text)
    area.press("Enter")
    expect(page.locator(".remark.user")).to_have_count(before + 1)
    return page.locator(".remark.assistant").last


def ended(answer: Locator) -> Locator:
    """The complete answer, once it has ended."""
    expect(answer).to_have_class(ENDED, timeout=90_000)
    expect(answer.locator(".written .block").first).to_be_visible()
    return answer


def words(answer: Locator) -> str:
    return answer.locator(".written").inner_text().strip()


def test_an_answer_streams_and_continues_after_a_reload(room: Page) -> None:
    answer = ask(room, LONG, 6000)
    first = until(lambda: words(answer), 60, "the first words")
    until(lambda: len(words(answer)) > len(first), 60, "more words")
    expect(answer).to_have_attribute("aria-busy", "true")
    address = room.url
    assert re.search(r"#writing/[0-9a-f]{32}$", address)
    room.reload()
    again = room.locator(".remark.assistant")
    expect(again).to_have_class(re.compile("answering"))
    taken_up = until(lambda: words(again), 60, "the words from before the reload")
    until(lambda: len(words(again)) > len(taken_up), 60, "words after the reload")
    room.keyboard.press("Escape")
    ended(again)
    expect(again.locator(".stopped")).to_contain_text("The text so far is kept")
    seen = re.findall(r"\d+", taken_up)[:-1]  # the last one may be half a number; unfinished Markdown changes
    assert re.findall(r"\d+", words(again))[: len(seen)] == seen
    assert room.url == address
    expect(room.locator(".talk-row[aria-current]")).to_contain_text("Write out the numbers")
    expect(room.locator(".bar .status.busy")).to_have_count(0)


def test_stopping_keeps_the_text_and_another_answer_is_a_branch(room: Page) -> None:
    answer = ask(room, LONG, 6000)
    until(lambda: words(answer), 60, "the first words")
    room.get_by_role("button", name="Stop the answer").press("Enter")
    half = words(ended(answer))
    assert half
    expect(room.get_by_role("button", name="Send", exact=True)).to_be_focused()
    set_advanced(room, max_tokens=12, temperature=1)
    answer.get_by_role("button", name="Regenerate").click()
    branches = room.locator(".remark.assistant .branches")
    expect(branches).to_contain_text("2 / 2", timeout=90_000)
    other = words(ended(room.locator(".remark.assistant")))
    room.get_by_role("button", name="Previous").click()
    expect(branches).to_contain_text("1 / 2")
    assert words(ended(room.locator(".remark.assistant"))) == half
    room.get_by_role("button", name="Next").click()
    expect(branches).to_contain_text("2 / 2")
    assert words(ended(room.locator(".remark.assistant"))) == other


def test_a_question_is_edited_and_sent_again(room: Page) -> None:
    ended(ask(room, "Say one."))
    room.get_by_label("Message", exact=True).press("ArrowUp")
    area = room.locator(".anew textarea")
    expect(area).to_be_focused()
    expect(area).to_have_value("Say one.")
    area.press("Escape")
    expect(room.locator(".remark.user .said")).to_have_text("Say one.")
    room.locator(".remark.user").hover()
    room.get_by_role("button", name="Edit and send again").click()
    area.fill("Say two.")
    area.press("Enter")
    expect(room.locator(".remark.user .said")).to_have_text("Say two.")
    ended(room.locator(".remark.assistant"))
    expect(room.locator(".remark.user .branches")).to_contain_text("2 / 2")
    room.locator(".remark.user").get_by_role("button", name="Previous").click()
    expect(room.locator(".remark.user .said")).to_have_text("Say one.")


def test_two_people_write_at_once_and_see_only_their_own_conversations(
    opened: Opened, ann: httpx.Client, bob: httpx.Client
) -> None:
    hers, his = ready(opened(ann, at="writing")), ready(opened(bob, at="writing"))
    first, second = ask(hers, "Say something about red apples."), ask(his, "Say something about blue boats.")
    assert words(ended(first))
    assert words(ended(second))
    expect(hers.locator(".talks .list")).to_contain_text("red apples")
    expect(hers.locator(".talks .list")).not_to_contain_text("blue boats")
    expect(his.locator(".talks .list")).not_to_contain_text("red apples")
    his.goto(f"/#{hers.url.partition('#')[2]}")
    expect(his.locator(".toast")).to_contain_text("There is no such conversation")
    expect(his.locator(".writing .preset").first).to_be_visible()


def test_an_attached_file_is_read(room: Page, tmp_path: Path) -> None:
    note = tmp_path / "call sheet.txt"
    note.write_text("Call time is 6:30 at the pier.")
    room.get_by_label("Attach files").set_input_files(note)
    expect(room.locator(".box .file .name")).to_have_text("call sheet")
    answer = ended(ask(room, "When is the call time?", 40))
    assert "6:30" in words(answer)
    expect(room.locator(".remark.user .file .name")).to_have_text("call sheet")
    expect(room.locator(".box .file")).to_have_count(0)
    room.get_by_role("button", name="Attach from the library").click()
    room.locator(".picker .found").get_by_role("button", name="call sheet").first.click()
    expect(room.locator(".box .file .name")).to_have_text("call sheet")
    room.get_by_role("button", name="Remove call sheet").click()
    expect(room.locator(".box .file")).to_have_count(0)


def test_a_document_of_the_library_is_attached(opened: Opened, ann: httpx.Client) -> None:
    paper = ann.post("/api/assets", params={"name": "treaty.txt"}, content=b"The otter gets the boat.").json()["id"]
    page = opened(ann, at="library")
    page.locator(f'[data-asset="{paper}"]').click()
    page.locator(".detail").get_by_role("group", name="Use as input for").get_by_role("button", name="Writing").click()
    expect(page.locator(".box .file .name")).to_have_text("treaty")


def test_a_message_that_does_not_fit_is_reported_and_not_lost(room: Page) -> None:
    area = room.get_by_label("Message", exact=True)
    text = "word " * 9_500
    area.fill(text)
    expect(room.locator(".box .hint")).to_contain_text("takes only 8,192")
    area.press("Enter")
    expect(room.locator(".box .problem")).to_contain_text("takes only 8,192")
    expect(area).to_have_value(text)
    expect(room.locator(".remark")).to_have_count(0)
    area.fill("")


def test_a_format_with_its_example_becomes_a_conversation(room: Page) -> None:
    room.get_by_role("button", name="Example: Client email").click()
    expect(room.get_by_label("To whom")).to_have_value(re.compile("Okafor"))
    expect(room.locator(".box .chosen")).to_contain_text("Client email")
    set_advanced(room, max_tokens=24)
    shot(room, "writing-preset")
    room.get_by_role("button", name="Write the email").click()
    expect(room.locator(".remark.user .said")).to_contain_text("To whom: Ms. Okafor")
    expect(room.locator(".remark.user .said")).to_contain_text("Write the email, ready to send.")
    ended(room.locator(".remark.assistant"))
    expect(room.locator(".talk .head h2")).to_have_text("Client email: Ms. Okafor")
    room.get_by_role("button", name="Advanced", exact=True).click()
    expect(room.get_by_label("Instructions to the model")).to_have_value(re.compile("You write emails"))


def test_a_conversation_is_renamed_moved_found_deleted_and_restored(room: Page, ann: httpx.Client) -> None:
    ended(ask(room, "A quokka, please.", 8))
    more = room.get_by_role("button", name="More", exact=True)
    more.click()
    room.get_by_role("button", name="Rename").click()
    name = room.get_by_label("Name of the conversation")
    name.fill("Marsupials")
    name.press("Enter")
    expect(room.locator(".talk .head h2")).to_have_text("Marsupials")
    search = room.get_by_label("Search conversations")
    search.fill("quokka")
    row = room.locator(".talk-row", has_text="Marsupials")
    expect(row).to_contain_text("quokka")
    search.fill("")
    more.click()
    room.get_by_role("button", name="Move to Shared work").click()
    expect(room.locator(".talk .where")).to_contain_text("Shared work")
    expect(row).to_have_count(0)
    more.click()
    room.get_by_role("button", name="Delete", exact=True).click()
    expect(room.locator(".writing .preset").first).to_be_visible()
    room.locator(".toast").get_by_role("button", name="Undo").click()
    expect(room.locator(".talk .head h2")).to_have_text("Marsupials")
    with room.expect_download() as download:
        more.click()
        room.locator("#talk-menu").get_by_role("button", name="Save as file").click()
        room.get_by_role("button", name="Word", exact=True).click()
    assert download.value.suggested_filename == "Marsupials.docx"


def test_others_can_read_in_a_shared_project(opened: Opened, ann: httpx.Client, bob: httpx.Client) -> None:
    [project] = [one["id"] for one in bob.get("/api/projects").json() if one["name"] == "Shared work"]
    body: dict[str, Any] = {"text": "For everybody.", "options": {"max_tokens": 8}, "project_id": project}
    talk = bob.post("/api/conversations", json=body).json()["conversation"]["id"]
    page = opened(ann, at=f"writing/{talk}")
    expect(page.locator(".remark.user .said")).to_have_text("For everybody.")
    expect(page.locator(".talk .where")).to_have_text("bob's conversation. You can read it but not reply.")
    expect(page.get_by_label("Message", exact=True)).to_be_hidden()
    ended(page.locator(".remark.assistant"))
    page.get_by_role("button", name="Continue in your own copy").click()
    expect(page.get_by_label("Message", exact=True)).to_be_visible()
    expect(page.locator(".talk .where")).to_contain_text("My own work")


def test_markdown_is_shown_and_nothing_in_it_runs(room: Page) -> None:
    room.evaluate(
        """async () => {
          const { MarkdownView } = await import('/c41/js/writing/markdown.js');
          const place = document.createElement('div');
          place.id = 'tried';
          document.body.append(place);
          const prose = new MarkdownView(place);
          prose.set('# Half');
          prose.set(`# Title

<img src=x onerror="window.hit = 1"><script>window.hit = 1</script>
[a](javascript:window.hit=1) ![p](http://elsewhere/x.png)

| a | b |
|---|---|
| 1 | 2 |

\\`\\`\\`python
def f(): return 1
\\`\\`\\``);
        }"""
    )
    tried = room.locator("#tried")
    expect(tried.locator("h1")).to_have_text("Title")
    expect(tried.locator("td").last).to_have_text("2")
    expect(tried.locator("figure.code .hljs-keyword").first).to_have_text("def")
    expect(tried).to_contain_text("<script>window.hit = 1</script>")
    assert tried.locator("img, script, a[href^=javascript]").count() == 0
    assert room.evaluate("window.hit") is None
    expect(tried.locator("a", has_text="p")).to_have_attribute("rel", "noopener noreferrer")


def test_an_answer_is_sent_to_speech(room: Page) -> None:
    answer = ended(ask(room, "Say good evening.", 16))
    said = words(answer)
    answer.get_by_role("button", name="Generate voice-over").click()
    expect(room.locator("#tab-audio")).to_be_visible()
    expect(room.locator("#task-speak textarea").first).to_have_value(said, timeout=30_000)


def test_on_a_phone_the_list_is_a_sheet_and_everything_fits(opened: Opened, ann: httpx.Client) -> None:
    page = ready(opened(ann, width=390, at="writing"))
    shot(page, "writing-start-phone")
    set_advanced(page, max_tokens=30)
    page.get_by_label("Message", exact=True).fill("Three words about rain.")
    page.get_by_role("button", name="Send").click()
    ended(page.locator(".remark.assistant"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(".box").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 844
    shot(page, "writing-talk-phone")
    expect(page.locator(".talks")).to_be_hidden()
    page.get_by_role("button", name="Conversations").click()
    page.locator(".talk-row", has_text="Three words").click()
    expect(page.locator(".talks")).to_be_hidden()
    expect(page.locator(".remark.user .said")).to_have_text("Three words about rain.")
