"""Organizers in the directory: /users/{id or user principal name}."""

from collections.abc import Sequence

from kiota_abstractions.method import Method

from shared.errors import UnavailableError
from shared.graph.client import Call, GraphClient
from shared.graph.pages import odata_string
from shared.graph.refusals import Surface
from shared.graph.resources import GraphResource, Lenient, parse_resource
from shared.meeting_request.people import is_object_id

# https://learn.microsoft.com/graph/filter-query-parameter: of the operator in
MOST_AT_ONCE = 15


class _User(GraphResource):
    id: Lenient[str] = None
    mail: Lenient[str] = None
    user_principal_name: Lenient[str] = None


class _Users(GraphResource):
    value: Lenient[tuple[_User, ...]] = None


class Organizers:
    """Looks organizers up. Every call may raise the GraphErrors of GraphClient.send."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    async def object_id(self, organizer: str) -> str:
        """Return the object id of a user principal name, which the paths of online meetings require."""
        user = await self._read(organizer, "id")
        if not user.id:
            raise UnavailableError("Graph's answer has no object id", uncertain=False)
        return user.id

    async def address(self, organizer: str) -> str | None:
        """Return the mail address of a user, or else the user principal name."""
        user = await self._read(organizer, "mail,userPrincipalName")
        return user.mail or user.user_principal_name or None

    async def find(self, organizer: str, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return object id and user principal name of the users with these names; guests are left out.

        Args:
            organizer: named in the remedy of a refusal.
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
            listed = ",".join(map(odata_string, wanted))
            query = {"filter": f"{name_of} in ({listed})", "select": "id,userPrincipalName"}
            call = Call(Method.GET, self._client.service.users, Surface.DIRECTORY, organizer, query)
            answer = await self._client.send(call)
            users = parse_resource(_Users, answer, uncertain=False).value or ()
            found += [(user.id, user.user_principal_name) for user in users if user.id and user.user_principal_name]
        return found

    async def _read(self, organizer: str, properties: str) -> _User:
        user, query = self._client.user(organizer), {"select": properties}
        answer = await self._client.send(Call(Method.GET, user, Surface.DIRECTORY, organizer, query))
        return parse_resource(_User, answer, uncertain=False)
