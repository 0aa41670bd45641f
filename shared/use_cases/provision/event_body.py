"""A new body for an online event: the caller's text changes, Teams' join block stays.

Removing the block from the body takes the event offline, so a change merges into the body as it is now:
https://learn.microsoft.com/graph/api/event-update
"""

import html
from typing import Any

from shared.graph.join_block import block_in, rules_before


def merged_body(current: str, wanted: dict[str, Any] | None, join_url: str) -> dict[str, str] | None:
    """Return the body to send; None if the current one has no join block.

    Args:
        current: the event's HTML.
        wanted: the caller's body, `{"contentType", "content"}`, or None for an empty one.
        join_url: the event's link.
    """
    from bs4 import BeautifulSoup  # imported only where a body changes

    page = BeautifulSoup(current, "html.parser")
    block = block_in(page, join_url)
    if block is None:
        return None
    for ancestor in (block, *block.parents):
        if ancestor.name in {"body", "html", "[document]"}:
            break
        for before in list(ancestor.previous_siblings):
            if not (ancestor is block and before in rules_before(block)):
                before.extract()
    holder = page.body or page
    holder.insert(0, BeautifulSoup(_as_html(wanted), "html.parser"))
    return {"contentType": "html", "content": str(page)}


def _as_html(wanted: dict[str, Any] | None) -> str:
    if not wanted:
        return ""
    content = str(wanted.get("content", ""))
    if wanted.get("contentType") == "html":
        return content
    return html.escape(content).replace("\r\n", "\n").replace("\n", "<br>\n")
