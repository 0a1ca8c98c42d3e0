"""Export a conversation, or one answer of it, as text, a web page, a Word document or a screenplay."""

import html
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from errors import StudioError
from library.conversations import docx_export, screenplay
from library.conversations.views import ConversationDetail, MessageView

_STYLE = """
body { font: 17px/1.55 Georgia, serif; max-width: 46rem; margin: 3rem auto; padding: 0 1.2rem; color: #231d17; }
h1, h2, h3 { line-height: 1.25; } .who { font: 600 14px system-ui, sans-serif; color: #8a5a1c; margin: 2.4rem 0 0; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #ccc; padding: .4rem .6rem; text-align: left; }
pre { background: #f4efe8; padding: 1rem; overflow-x: auto; white-space: pre-wrap; }
code { font-family: ui-monospace, monospace; font-size: .9em; }
blockquote { border-left: 3px solid #c9852f; margin-left: 0; padding-left: 1rem; }"""


_WITHIN = {"list_item_close", "th_close", "td_close", "thead_close", "tbody_close"}


class ExportedFile(NamedTuple):
    """An exported file."""

    name: str
    mime: str
    data: bytes


class Section(NamedTuple):
    """One turn and its speaker; a single exported answer has no speaker."""

    who: str
    text: str


def export(conversation: ConversationDetail, form: str, message_id: str | None = None) -> ExportedFile:
    """Export in one of ``FORMS``; ``message_id`` exports only that turn. Raises StudioError bad_form, not_found."""
    if form not in FORMS:
        raise StudioError(
            "bad_form", f"“{form[:40]}” is not an export format.", next=f"Choose one of {', '.join(FORMS)}.", status=422
        )
    mime, make = FORMS[form]
    return ExportedFile(
        f"{_file_name(conversation.title)}.{form}", mime, make(conversation, _sections(conversation, form, message_id))
    )


def _sections(conversation: ConversationDetail, form: str, message_id: str | None) -> list[Section]:
    if message_id is None:
        messages = [message for message in conversation.messages if message.text]
        if form in ("fountain", "fdx"):  # a screenplay is only the last answer
            return [Section("", message.text) for message in messages if message.role == "assistant"][-1:]
        return [Section(_who(conversation, message), message.text) for message in messages]
    chosen = next((message for message in conversation.messages if message.id == message_id), None)
    if chosen is None:
        raise StudioError(
            "not_found", "There is no such answer.", "It is not on the current branch.", "Open it first.", status=404
        )
    return [Section("", chosen.text)]


def _who(conversation: ConversationDetail, message: MessageView) -> str:
    at = datetime.fromtimestamp(message.created_at).strftime("%Y-%m-%d %H:%M")
    return f"{conversation.owner if message.role == 'user' else message.model or 'Answer'} · {at}"


def _file_name(title: str) -> str:
    name = re.sub(r'[\\/:*?"<>|\x00-\x1f]', " ", title)
    return " ".join(name.split()).strip(" .")[:80] or "conversation"


def reader() -> MarkdownIt:
    """A Markdown parser with the page's settings: tables, but no raw HTML and no remote images."""
    return MarkdownIt("js-default").disable("image")


def _markdown(conversation: ConversationDetail, sections: Sequence[Section]) -> bytes:
    if not sections[:1] or not sections[0].who:
        return f"{sections[0].text if sections else ''}\n".encode()
    parts = [f"# {conversation.title}", *(f"**{who}**\n\n{text}" for who, text in sections)]
    return ("\n\n".join(parts) + "\n").encode()


def _text(conversation: ConversationDetail, sections: Sequence[Section]) -> bytes:
    parts = [conversation.title] if sections and sections[0].who else []
    for who, text in sections:
        parts.append(f"{who}\n\n{plain(text)}" if who else plain(text))
    return ("\n\n\n".join(parts) + "\n").encode()


def _page(conversation: ConversationDetail, sections: Sequence[Section]) -> bytes:
    markdown = reader()
    body = "".join(
        f"{f'<p class=who>{html.escape(who)}</p>' if who else ''}{markdown.render(text)}" for who, text in sections
    )
    title = html.escape(conversation.title)
    head = f"<h1>{title}</h1>" if sections and sections[0].who else ""
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body>{head}{body}</body></html>\n"
    ).encode()


def _word(conversation: ConversationDetail, sections: Sequence[Section]) -> bytes:
    markdown = reader()
    named = bool(sections and sections[0].who)
    return docx_export.document(
        conversation.title if named else "", [(who, markdown.parse(text)) for who, text in sections]
    )


def _fountain(_: ConversationDetail, sections: Sequence[Section]) -> bytes:
    return screenplay.fountain("\n\n".join(text for _, text in sections)).encode()


def _final_draft(_: ConversationDetail, sections: Sequence[Section]) -> bytes:
    return screenplay.final_draft("\n\n".join(text for _, text in sections)).encode()


def plain(text: str) -> str:
    """Markdown as plain text: no asterisks or hashes, lists with dashes, tables with bars."""
    lines: list[str] = []
    mark = ""
    row: list[str] | None = None
    for token in reader().parse(text):
        if token.type == "list_item_open":
            mark = f"{token.info}. " if token.info else "- "
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            lines.append(" | ".join(row or ()))
            row = None
        elif token.type in ("fence", "code_block"):
            lines += [token.content.rstrip("\n"), ""]
        elif token.type == "inline" and row is not None:
            row.append(_words(token))
        elif token.type == "inline":
            lines.append(f"{mark}{_words(token)}")
            mark = ""
        elif token.type.endswith("_close") and token.block and not token.hidden and token.type not in _WITHIN:
            lines.append("")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _words(token: Token) -> str:
    """The text of a line without its formatting."""
    return "".join("\n" if one.type.endswith("break") else one.content for one in token.children or ())


FORMS: dict[str, tuple[str, Callable[[ConversationDetail, Sequence[Section]], bytes]]] = {
    "md": ("text/markdown; charset=utf-8", _markdown),
    "txt": ("text/plain; charset=utf-8", _text),
    "html": ("text/html; charset=utf-8", _page),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _word),
    "fountain": ("text/plain; charset=utf-8", _fountain),
    "fdx": ("application/xml", _final_draft),
}
"""Export formats: the MIME type and the function that writes each one."""
