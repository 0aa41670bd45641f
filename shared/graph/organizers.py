"""Organizers in the directory: /users/{id or user principal name}."""

from collections.abc import Sequence
from typing import Any

from kiota_abstractions.method import Method

from shared.errors import UnavailableError
from shared.graph.client import Call, GraphClient
from shared.graph.refusals import Addressee, Surface
from shared.meeting_request.people import is_object_id

# https://learn.microsoft.com/graph/filter-query-parameter: of the operator in
MOST_AT_ONCE = 15


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
        names = (answer.get(name) for name in ("mail", "userPrincipalName"))
        return next((each for each in names if isinstance(each, str) and each), None)

    async def find(self, organizer: str, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return object id and user principal name of those users whom names of either kind name; guests are none.

        Args:
            organizer: for whom, to explain a refusal.
            names: object ids and user principal names, at most `MOST_AT_ONCE`.

        https://learn.microsoft.com/graph/api/user-list, with the permission for one user
        """
        found: list[tuple[str, str]] = []
        for name_of, wanted in (
            ("id", [name for name in names if is_object_id(name)]),
            ("userPrincipalName", [name for name in names if not is_object_id(name)]),
        ):
            if not wanted:
                continue
            quoted = ",".join("'" + name.replace("'", "''") + "'" for name in wanted)
            query = {"filter": f"{name_of} in ({quoted})", "select": "id,userPrincipalName"}
            addressee = Addressee(Surface.DIRECTORY, organizer, self._client.client_id)
            answer = await self._client.send(Call(Method.GET, self._client.users, addressee, query=query))
            users: Any = answer.get("value")
            pairs = (
                [(user.get("id"), user.get("userPrincipalName")) for user in users] if isinstance(users, list) else []
            )
            found += [(str(object_id), str(upn)) for object_id, upn in pairs if object_id and upn]
        return found

    async def _read(self, organizer: str, properties: str) -> dict[str, Any]:
        addressee = Addressee(Surface.DIRECTORY, organizer, self._client.client_id)
        return await self._client.send(
            Call(Method.GET, self._client.user(organizer), addressee, query={"select": properties})
        )
