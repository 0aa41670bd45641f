"""What every known refusal of Graph means, through the SDK's own parsing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError
from kiota_abstractions.method import Method

from shared.errors import GraphError, RejectedError, ThrottledError, UnavailableError
from shared.graph.client import Call
from shared.graph.error_translation import translate
from shared.graph.refusals import Addressee, DuplicateTransactionError, NothingFoundError, Surface
from tests.shared.graph.wire import CLIENT_ID, LOCAL, ORGANIZER, Wire, refusal

DIRECTORY, MAILBOX, MEETINGS = Surface.DIRECTORY, Surface.MAILBOX, Surface.ONLINE_MEETINGS
REQUEST_ID = "e6ea3b1c-6a1b-4f1e-9c2b-0d7c1f6b8a55"


async def failure(
    wire: Wire,
    surface: Surface = MAILBOX,
    *,
    writes: bool = True,
    organizer: str = ORGANIZER,
    item: bool = False,
) -> GraphError:
    """Return what a call raises."""
    events = wire.client.user(organizer).events
    builder = events.by_event_id("AAMk") if item else events
    call = Call(Method.POST if writes else Method.GET, builder, surface, organizer, body={"a": 1} if writes else None)
    with pytest.raises(GraphError) as raised:
        await wire.client.send(call)
    return raised.value


REJECTIONS = [
    ("exchange_validation", MAILBOX, "graphRejected", ["POST /api/meetings/{id}/retry"]),
    ("innererror_lower_case", MAILBOX, "graphRejected", []),
    ("inner_code", MEETINGS, "graphRejected", []),
    ("time_zone_not_supported", MAILBOX, "timeZoneNotSupported", ["W. Europe Standard Time"]),
    ("duplicate_transaction_400", MAILBOX, "graphRejected", []),
    ("duplicate_transaction_409", MAILBOX, "graphRejected", []),
    ("event_not_found", MAILBOX, "organizerNotFound", [f"Get-MgUser -UserId '{ORGANIZER}'"]),
    ("invalid_user", MAILBOX, "organizerNotFound", [f"Get-MgUser -UserId '{ORGANIZER}'"]),
    ("user_not_found", DIRECTORY, "organizerNotFound", [f"Get-MgUser -UserId '{ORGANIZER}'"]),
    ("user_not_found", MAILBOX, "organizerNotFound", []),
    ("teams_user_unknown", MEETINGS, "organizerNotFound", []),
    ("mailbox_not_enabled", MAILBOX, "organizerHasNoMailbox", [f"Get-EXOMailbox -Identity '{ORGANIZER}'"]),
    (
        "mailbox_not_supported",
        MAILBOX,
        "organizerHasNoMailbox",
        ["kind 'standalone', which may work without a mailbox"],
    ),
    ("mailbox_not_enabled", MEETINGS, "organizerHasNoMailbox", []),
    (
        "mailbox_access_denied",
        MAILBOX,
        "mailboxAccessDenied",
        [
            f"New-ServicePrincipal -AppId '{CLIENT_ID}'",
            f"New-ManagementRoleAssignment -App (Get-ServicePrincipal -Identity '{CLIENT_ID}').ObjectId",
            "-Role 'Application Calendars.ReadWrite' -CustomResourceScope Convene",
            f"Test-ServicePrincipalAuthorization -Identity '{CLIENT_ID}' -Resource '{ORGANIZER}'",
        ],
    ),
    ("mailbox_access_disabled", MAILBOX, "mailboxAccessDenied", []),
    (
        "authorization_request_denied",
        MAILBOX,
        "applicationPermissionMissing",
        [f"New-ServicePrincipal -AppId '{CLIENT_ID}'", "-Role 'Application Calendars.ReadWrite'", ORGANIZER],
    ),
    ("code_empty", MAILBOX, "mailboxAccessDenied", []),
    ("policy_missing", MAILBOX, "applicationAccessPolicyMissing", ["Grant-CsApplicationAccessPolicy", ORGANIZER]),
    ("policy_missing_general", MAILBOX, "applicationAccessPolicyMissing", []),
    ("policy_missing_older", MAILBOX, "mailboxAccessDenied", []),
    (
        "policy_missing",
        MEETINGS,
        "applicationAccessPolicyMissing",
        [
            f"New-CsApplicationAccessPolicy -Identity Convene -AppIds '{CLIENT_ID}'",
            f"Grant-CsApplicationAccessPolicy -PolicyName Convene -Identity '{ORGANIZER}'",
            "30 minutes",
        ],
    ),
    ("policy_missing_general", MEETINGS, "applicationAccessPolicyMissing", [CLIENT_ID, ORGANIZER]),
    ("policy_missing_older", MEETINGS, "applicationAccessPolicyMissing", []),
    ("policy_missing_rsc", MEETINGS, "applicationAccessPolicyMissing", []),
    ("teams_3003", MEETINGS, "applicationAccessPolicyMissing", []),
    (
        "authorization_request_denied",
        MEETINGS,
        "applicationPermissionMissing",
        ["OnlineMeetings.ReadWrite.All", f"appId eq '{CLIENT_ID}'", "New-MgServicePrincipalAppRoleAssignment"],
    ),
    (
        "authorization_request_denied",
        DIRECTORY,
        "applicationPermissionMissing",
        ["User.ReadBasic.All", "object id, which needs no lookup"],
    ),
    ("teams_1026", MEETINGS, "onlineMeetingMissing", ["retry later"]),
    ("teams_3004", MEETINGS, "onlineMeetingMissing", []),
    ("teams_organizer_mismatch", MEETINGS, "onlineMeetingMissing", []),
    ("teams_1026", MAILBOX, "graphRejected", []),
]


@pytest.mark.parametrize(("name", "surface", "code", "remedies"), REJECTIONS)
async def test_what_is_refused_for_good(
    wire: Wire, name: str, surface: Surface, code: str, remedies: list[str]
) -> None:
    """Each refusal has its code, and a remedy with the command that an administrator runs, ready to be pasted."""
    wire.answer = refusal(name)
    error = await failure(wire, surface)
    assert isinstance(error, RejectedError)
    assert error.code == code
    for part in remedies:
        assert part in error.remedy
    assert error.message
    assert error.answer is not None
    assert error.answer.status == wire.answer.status_code
    assert error.answer.request_id == REQUEST_ID
    assert error.answer.code == wire.answer.json()["error"]["code"]


@pytest.mark.parametrize(
    ("surface", "kind", "code", "remedy"),
    [
        (MAILBOX, RejectedError, "eventDeleted", "new request"),
        (MEETINGS, NothingFoundError, "onlineMeetingMissing", "retry"),
    ],
)
async def test_an_item_that_is_not_there(
    wire: Wire, surface: Surface, kind: type[RejectedError], code: str, remedy: str
) -> None:
    """A 404 on a path that names an event or a meeting is about that, and not about the organizer."""
    wire.answer = refusal("event_not_found")
    error = await failure(wire, surface, item=True)
    assert isinstance(error, kind)
    assert error.code == code
    assert remedy in error.remedy


@pytest.mark.parametrize(
    ("name", "expected"), [("duplicate_transaction_400", "AAMkADAGu0AABIGYDZAAA="), ("duplicate_transaction_409", None)]
)
async def test_a_duplicate_names_the_event(wire: Wire, name: str, expected: str | None) -> None:
    """Whichever status it comes with, a used transaction id is known by its code, and tells the event if Graph does."""
    wire.answer = refusal(name)
    error = await failure(wire)
    assert isinstance(error, DuplicateTransactionError)
    assert error.existing_event_id == expected


async def test_nothing_found_is_an_error_of_its_own(wire: Wire) -> None:
    """A search that missed can be told from other refusals, so that it can be tried later."""
    wire.answer = refusal("teams_1026")
    assert isinstance(await failure(wire, MEETINGS), NothingFoundError)


async def test_a_remedy_quotes_what_it_is_given() -> None:
    """An apostrophe in a name does not end the PowerShell string; an unknown client id leaves a gap to fill."""
    wire = Wire(replace(LOCAL, client_id=None))
    wire.answer = refusal("policy_missing")
    error = await failure(wire, MEETINGS, organizer="o'neil@contoso.com")
    assert isinstance(error, RejectedError)
    assert "-Identity 'o''neil@contoso.com'" in error.remedy
    assert "-AppIds '<the app's client id>'" in error.remedy


@pytest.mark.parametrize(
    ("name", "seconds"), [("throttled", 2.128), ("throttled_mailbox", 10), ("throttled_wordless", None)]
)
async def test_what_is_throttled(wire: Wire, name: str, seconds: float | None) -> None:
    """A 429 says that nothing was done, and how long to stay away, if it says so."""
    wire.answer = refusal(name)
    error = await failure(wire)
    assert isinstance(error, ThrottledError)
    assert error.delay == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("name", "uncertain", "seconds"),
    [
        ("concurrent_item_save", True, None),
        ("mailbox_info_stale", True, 30),
        ("internal_transient", True, None),
        ("gateway_timeout", True, None),
        ("directory_concurrency", True, 3),
        ("token_expired", False, None),
    ],
)
@pytest.mark.parametrize("writes", [True, False])
async def test_what_passes(wire: Wire, name: str, seconds: float | None, *, uncertain: bool, writes: bool) -> None:
    """A failure of the service is tried again; after a write it is uncertain whether something was done."""
    wire.answer = refusal(name)
    error = await failure(wire, writes=writes)
    assert isinstance(error, UnavailableError)
    assert error.uncertain is (uncertain and writes)
    assert error.delay == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize("status", [401, 408, 409, 412, 423, 424, 425])
async def test_statuses_that_pass(wire: Wire, status: int) -> None:
    """These say that nothing was done now, not that nothing can be done."""
    wire.answers(status, {"error": {"code": "x", "message": "m"}})
    error = await failure(wire)
    assert isinstance(error, UnavailableError)
    assert not error.uncertain


async def test_a_precondition_that_failed_is_tried_again(wire: Wire) -> None:
    """Somebody else changed the event first."""
    wire.answer = refusal("precondition_failed")
    error = await failure(wire)
    assert isinstance(error, UnavailableError)
    assert not error.uncertain


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({}, b""),
        (JSON, b""),
        ({"Content-Type": "text/html"}, b"<html>Bad Gateway</html>"),
        (JSON, b"<html>Bad Gateway</html>"),
        (JSON, b'{"error":{"code":"Forb'),
        (JSON, b"[1]"),
        (JSON, b'"text"'),
        (JSON, b"null"),
        (JSON, b'{"error":null}'),
        (JSON, b'{"error":"text"}'),
        (JSON, b'{"error":["x"]}'),
        (JSON, b'{"error":{"code":5,"message":{"a":1},"details":7,"innerError":"x"}}'),
        (JSON, b'{"error":{"code":"c","message":"m","innerError":{"date":"nonsense"}}}'),
        (JSON, b'{"error":{"code":null,"message":null,"@event.existingEventId":5}}'),
        (JSON, b'{"error":{"code":"\xff\xfe"}}'),
        (JSON, b"[" * 50_000),
    ],
)
@pytest.mark.parametrize(
    ("status", "expected"), [(400, RejectedError), (403, RejectedError), (429, ThrottledError), (502, UnavailableError)]
)
async def test_a_body_that_says_nothing(
    wire: Wire, headers: dict[str, str], content: bytes, status: int, expected: type[GraphError]
) -> None:
    """Where the body is empty, broken, or somebody else's, the status decides, and our own request id is kept."""
    wire.answer = httpx.Response(status, headers=headers, content=content)
    error = await failure(wire)
    assert type(error) is expected
    assert error.answer is not None
    assert error.answer.status == status
    assert error.answer.request_id == wire.request.headers["client-request-id"]


@pytest.mark.parametrize(
    ("error", "uncertain"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout("slow"), False),
        (httpx.PoolTimeout("busy"), False),
        (httpx.ReadTimeout("silent"), True),
        (httpx.WriteTimeout("stuck"), True),
        (httpx.ReadError("reset"), True),
        (httpx.WriteError("reset"), True),
        (httpx.RemoteProtocolError("closed"), True),
    ],
)
@pytest.mark.parametrize("writes", [True, False])
async def test_the_network(wire: Wire, error: Exception, *, uncertain: bool, writes: bool) -> None:
    """A request that never left did nothing; one that left unanswered may have, if it writes."""
    wire.answer = error
    raised = await failure(wire, writes=writes)
    assert isinstance(raised, UnavailableError)
    assert raised.uncertain is (uncertain and writes)
    assert raised.answer is None
    assert raised.__cause__ is error


@pytest.mark.parametrize("error", [AzureError("no endpoint"), ClientAuthenticationError("wrong secret: hush")])
def test_no_token(error: AzureError) -> None:
    """Without a token nothing was sent; the reason's text stays in the log's traceback."""
    translated = translate(error, Addressee(MAILBOX, ORGANIZER), "r", writes=True)
    assert isinstance(translated, UnavailableError)
    assert not translated.uncertain
    assert "hush" not in str(translated)


class TestRetryAfter:
    async def test_the_answers_own_date_counts(self, wire: Wire) -> None:
        """A date in the header becomes the time from when Graph sent it until then."""
        wire.answers(429, {}, Retry_After="Wed, 21 Oct 2015 07:29:00 GMT", Date="Wed, 21 Oct 2015 07:28:00 GMT")
        error: Any = await failure(wire)
        assert error.delay == timedelta(seconds=60)

    async def test_two_headers(self, wire: Wire) -> None:
        """They are one list, in whichever of them the longer wait stands."""
        for values in (("5", "20"), ("20", "5")):
            headers = [("Retry-After", value) for value in values]
            wire.answer = httpx.Response(429, headers=headers)
            error: Any = await failure(wire)
            assert error.delay == timedelta(seconds=20)

    async def test_a_date_alone_counts_from_now(self, wire: Wire) -> None:
        """Without a Date of the answer, our clock measures."""
        wire.answers(429, {}, Retry_After=format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))
        error: Any = await failure(wire)
        assert timedelta(minutes=59) < error.delay < timedelta(minutes=61)


@pytest.mark.parametrize(
    "said", ["Bearer eyJ0eXAi.eyJhdWQi.c2ln", "authorization: bearer abc123", "token eyJ0eXAiOiJKV1Qi.eyJhdWQi.c2ln"]
)
async def test_graphs_message_is_passed_on_within_bounds(wire: Wire, said: str) -> None:
    """It becomes a part of the meeting's record and answer: no megabytes of it, and no token that it repeats."""
    wire.answers(400, {"error": {"code": "x" * 100_000, "message": f"Refused {said} at once. " + "y" * 100_000}})
    refused = await failure(wire)
    assert "Refused" in str(refused)
    assert len(str(refused)) < 3000
    assert refused.answer
    assert len(refused.answer.code) <= 1000
    for secret in ("eyJ", "abc123", "c2ln"):
        assert secret not in str(refused)


def refused(status: int, code: str, message: str = "") -> httpx.Response:
    return httpx.Response(
        status, json={"error": {"code": code, "message": message}}, headers={"request-id": REQUEST_ID}
    )


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "ErrorCannotDeleteObject"),
        (404, "ErrorItemNotFound"),
        (400, "ErrorItemNotFound"),
        (400, "ErrorInvalidIdMalformed"),
    ],
)
async def test_every_way_to_say_that_an_event_is_gone(wire: Wire, status: int, code: str) -> None:
    """The code counts, whatever the status is."""
    wire.answer = refused(status, code)
    error = await failure(wire, item=True)
    assert isinstance(error, RejectedError)
    assert error.code == "eventDeleted"


async def test_another_403_of_a_mailbox_is_quoted(wire: Wire) -> None:
    """Only a denied access is answered with the commands that give it."""
    wire.answer = refused(403, "ErrorSendAsDenied", "The user may not send.")
    error = await failure(wire, item=True)
    assert isinstance(error, RejectedError)
    assert error.code == "graphRejected"
    assert "ErrorSendAsDenied: The user may not send." in error.message


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", "onlineMeetingsDenied"),
        ("Forbidden", "onlineMeetingsDenied"),
        ("Missing role permissions on the request.", "applicationPermissionMissing"),
        ("No Application Access Policy found for this app", "applicationAccessPolicyMissing"),
    ],
)
async def test_what_a_403_of_teams_means(wire: Wire, message: str, code: str) -> None:
    """Without a word it is about the person: licence, meeting policy and access policy are named, in this order."""
    wire.answer = refused(403, "Forbidden", message)
    error = await failure(wire, MEETINGS)
    assert isinstance(error, RejectedError)
    assert error.code == code
    if code == "onlineMeetingsDenied":
        parts = ("licence", "AllowPrivateMeetingScheduling", "Grant-CsApplicationAccessPolicy")
        places = [error.remedy.index(part) for part in parts]
        assert places == sorted(places)


@pytest.mark.parametrize("surface", [surface for surface in Surface if surface is not Surface.PLACES])
@pytest.mark.parametrize(
    "code", ["", "ErrorItemNotFound", "ResourceNotFound", "UnknownError", "Request_ResourceNotFound"]
)
async def test_a_404_is_explained_by_what_is_known(wire: Wire, surface: Surface, code: str) -> None:
    """That there is no such user is claimed where the directory says so, or a code; else the answer is quoted."""
    wire.answer = refused(404, code, "Not found.")
    error = await failure(wire, surface)
    assert isinstance(error, RejectedError)
    assert error.code == "organizerNotFound"
    is_known = surface is DIRECTORY or code == "Request_ResourceNotFound"
    assert (error.message == f"There is no user {ORGANIZER}.") == is_known
    assert is_known or f"404 {code}".strip() in error.message


async def test_a_refused_token_is_named(wire: Wire) -> None:
    """A 401 is about the app's token, of which the next attempt has a new one; the rest quotes the status."""
    wire.answer = refused(401, "InvalidAuthenticationToken", "Lifetime validation failed.")
    assert str(await failure(wire)) == "Graph refuses the app's token"
    wire.answer = refused(423, "Locked", "Locked.")
    assert "423" in str(await failure(wire))


async def test_a_resource_that_could_not_be_discovered(wire: Wire) -> None:
    """It may be the user who is not there, or the mailbox: the remedy is of both."""
    wire.answer = refused(404, "ResourceNotFound", "Resource could not be discovered.")
    error = await failure(wire, item=True)
    assert isinstance(error, RejectedError)
    assert error.code == "organizerNotFound"
    assert "Get-MgUser" in error.remedy
    assert "Get-EXOMailbox" in error.remedy
