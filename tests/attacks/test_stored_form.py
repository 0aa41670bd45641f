"""What grows when it is stored is refused or ends, by every call alike, and the upkeep goes on."""

from typing import Any

import pytest

from tests.attacks.test_started_stack import upkeep_goes_on
from tests.examples import CALENDAR
from tests.integration.conftest import Client

pytestmark = pytest.mark.slow


def _body(content: str) -> dict[str, Any]:
    return CALENDAR | {"body": {"contentType": "html", "content": content}}


TOO_LARGE: dict[str, dict[str, Any]] = {
    "far more than a record holds, once it is cleaned": _body("&" * 260_000),
    "just more than a record holds": _body("&" * 104_230 + "x" * 79),
    "text of two bytes a character": _body("ж" * 120_000 + "\u00a0" * 2_000),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_grows_when_it_is_stored(client: Client, name: str) -> None:
    """It is accepted and ends, or is refused as too large, by every call alike; the upkeep goes on."""
    answers = [client.http.post(path, json=TOO_LARGE[name]) for path in ("/meetings", "/meetings/validate")]
    accepted, valid = answers
    assert (accepted.status_code, valid.status_code) in {(202, 200), (413, 413)}
    if accepted.status_code == 202:
        assert client.finished(f"/meetings/{accepted.json()['id']}")["status"] in {"succeeded", "failed"}
    else:
        assert {answer.json()["code"] for answer in answers} == {"tooLarge"}
    upkeep_goes_on(client)


def test_what_grows_change_by_change(client: Client) -> None:
    """No change is accepted that makes the request too large for its record; what was accepted ends."""
    meeting = client.post(CALENDAR).json()["id"]
    target = f"/meetings/{meeting}"
    names = [f"{number:03}" + "ж" * 200 for number in range(90)]
    # The emulator counts the bytes of what is sent, six for such a letter, and so refuses some that Azure takes.
    changes = [
        {"body": {"contentType": "text", "content": "ж" * 110_000}},
        {"categories": names},
        {"locations": [{"displayName": name} for name in names]},
        {"attendees": [{"emailAddress": {"address": f"a{n}@contoso.com", "name": "ж" * 200}} for n in range(450)]},
    ]
    for change in changes:
        answer = client.http.patch(target, json=change)
        assert answer.status_code in {202, 400, 413}, answer.text[:500]
    assert client.finished(target)["status"] in {"succeeded", "failed"}
    assert client.http.delete(target).status_code in {202, 404}
    upkeep_goes_on(client)
