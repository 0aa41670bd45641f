"""HTML as plain text, for readers that show no HTML."""

import re
from html.parser import HTMLParser

_BLOCKS = (
    "address article aside blockquote br caption center dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header"
    " hr li main nav ol p pre section table ul"
)
_BLOCK_TAGS = frozenset(_BLOCKS.split())
_CELLS = frozenset({"td", "th"})
_BETWEEN_CELLS = " | "
_SCHEME = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)


def plain_text(document: str) -> str:
    """Return the text of a sanitised HTML body, line by line.

    The address of a link follows its words in angle brackets, unless the words are the address. The cells of a row
    are separated by bars if each of them is one line; if not, their lines follow each other.
    """
    reader = _Reader()
    reader.feed(document)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Collects lines of text, with its own stack: elements may be nested deeper than Python's stack."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._texts: list[list[str]] = [[""]]  # the lines of the document, and of each cell that is open
        self._rows: list[list[list[str]]] = []  # the cells of each row that is open
        self._links: list[tuple[str, list[str]]] = []  # the address and the words of each link that is open
        self._preformatted = 0

    def text(self) -> str:
        """Return the text read."""
        return "\n".join(_filled(self._texts[0]))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag in _BLOCK_TAGS:
            self._texts[-1].append("")
            self._preformatted += tag == "pre"
        elif tag == "tr":
            self._rows.append([])
        elif tag in _CELLS:
            self._texts.append([""])
        elif tag == "img":
            self.handle_data(attributes.get("alt") or "")
        elif tag == "a":
            self._links.append((attributes.get("href") or "", []))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCK_TAGS:
            self._texts[-1].append("")
            self._preformatted -= tag == "pre"
        elif tag == "tr" and self._rows:
            self._texts[-1] += ["", *_row(self._rows.pop()), ""]
        elif tag in _CELLS and self._rows and len(self._texts) > 1:
            self._rows[-1].append(_filled(self._texts.pop()))
        elif tag == "a" and self._links:
            self._end_link()

    def handle_data(self, data: str) -> None:
        if self._links:
            self._links[-1][1].append(data)
        first, *others = data.split("\n") if self._preformatted else [data]
        self._texts[-1][-1] += first
        self._texts[-1] += others

    def _end_link(self) -> None:
        address, parts = self._links.pop()
        words = "".join(parts).strip()
        if address and words not in (address, _SCHEME.sub("", address, count=1)):
            self.handle_data(f" <{address}>")


def _row(cells: list[list[str]]) -> list[str]:
    if all(len(lines) <= 1 for lines in cells):
        return [_BETWEEN_CELLS.join(line for lines in cells for line in lines)]
    return [line for lines in cells for line in lines]


def _filled(lines: list[str]) -> list[str]:
    """Return the lines that are not blank, with one space between words."""
    return [words for line in lines if (words := " ".join(line.split()))]
