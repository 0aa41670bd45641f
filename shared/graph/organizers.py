"""Organizers in the directory: /users/{id or user principal name}."""

from typing import Any

from kiota_abstractions.method import Method

from shared.errors import UnavailableError
from shared.graph.client import Call, GraphClient
from shared.graph.refusals import Addressee, Surface


class Organizers:
    """Users, as far as they organize. Every call may raise the GraphErrors of GraphClient.send."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    async def object_id(self, organizer: str) -> str:
        """Return the object id of a user principal name, which the paths of online meetings ask for."""
        answer = await self._read(organizer, "id")
        object_id = answer.get("id")
        if not isinstance(object_id, str) or not object_id:
            raise UnavailableError("Graph's answer has no object id", uncertain=False)
        return object_id

    async def address(self, organizer: str) -> str | None:
        """Return the mail address of a user, or else the user principal name."""
        answer = await self._read(organizer, "mail,userPrincipalName")
        told = (answer.get(name) for name in ("mail", "userPrincipalName"))
        return next((each for each in told if isinstance(each, str) and each), None)

    async def _read(self, organizer: str, properties: str) -> dict[str, Any]:
        addressee = Addressee(Surface.DIRECTORY, organizer, self._client.client_id)
        return await self._client.send(
            Call(Method.GET, self._client.user(organizer), addressee, query={"select": properties})
        )
