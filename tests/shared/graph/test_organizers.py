"""Organizers in the directory."""

from typing import Any

import pytest

from shared.errors import RejectedError, UnavailableError
from shared.graph import Organizers
from tests.shared.graph.wire import OBJECT_ID, ORGANIZER, Wire, refusal


async def test_a_name_leads_to_an_object_id(wire: Wire) -> None:
    """The directory is asked for the id and for nothing else."""
    wire.answers(200, {"@odata.context": "x", "id": OBJECT_ID})
    assert await Organizers(wire.client).object_id(ORGANIZER) == OBJECT_ID
    assert (wire.request.method, wire.target) == ("GET", "/v1.0/users/AlexW%40contoso.com?$select=id")


@pytest.mark.parametrize("answer", [{}, {"id": None}, {"id": ""}, {"id": 5}])
async def test_an_answer_without_an_id(wire: Wire, answer: dict[str, Any]) -> None:
    """A user without an id is no answer."""
    wire.answers(200, answer)
    with pytest.raises(UnavailableError) as raised:
        await Organizers(wire.client).object_id(ORGANIZER)
    assert not raised.value.uncertain


@pytest.mark.parametrize(
    ("name", "code"),
    [("user_not_found", "organizerNotFound"), ("authorization_request_denied", "applicationPermissionMissing")],
)
async def test_refusals(wire: Wire, name: str, code: str) -> None:
    """There is no such user, or the app may not look."""
    wire.answer = refusal(name)
    with pytest.raises(RejectedError) as raised:
        await Organizers(wire.client).object_id(ORGANIZER)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("answer", "address"),
    [
        ({"mail": "alex@contoso.com", "userPrincipalName": ORGANIZER}, "alex@contoso.com"),
        ({"mail": None, "userPrincipalName": ORGANIZER}, ORGANIZER),
        ({"mail": 5, "userPrincipalName": ORGANIZER}, ORGANIZER),
        ({"mail": [], "userPrincipalName": {}}, None),
        ({}, None),
    ],
)
async def test_an_address_is_a_text(wire: Wire, answer: dict[str, Any], address: str | None) -> None:
    """The mail address, or else the user principal name; what is no text counts as not told."""
    wire.answers(200, answer)
    assert await Organizers(wire.client).address(OBJECT_ID) == address
