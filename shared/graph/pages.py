"""Lists of Graph: what a filter compares with, the items of an answer, and one page after the other.

https://learn.microsoft.com/graph/paging
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from shared.errors import UnavailableError
from shared.graph.client import Call, GraphClient

# No list that is read here has this many pages: more of them means that the links lead in a circle.
_MOST_PAGES = 100
_PLACE_OF_NEXT_PAGE = {"$skiptoken": "skiptoken", "$skip": "skip"}


def odata_string(text: str) -> str:
    """Return a text as a literal in a filter.

    https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html#sec_PrimitiveLiterals
    """
    return "'" + text.replace("'", "''") + "'"


def items_of(answer: Mapping[str, Any], what: str) -> list[Any]:
    """Return the items of an answer that is a list, or one page of it.

    Raises:
        UnavailableError: it is not one; the error says `what` the list should be of.
    """
    value = answer.get("value")
    if not isinstance(value, list):
        raise UnavailableError(f"Graph's answer has no list of {what}", uncertain=False)
    return value


async def each_item(client: GraphClient, call: Call) -> AsyncIterator[Any]:
    """Yield the items of a list; a page is read once the items of the page before are used.

    Raises:
        GraphError: as `GraphClient.send` does, and where an answer is no page of a list.
    """
    for _ in range(_MOST_PAGES):
        answer = await client.send(call)
        for each in items_of(answer, call.surface):
            yield each
        link = answer.get("@odata.nextLink")
        if not isinstance(link, str):
            return
        next_page = {**(call.query or {}), **_place_of(link)}
        if next_page == call.query:
            raise UnavailableError("Graph's link to the next page leads to the same page", uncertain=False)
        call = replace(call, query=next_page)


def _place_of(link: str) -> dict[str, str]:
    """Return the query options of the next page; the link's host and path are not used, so no token goes there.

    Raises:
        UnavailableError: the link has no such options.
    """
    try:
        options = parse_qsl(urlsplit(link).query)
    except ValueError:
        options = []
    places = ((_PLACE_OF_NEXT_PAGE.get(name.lower()), value) for name, value in options)
    place = {name: value for name, value in places if name}
    if not place:
        raise UnavailableError("Graph's link to the next page names no position", uncertain=False)
    return place
