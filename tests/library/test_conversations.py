"""Conversations: access, branches, search and export."""

import io
import time
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import update

from auth.accounts.principal import Principal
from engines.requests import Write
from errors import StudioError
from library.conversations import answers
from library.conversations.answers import Answer
from library.conversations.export import FORMS, export, plain
from library.conversations.options import Options
from library.conversations.presets import built_in
from library.conversations.questions import Draft, QuestionText, title_of
from library.conversations.service import Conversations
from library.conversations.tables import Conversation
from library.conversations.views import ConversationDetail
from tests.library.conftest import Shelf


@pytest.fixture
def talks(shelf: Shelf) -> Conversations:
    return Conversations(shelf.database)


class Desk:
    """Writes questions and answers, as the queue does, one job after another."""

    def __init__(self, shelf: Shelf, talks: Conversations) -> None:
        self.shelf, self.talks, self.jobs = shelf, talks, 0

    def write(self, who: Principal, draft: Draft, answer: str | None = "Yes.") -> ConversationDetail:
        self.jobs += 1
        job = f"job-{self.jobs}"
        with self.shelf.database.session() as session:
            draft.write(session, job, "smollm2")
        if answer is not None:
            with self.shelf.database.session() as session:
                answers.finish(session, job, "done", Answer(text=answer, facts={"tokens": 3}))
        return self.talks.of_job(who, job)

    def begin(self, who: Principal, text: str, answer: str | None = "Yes.", **more: Any) -> ConversationDetail:
        return self.write(who, self.talks.begin(who, QuestionText("user", text), options={}, **more), answer)

    def ask(
        self, who: Principal, talk: ConversationDetail, text: str, answer: str | None = "Yes.", **more: Any
    ) -> ConversationDetail:
        return self.write(who, self.talks.question(who, talk.id, QuestionText("user", text), {}, **more), answer)


@pytest.fixture
def desk(shelf: Shelf, talks: Conversations) -> Desk:
    return Desk(shelf, talks)


def texts(talk: ConversationDetail) -> list[str]:
    return [message.text for message in talk.messages]


def code(error: pytest.ExceptionInfo[StudioError]) -> str:
    return error.value.problem.code


# -- questions


def test_a_question_and_its_answer_are_in_the_conversation(desk: Desk, ann: Principal) -> None:
    talk = desk.begin(ann, "Is the harbour open?", "It opens at six.")
    assert texts(talk) == ["Is the harbour open?", "It opens at six."]
    question, answer = talk.messages
    assert (question.role, answer.role, answer.state, answer.model) == ("user", "assistant", "done", "smollm2")
    assert answer.parent_id == question.id
    assert answer.facts == {"tokens": 3}
    assert talk.title == "Is the harbour open?"


def test_nothing_is_written_before_the_job(talks: Conversations, ann: Principal) -> None:
    talks.begin(ann, QuestionText("user", "Never sent"), options={})
    assert talks.page(ann).conversations == ()


def test_a_question_includes_the_whole_branch(desk: Desk, ann: Principal) -> None:
    talk = desk.begin(ann, "One?", "1.")
    draft = desk.talks.question(ann, talk.id, QuestionText("user", "Two?", ("f" * 32,)), {})
    assert [(said.role, said.text) for said in draft.turns] == [("user", "One?"), ("assistant", "1."), ("user", "Two?")]
    assert draft.turns[-1].attachments == ("f" * 32,)


def test_no_question_follows_an_unfinished_answer(desk: Desk, ann: Principal) -> None:
    talk = desk.begin(ann, "Slow?", None)
    assert talk.messages[-1].state == "answering"
    assert talk.answering
    with pytest.raises(StudioError) as error:
        desk.talks.question(ann, talk.id, QuestionText("user", "And now?"), {})
    assert code(error) == "still_answering"
    with pytest.raises(StudioError) as error:
        desk.talks.again(ann, talk.messages[-1].id, {})
    assert code(error) == "still_answering"


def test_an_empty_answer_is_not_sent_to_the_model(desk: Desk, ann: Principal) -> None:
    talk = desk.begin(ann, "First.", None)
    desk.talks.lost(talk.messages[-1].job_id or "")
    talk = desk.talks.get(ann, talk.id)
    assert talk.messages[-1].state == "stopped"
    draft = desk.talks.question(ann, talk.id, QuestionText("user", "Second."), {})
    assert [(said.role, said.text) for said in draft.turns] == [("user", "First.\n\nSecond.")]


def test_options_last_until_they_are_changed(desk: Desk, ann: Principal) -> None:
    draft = desk.talks.begin(ann, QuestionText("user", "Hi."), options={"system": "Be brief.", "temperature": 0.2})
    talk = desk.write(ann, draft)
    assert talk.options.model_dump() == {"system": "Be brief.", "temperature": 0.2}
    draft = desk.talks.question(ann, talk.id, QuestionText("user", "More."), {"temperature": 1.0})
    assert draft.options == {"system": "Be brief.", "temperature": 1.0}


# -- branches


def test_another_answer_is_a_sibling_and_the_old_one_stays(desk: Desk, ann: Principal) -> None:
    talk = desk.begin(ann, "A name?", "Otto.")
    first = talk.messages[-1]
    again = desk.talks.again(ann, first.id, {})
    assert [said.text for said in again.turns] == ["A name?"]
    talk = desk.write(ann, again, "Ida.")
    second = talk.messages[-1]
    assert texts(talk) == ["A name?", "Ida."]
    assert second.siblings == (first.id, second.id)
    assert texts(desk.talks.change(ann, talk.id, {"head_id": first.id})) == ["A name?", "Otto."]


def test_an_edited_question_starts_a_branch(desk: Desk, ann: Principal) -> None:
    talk = desk.begin(ann, "One?", "1.")
    talk = desk.ask(ann, talk, "Two?", "2.")
    one, answer, two, _ = talk.messages
    anew = desk.ask(ann, talk, "Three?", "3.", parent_id=answer.id)
    assert texts(anew) == ["One?", "1.", "Three?", "3."]
    assert anew.messages[2].siblings == (two.id, anew.messages[2].id)
    back = desk.talks.change(ann, talk.id, {"head_id": two.id})
    assert texts(back) == ["One?", "1.", "Two?", "2."], "choosing a question shows the turns after it"
    first = desk.ask(ann, talk, "Zero?", "0.", parent_id=None)
    assert texts(first) == ["Zero?", "0."]
    assert first.messages[0].siblings == (one.id, first.messages[0].id)


def test_only_an_answer_of_the_same_conversation_can_be_followed(desk: Desk, ann: Principal) -> None:
    talk, other = desk.begin(ann, "Here."), desk.begin(ann, "There.")
    for wrong in (talk.messages[0].id, other.messages[1].id, "0" * 32):
        with pytest.raises(StudioError) as error:
            desk.talks.question(ann, talk.id, QuestionText("user", "?"), {}, wrong)
        assert code(error) == "bad_parent"
    with pytest.raises(StudioError) as error:
        desk.talks.change(ann, talk.id, {"head_id": other.messages[0].id})
    assert code(error) == "not_found"


# -- titles, lists, bin


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("A film about ferries", "A film about ferries"),
        ("  two\n lines ", "two lines"),
        ("", "New conversation"),
        ("word " * 40, "word word word word word word word word word word word word…"),
        ("x" * 200, "x" * 59 + "…"),
    ],
)
def test_a_title_comes_from_the_first_words(text: str, title: str) -> None:
    assert title_of(text) == title


def test_a_given_name_stays(desk: Desk, ann: Principal) -> None:
    talk = desk.begin(ann, "Something long")
    assert desk.talks.change(ann, talk.id, {"title": "  Harbor   spot "}).title == "Harbor spot"
    assert desk.ask(ann, talk, "Quite different", parent_id=None).title == "Harbor spot"
    for wrong in ("", "  ", "x" * 121):
        with pytest.raises(StudioError) as error:
            desk.talks.change(ann, talk.id, {"title": wrong})
        assert code(error) == "bad_name"


def test_lists_are_newest_first_and_come_in_pages(desk: Desk, ann: Principal) -> None:
    made = [desk.begin(ann, f"Talk {n}").id for n in range(5)]
    desk.ask(ann, desk.talks.get(ann, made[1]), "It goes on.")
    wanted, after = [made[1], *reversed([made[0], *made[2:]])], None
    seen: list[str] = []
    while True:
        page = desk.talks.page(ann, after=after, limit=2)
        seen += [talk.id for talk in page.conversations]
        after = page.next
        if after is None:
            break
    assert seen == wanted
    with pytest.raises(StudioError) as error:
        desk.talks.page(ann, after="nonsense")
    assert code(error) == "bad_cursor"


def test_search_finds_words_in_titles_and_messages(desk: Desk, ann: Principal) -> None:
    ferry = desk.begin(ann, "A film about the ferry", "It begins with the horn. " * 4 + "Then MARA waves.").id
    other = desk.begin(ann, "100% cotton_shirts", "Nothing about boats.").id

    def found(words: str) -> list[str]:
        return [talk.id for talk in desk.talks.page(ann, words=words).conversations]

    assert found("FERRY") == [ferry]
    assert found("ferry mara") == [ferry]
    assert found("ferry shirts") == []
    assert found("about") == [other, ferry]
    assert found("100%") == [other]
    assert found("n_s") == [other], "percent and underscore are literal"
    [talk] = desk.talks.page(ann, words="mara").conversations
    assert "MARA waves" in talk.found


def test_a_deleted_conversation_can_be_restored_until_the_sweep(desk: Desk, shelf: Shelf, ann: Principal) -> None:
    talk = desk.begin(ann, "Oops")
    desk.talks.delete(ann, talk.id)
    assert desk.talks.page(ann).conversations == ()
    assert [one.id for one in desk.talks.page(ann, deleted=True).conversations] == [talk.id]
    with pytest.raises(StudioError) as error:
        desk.talks.get(ann, talk.id)
    assert code(error) == "deleted_conversation"
    desk.talks.sweep()
    desk.talks.restore(ann, talk.id)
    assert texts(desk.talks.get(ann, talk.id)) == ["Oops", "Yes."]
    with shelf.database.session() as session:
        session.execute(update(Conversation).values(deleted_at=time.time() - 31 * 86_400))
    desk.talks.sweep()
    with pytest.raises(StudioError) as error:
        desk.talks.restore(ann, talk.id)
    assert code(error) == "not_found"


# -- access


def test_own_work_is_private(desk: Desk, ann: Principal, bob: Principal) -> None:
    talk = desk.begin(ann, "A secret")
    message = talk.messages[-1].id
    assert desk.talks.page(bob).conversations == ()
    assert desk.talks.page(bob, words="secret").conversations == ()
    said = QuestionText("user", "?")
    for attempt in (
        lambda: desk.talks.get(bob, talk.id),
        lambda: desk.talks.change(bob, talk.id, {"title": "Mine"}),
        lambda: desk.talks.delete(bob, talk.id),
        lambda: desk.talks.restore(bob, talk.id),
        lambda: desk.talks.copy(bob, talk.id),
        lambda: desk.talks.question(bob, talk.id, said, {}),
        lambda: desk.talks.again(bob, message, {}),
        lambda: desk.talks.of_job(bob, "job-1"),
    ):
        with pytest.raises(StudioError) as error:
            attempt()
        assert code(error) == "not_found"


def test_a_projects_conversation_is_read_by_all_and_written_by_its_owner(
    desk: Desk, shelf: Shelf, ann: Principal, bob: Principal
) -> None:
    project = shelf.library.create_project(ann, "Harbor", True).id
    talk = desk.begin(ann, "For both", project_id=project)
    seen = desk.talks.get(bob, talk.id)
    assert texts(seen) == ["For both", "Yes."]
    assert (seen.mine, seen.owner) == (False, "Ann")
    assert [one.id for one in desk.talks.page(bob, project_id=project).conversations] == [talk.id]
    for attempt in (
        lambda: desk.talks.question(bob, talk.id, QuestionText("user", "?"), {}),
        lambda: desk.talks.again(bob, talk.messages[-1].id, {}),
        lambda: desk.talks.change(bob, talk.id, {"title": "Mine"}),
        lambda: desk.talks.delete(bob, talk.id),
    ):
        with pytest.raises(StudioError) as error:
            attempt()
        assert code(error) == "not_yours"
    copy = desk.talks.copy(bob, talk.id)
    assert copy.mine
    assert texts(desk.ask(bob, copy, "And on.", "On.")) == ["For both", "Yes.", "And on.", "On."]
    desk.talks.delete(ann, talk.id)
    with pytest.raises(StudioError) as error:
        desk.talks.get(bob, talk.id)
    assert code(error) == "not_found"


def test_it_only_moves_into_ones_own_projects(desk: Desk, shelf: Shelf, ann: Principal, bob: Principal) -> None:
    theirs = shelf.library.create_project(bob, "Bob's own", False).id
    shared = shelf.library.create_project(bob, "Everyone's", True).id
    talk = desk.begin(ann, "Where?")
    with pytest.raises(StudioError) as error:
        desk.talks.change(ann, talk.id, {"project_id": theirs})
    assert code(error) == "not_found"
    assert desk.talks.change(ann, talk.id, {"project_id": shared}).project_id == shared
    assert desk.talks.get(bob, talk.id).title == "Where?"
    assert desk.talks.change(ann, talk.id, {"project_id": None}).project_id is None
    assert desk.talks.page(ann, project_id="own").conversations[0].id == talk.id


# -- presets


def test_the_studios_presets_are_complete() -> None:
    presets = built_in()
    assert [preset.id for preset in presets] == ["proposal", "email", "ad-script", "scene", "shots", "code", "read"]
    for preset in presets:
        fields = {field.name for field in preset.fields} or {"text"}
        assert preset.example.keys() == fields, preset.id
        assert all((preset.name, preset.use, preset.verb, preset.system.strip())), preset.id
        assert len(preset.system) < 1500, "small models must handle it too"


def test_own_presets_are_saved_replaced_and_deleted(talks: Conversations, ann: Principal, bob: Principal) -> None:
    kept = talks.presets.keep(ann, " Our  voice ", "Be brief.", Options(temperature=0.3))
    assert kept.name == "Our voice"
    again = talks.presets.keep(ann, "Our voice", "Be kind.", Options())
    assert again.id == kept.id
    own = [preset for preset in talks.presets.all(ann) if preset.mine]
    assert [(preset.name, preset.system, preset.options) for preset in own] == [("Our voice", "Be kind.", Options())]
    assert not any(preset.mine for preset in talks.presets.all(bob))
    with pytest.raises(StudioError) as error:
        talks.presets.forget(bob, kept.id)
    assert code(error) == "not_found"
    talks.presets.forget(ann, kept.id)
    assert not any(preset.mine for preset in talks.presets.all(ann))


# -- export

ANSWER = """# Shots

The **first** one `wide`.

- horn
- wave

| No. | Size |
|---|---|
| 1 | wide |

```python
print("cut")
```
<script>alert(1)</script> ![x](http://elsewhere/x.png)"""

SCENE = """```fountain
**INT. WHEELHOUSE - DAWN**

Mara wipes the window.

MARA
(quietly)
You hid it.

CUT TO:
```"""


def test_plain_text_has_no_markup() -> None:
    said = plain(ANSWER)
    for line in ("Shots", "The first one wide.", "- horn", "No. | Size", "1 | wide", 'print("cut")'):
        assert line in said.splitlines()
    assert "**" not in said
    assert "```" not in said


@pytest.mark.parametrize("form", FORMS)
def test_every_format_contains_the_text(desk: Desk, ann: Principal, form: str) -> None:
    talk = desk.begin(ann, "Make a / list: please", ANSWER)
    made = export(talk, form)
    assert made.name == f"Make a list please.{form}"
    data = made.data
    if form == "docx":
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            data = file.read("word/document.xml")
            ElementTree.fromstring(data)
    for word in ("horn", "wide", "print("):
        assert word.encode() in data
    assert (b"please" in data) == (form not in ("fountain", "fdx")), "a screenplay only contains the answer"


def test_an_exported_page_runs_and_loads_nothing(desk: Desk, ann: Principal) -> None:
    page = export(desk.begin(ann, "<img src=x onerror=alert(1)>", ANSWER), "html").data.decode()
    assert "<script" not in page
    assert "<img" not in page
    assert 'src="http' not in page


def test_a_single_answer(desk: Desk, ann: Principal) -> None:
    talk = desk.begin(ann, "Question", "Just **this**.")
    assert export(talk, "md", talk.messages[-1].id).data == b"Just **this**.\n"
    assert export(talk, "txt", talk.messages[-1].id).data == b"Just this.\n"
    for wrong in ("0" * 32, "x"):
        with pytest.raises(StudioError) as error:
            export(talk, "md", wrong)
        assert code(error) == "not_found"
    with pytest.raises(StudioError) as error:
        export(talk, "exe")
    assert code(error) == "bad_form"


def test_a_scene_becomes_a_screenplay(desk: Desk, ann: Principal) -> None:
    talk = desk.begin(ann, "A scene", SCENE + "\x00\x0b")
    fountain = export(talk, "fountain").data.decode()
    assert fountain.startswith("INT. WHEELHOUSE - DAWN\n")
    assert "```" not in fountain
    script = ElementTree.fromstring(export(talk, "fdx").data)
    found = [(one.get("Type"), one.findtext("Text")) for one in script.iter("Paragraph")]
    assert ("Scene Heading", "INT. WHEELHOUSE - DAWN") in found
    assert ("Character", "MARA") in found
    assert ("Dialogue", "You hid it.") in found
    assert ("Transition", "CUT TO:") in found


HARD_SCENE = """Here is the scene:

```fountain
INT. HARBOR CAFÉ - DAWN #1A#

Bread steams. *Golden* light.

A second paragraph.

**MARA** (CONT'D)
Hello **you**.

@McCLANE
Yippee.

@美咲
はい。

ÉDOUARD (très fort)
Non!

3RD GUARD
Halt.

MARA
One.

TOM ^
Two.

[[a note]]

ESTELLA walks in.
```

Tell me what to change."""


def test_a_screenplay_keeps_fountain_markup(desk: Desk, ann: Principal) -> None:
    talk = desk.begin(ann, "A scene", HARD_SCENE)
    fountain = export(talk, "fountain").data.decode()
    assert fountain.startswith("INT. HARBOR CAFÉ - DAWN #1A#\n")
    assert fountain.endswith("ESTELLA walks in.\n")
    for line in ("@McCLANE", "@美咲", "Bread steams. *Golden* light.", "TOM ^", "[[a note]]"):
        assert line in fountain.splitlines()
    script = ElementTree.fromstring(export(talk, "fdx").data)
    runs = [(one.get("Type"), [text.text or "" for text in one.iterfind("Text")]) for one in script.iter("Paragraph")]
    paragraphs = [(kind, "".join(texts)) for kind, texts in runs]
    assert paragraphs[0] == ("Scene Heading", "INT. HARBOR CAFÉ - DAWN")
    assert script.find(".//Paragraph[@Number='1A']") is not None
    assert [text for kind, text in paragraphs if kind == "Character"] == [
        "MARA (CONT'D)", "McCLANE", "美咲", "ÉDOUARD (très fort)", "3RD GUARD", "MARA", "TOM",
    ]  # fmt: skip
    assert script.find(".//DualDialogue") is not None
    assert {(text.get("Style"), text.text) for text in script.iter("Text") if text.get("Style")} == {
        ("Italic", "Golden"),
        ("Bold", "you"),
    }
    assert [text.split()[0] for kind, text in paragraphs if kind == "Action"] == ["Bread", "A", "ESTELLA"]


def test_an_empty_conversation_can_be_exported(talks: Conversations, ann: Principal) -> None:
    talk = talks.get(ann, talks.create(ann, title="...").id)
    for form in FORMS:
        assert export(talk, form).name == f"conversation.{form}"


def test_options_match_the_fields_of_a_request() -> None:
    asked = {name: field for name, field in Write.model_fields.items() if name in Options.model_fields}
    assert Options.model_fields.keys() - asked.keys() == {"system"}
    for name, field in asked.items():
        bounds = [rule for rule in field.metadata if hasattr(rule, "ge") or hasattr(rule, "le") or hasattr(rule, "gt")]
        assert [rule for rule in bounds if rule not in Options.model_fields[name].metadata] == []


def test_invalid_stored_options_are_ignored(desk: Desk, ann: Principal) -> None:
    talk = desk.talks.create(ann, options={"temperature": 0.5})
    with desk.shelf.database.session() as session:
        row = session.get_one(Conversation, talk.id)
        row.options = {"temperature": 9, "top_p": 0.5, "mood": 1, "system": {"path": "a", "meta": {}}}
    assert desk.talks.get(ann, talk.id).options.model_dump() == {"top_p": 0.5}
    draft = desk.talks.question(ann, talk.id, QuestionText("user", "Hi."), {})
    assert draft.options == {"top_p": 0.5}


def test_a_conversation_needs_an_existing_preset(desk: Desk, ann: Principal, bob: Principal) -> None:
    own = desk.talks.presets.keep(ann, "Mine", "Be brief.", Options())
    assert desk.talks.create(ann, preset=own.id).preset == own.id
    for who, preset in ((ann, "anything"), (bob, own.id)):
        with pytest.raises(StudioError) as error:
            desk.talks.create(who, preset=preset)
        assert error.value.status == 404
