"""An answer as a Word document, with native headings, lists, tables, bold text and code."""

import io
from collections.abc import Sequence
from typing import Any

from markdown_it.token import Token

from library.conversations.screenplay import writable

_LISTS = {"bullet_list_open": "List Bullet", "ordered_list_open": "List Number"}
_MONO = "Courier New"


def document(title: str, sections: Sequence[tuple[str, Sequence[Token]]]) -> bytes:
    """The bytes of a .docx: ``title`` at the top, then each section, with a name above its Markdown tokens."""
    from docx import Document

    page = Document()
    if title:
        page.add_heading(writable(title), 0)
    for who, tokens in sections:
        if who:
            page.add_paragraph().add_run(writable(who)).bold = True
        _Body(page).write(tokens)
    out = io.BytesIO()
    page.save(out)
    return out.getvalue()


class _Body:
    """Writes the Markdown tokens of a text into a document."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._lists: list[str] = []
        self._heading = 0
        self._quoted = False
        self._rows: list[list[Token]] = []

    def write(self, tokens: Sequence[Token]) -> None:
        """Write all tokens."""
        for token in tokens:
            if token.type in _LISTS:
                self._lists.append(_LISTS[token.type])
            elif token.type.endswith("_list_close"):
                self._lists.pop()
            elif token.type == "heading_open":
                self._heading = int(token.tag[1])
            elif token.type == "heading_close":
                self._heading = 0
            elif token.type in ("blockquote_open", "blockquote_close"):
                self._quoted = token.type.endswith("open")
            elif token.type in ("fence", "code_block"):
                self._page.add_paragraph().add_run(writable(token.content.rstrip("\n"))).font.name = _MONO
            elif token.type == "tr_open":
                self._rows.append([])
            elif token.type == "table_close":
                self._table()
            elif token.type == "inline":
                self._inline(token)

    def _inline(self, token: Token) -> None:
        if self._rows:
            self._rows[-1].append(token)
        elif self._heading:
            _runs(self._page.add_heading(level=min(self._heading, 4)), token)
        else:
            style = self._lists[-1] if self._lists else "Quote" if self._quoted else None
            deeper = f" {len(self._lists)}" if 1 < len(self._lists) <= 3 else ""
            _runs(self._page.add_paragraph(style=f"{style}{deeper}" if style else None), token)

    def _table(self) -> None:
        width = max(len(row) for row in self._rows)
        table = self._page.add_table(len(self._rows), width, style="Table Grid")
        for cells, row in zip(table.rows, self._rows, strict=True):
            for cell, token in zip(cells.cells, row, strict=False):
                _runs(cell.paragraphs[0], token, bold=row is self._rows[0])
        self._rows = []
        self._page.add_paragraph()


def _runs(paragraph: Any, token: Token, *, bold: bool = False) -> None:
    strong, slanted = 0, 0
    for part in token.children or ():
        strong += {"strong_open": 1, "strong_close": -1}.get(part.type, 0)
        slanted += {"em_open": 1, "em_close": -1}.get(part.type, 0)
        if part.type.endswith("break"):
            paragraph.add_run().add_break()
        elif part.content:
            run = paragraph.add_run(writable(part.content))
            run.bold, run.italic = bool(strong) or bold or None, bool(slanted) or None
            if part.type == "code_inline":
                run.font.name = _MONO
