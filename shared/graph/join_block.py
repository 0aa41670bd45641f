"""Teams' join block in the body of an event: where it is, and which meeting it is about.

Its markup is no contract and has changed three times; the templates that were seen are among the stand-in's, in
local/graph/templates. A block is known by any link to the event's meeting, long or short, in whatever escapes, or by
the ids and the class that Teams gives its elements: https://learn.microsoft.com/graph/outlook-calendar-online-meetings
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from shared.validation.join_links import canonical_link, meeting_id_in, names_teams_meeting

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from bs4.element import PageElement

_CLASS = "me-email-text"
_QUOTED = "x_"  # what Outlook writes before the ids and classes of what it quotes
_ID = re.compile(rf"(?:{_QUOTED})?meet_invite_block")
_ROOTS = frozenset({"body", "html", "[document]"})
_ANCHOR = re.compile(r"<a\b[^>]*>", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s*=\s*[\"']([^\"']*)[\"']", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
# Digits in groups of three, alone in their element; a number to dial ends in a #.
_MEETING_ID = re.compile(r">\s*(\d{3}(?: \d{3}){2,5}(?: \d{1,2})?)\s*<")


def block_in(page: BeautifulSoup, join_url: str) -> Tag | None:
    """Return the outermost element that is Teams' alone, None if the page has no block.

    Args:
        page: the body of an event.
        join_url: the event's link.
    """
    wanted = canonical_link(join_url)
    # Teams puts its block below the caller's words, which may hold the link as well: the last sign counts.
    signs = [tag for tag in page.find_all(name=True) if _is_sign(tag, wanted)]
    return _outermost(signs[-1]) if signs else None


def rules_before(block: Tag) -> list[PageElement]:
    """Return the siblings from the line of underscores before the block up to it, empty if there is no such line."""
    siblings: list[PageElement] = []
    for sibling in block.previous_siblings:
        siblings.append(sibling)
        text = sibling.get_text().strip()
        if text:
            return siblings if set(text) == {"_"} else []
    return []


def meeting_id_in_block(content: str) -> str | None:
    """Return the Meeting ID that people type in, from an event's HTML; None where its block has none."""
    anchors = [(anchor, _HREF.search(anchor)) for anchor in _ANCHOR.findall(content)]
    links = [(anchor, html.unescape(href[1])) for anchor, href in anchors if href]
    own = [meeting_id_in(url) for anchor, url in links if "meet_invite_block" in anchor and names_teams_meeting(url)]
    if found := [meeting_id for meeting_id in own if meeting_id]:
        return found[-1]
    shown = _MEETING_ID.findall(content)
    return shown[-1].replace(" ", "") if shown else None


def meetings_linked_in(content: str) -> frozenset[str]:
    """Return the Teams meetings that a body links to, each in one spelling (see `canonical_link`)."""
    found = _URL.findall(html.unescape(content))
    return frozenset(canonical_link(url) for url in found if names_teams_meeting(url))


def _is_sign(tag: Tag, wanted: str) -> bool:
    href = tag.get("href")
    if isinstance(href, str) and canonical_link(href) == wanted:
        return True
    return _ID.match(str(tag.get("id", ""))) is not None or _is_of_teams(tag)


def _is_of_teams(tag: Tag) -> bool:
    classes = tag.get("class") or ()
    return tag.name == "div" and any(name in classes for name in (_CLASS, _QUOTED + _CLASS))


def _outermost(sign: Tag) -> Tag:
    """Return the element around a sign below the body, or below what only Teams writes."""
    block = sign
    for ancestor in (sign, *sign.parents):
        if ancestor.name in _ROOTS:
            break
        block = ancestor
        if rules_before(block) or _is_of_teams(block) or _begins_with_rule(block):
            break
    return block


def _begins_with_rule(block: Tag) -> bool:
    """Return whether the first words of an element are a line of underscores, and others follow."""
    texts = (text.strip() for text in block.strings)
    words = (text for text in texts if text)
    first = next(words, "")
    return set(first) == {"_"} and next(words, None) is not None
