"""Which app this is, for commands that administrators run."""

import base64
import json
from typing import Any

import pytest
from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator

from shared.errors import RejectedError
from shared.graph import OnlineMeetings
from shared.graph.credentials import app_id_in_token
from shared.settings import GraphCredential, GraphService
from shared.settings.clouds import GLOBAL
from tests.shared.graph.wire import CLIENT_ID, OBJECT_ID, ROOT, Wire, refusal


class Tokens(AccessTokenProvider):
    """Hands out one token."""

    def __init__(self, token: str) -> None:
        self.token = token

    async def get_authorization_token(
        self, uri: str, additional_authentication_context: dict[str, Any] | None = None
    ) -> str:
        del uri, additional_authentication_context
        return self.token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([])


def token(claims: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "app_id"),
    [
        (token({"appid": CLIENT_ID, "oid": OBJECT_ID}), CLIENT_ID),
        (token({"azp": CLIENT_ID}), CLIENT_ID),
        (token({"appid": "'; Remove-Everything '"}), None),
        (token({"oid": OBJECT_ID}), None),
        (token([CLIENT_ID]), None),
        (token({"appid": 5}), None),
        ("local", None),
        ("a.%%%.c", None),
        ("a.bm8.c", None),
    ],
)
async def test_the_token_tells_which_app_this_is(text: str, app_id: str | None) -> None:
    """For a managed identity whose client id no setting names; anything but a GUID is no id."""
    assert await app_id_in_token(Tokens(text), "https://graph.microsoft.com/v1.0") == app_id


async def test_a_remedy_names_the_app_that_only_the_token_names() -> None:
    """A system-assigned identity has a client id that no setting tells, and the command needs it."""
    wire = Wire(GraphService(ROOT, GLOBAL, GraphCredential.NONE))
    wire.client._tokens = Tokens(token({"appid": CLIENT_ID}))
    wire.answer = refusal("policy_missing")
    with pytest.raises(RejectedError) as raised:
        await OnlineMeetings(wire.client).find(OBJECT_ID, "x", None)
    assert f"-AppIds '{CLIENT_ID}'" in raised.value.remedy
    await wire.client.close()
