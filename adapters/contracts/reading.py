"""Reads the HTML of contracts for a page layout: headings, paragraphs, lists and tables; nothing else has a form."""

import re
from html import unescape
from html.parser import HTMLParser
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape

from msgspec import Struct

CHINESE: Final = "STSong-Light"
_PARAGRAPH, _SMALL = "p", "small"
_SILENT: Final = frozenset({"style", "script"})
_INLINE: Final = {"b": "b", "strong": "b", "i": "i", "em": "i", "u": "u"}


class Block(Struct):
    """A heading, a paragraph or an item of a list, as inline markup."""

    kind: str
    """The tag, or `small` for small print."""
    text: str


class Rows(Struct):
    """A table; the cells are inline markup."""

    kind: str
    """Its class."""
    head: list[list[str]]
    body: list[list[str]]


class Reading(Struct):
    """What was read."""

    title: str
    blocks: list[Block | Rows]


def blocks_of(html: str) -> Reading:
    """Return the title and the blocks of a contract."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.reading


def plain(markup: str) -> str:
    """Return inline markup as plain text."""
    return unescape(re.sub(r"<[^>]*>", "", markup))


class _Reader(HTMLParser):
    """Nothing that is text gets lost: what stands in no block of a known form is a paragraph."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.reading = Reading("", [])
        self._silent = 0
        self._text: list[str] = []
        """The inline markup of the block or cell that is open."""
        self._kind = _PARAGRAPH
        self._open: list[str] = []
        """Inline tags that are open."""
        self._table: Rows | None = None
        self._in_cell = self._in_head = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block, a table, a row or a cell, or inline markup in them."""
        if tag in _SILENT:
            self._silent += 1
        elif tag in _INLINE:
            self._open.append(_INLINE[tag])
            self._text.append(f"<{_INLINE[tag]}>")
        elif tag == "br":
            self._text.append("<br/>")
        elif tag != "span":
            kind = dict(attrs).get("class") or ""
            self._open_block(tag, kind)

    def _open_block(self, tag: str, kind: str) -> None:
        if self._table is None:
            self._flush()
        if tag == "table":
            self._table = Rows(kind, [], [])
        elif self._table is None:
            self._kind = _SMALL if kind == _SMALL else tag
        elif tag == "thead":
            self._in_head = True
        elif tag == "tr":
            self._lines().append([])
        elif tag in ("td", "th"):
            self._in_cell, self._text = True, []

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened."""
        if tag in _SILENT:
            self._silent -= 1
        elif tag in _INLINE:
            if self._open and self._open[-1] == _INLINE[tag]:
                self._text.append(f"</{self._open.pop()}>")
        elif tag == "thead":
            self._in_head = False
        elif tag in ("td", "th") and self._in_cell:
            self._in_cell = False
            lines = self._lines()
            (lines or [[]])[-1].append(self._taken())
        elif tag == "table" and self._table is not None:
            self.reading.blocks.append(self._table)
            self._table = None
        elif tag == "title":
            self.reading.title = self._taken()
        elif self._table is None and tag != "span":
            self._flush()

    def handle_data(self, data: str) -> None:
        """Take text where it stands."""
        if not self._silent and (self._table is None or self._in_cell):
            self._text.append(_markup(data))

    def close(self) -> None:
        """Take what is left."""
        super().close()
        self._flush()

    def _lines(self) -> list[list[str]]:
        assert self._table is not None
        return self._table.head if self._in_head else self._table.body

    def _flush(self) -> None:
        text = self._taken()
        if text:
            self.reading.blocks.append(Block(self._kind, text))
        self._kind = _PARAGRAPH

    def _taken(self) -> str:
        closing = [f"</{tag}>" for tag in reversed(self._open)]
        text = " ".join("".join([*self._text, *closing]).split())
        self._text, self._open = [], []
        return text


def _markup(text: str) -> str:
    """Return text with what Latin fonts do not have in the Chinese one; what that has not either by its number."""
    runs = groupby(text, _font)
    return "".join(_run(font, "".join(letters)) for font, letters in runs)


def _run(font: str, letters: str) -> str:
    if font == CHINESE:
        return f'<font name="{CHINESE}">{escape(letters)}</font>'
    return escape(letters) if font else "".join(f"[U+{ord(letter):04X}]" for letter in letters)


def _font(letter: str) -> str:
    for font, encoding in (("Latin", "cp1252"), (CHINESE, "gbk")):
        try:
            letter.encode(encoding)
        except UnicodeEncodeError:
            continue
        return font
    return ""
