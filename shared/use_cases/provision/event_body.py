"""A new body for an online event: the caller's text changes, Teams' join block stays.

Removing the block from the body takes the event offline, so a change merges into the body as it is now:
https://learn.microsoft.com/graph/api/event-update. The block's markup is no contract; what it is known by is the link.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bs4 import Tag
    from bs4.element import PageElement


def merged_body(current: str, wanted: dict[str, Any] | None, join_url: str) -> dict[str, str]:
    """Return the body to send.

    Args:
        current: the event's HTML.
        wanted: the caller's body, `{"contentType", "content"}`, or None for an empty one.
        join_url: the link that the block holds.
    """
    from bs4 import BeautifulSoup  # only who changes a body pays for its import

    content = _as_html(wanted)
    page = BeautifulSoup(current, "html.parser")
    links = [tag for tag in page.find_all("a", href=True) if tag["href"] == join_url]
    if not links:  # nothing to keep
        return {"contentType": "html", "content": content}
    # Teams puts its block below the caller's words, which may hold the link as well.
    block = _block_around(links[-1])
    for ancestor in (block, *block.parents):
        if ancestor.name in {"body", "html", "[document]"}:
            break
        for before in list(ancestor.previous_siblings):
            if not (ancestor is block and before in _rules_before(block)):
                before.extract()
    holder = page.body or page
    holder.insert(0, BeautifulSoup(content, "html.parser"))
    return {"contentType": "html", "content": str(page)}


def _block_around(link: Tag) -> Tag:
    """Return the outermost element that is Teams' alone: below the body, or below a line of underscores."""
    block = link
    while block.parent is not None and block.parent.name not in {"body", "html", "[document]"}:
        if _rules_before(block):
            return block
        block = block.parent
    return block


def _rules_before(block: Tag) -> list[PageElement]:
    """Return the siblings from the line of underscores before the block up to it, empty if there is no such line."""
    siblings: list[PageElement] = []
    for sibling in block.previous_siblings:
        siblings.append(sibling)
        text = sibling.get_text().strip()
        if text:
            return siblings if set(text) == {"_"} else []
    return []


def _as_html(wanted: dict[str, Any] | None) -> str:
    if not wanted:
        return ""
    content = str(wanted.get("content", ""))
    if wanted.get("contentType") == "html":
        return content
    return html.escape(content).replace("\r\n", "\n").replace("\n", "<br>\n")
