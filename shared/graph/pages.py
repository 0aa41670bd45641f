"""Lists of Graph, which come page by page.

https://learn.microsoft.com/graph/paging
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from shared.errors import UnavailableError
from shared.graph.client import Call, GraphClient

# No list that is read here is as long: what goes on for more pages goes in a circle.
_MOST_PAGES = 100
_PLACE_OF_NEXT_PAGE = {"$skiptoken": "skiptoken", "$skip": "skip"}


async def each_item(client: GraphClient, call: Call) -> AsyncIterator[Any]:
    """Yield what a list has; a page is read when the one before it has been used up.

    Raises:
        GraphError: as `GraphClient.send` does, and where an answer is no page of a list.
    """
    for _ in range(_MOST_PAGES):
        answer = await client.send(call)
        value = answer.get("value")
        if not isinstance(value, list):
            raise UnavailableError(f"Graph's answer has no list of {call.addressee.surface}", uncertain=False)
        for each in value:
            yield each
        link = answer.get("@odata.nextLink")
        if not isinstance(link, str):
            return
        call = replace(call, query={**(call.query or {}), **_place_of(link)})


def _place_of(link: str) -> dict[str, str]:
    """Return which page of the same list a link leads to; wherever else it leads, nothing is sent there.

    Raises:
        UnavailableError: it does not say.
    """
    try:
        options = parse_qsl(urlsplit(link).query)
    except ValueError:
        options = []
    place = {_PLACE_OF_NEXT_PAGE[name]: value for name, value in options if name in _PLACE_OF_NEXT_PAGE}
    if not place:
        raise UnavailableError("Graph's answer does not say where its list goes on", uncertain=False)
    return place
