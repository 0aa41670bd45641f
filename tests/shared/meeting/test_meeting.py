"""The meeting: its id, its form in JSON, and its record."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Fault, GraphAnswer, RejectedError
from shared.ids import KeyNamespace, id_from_key, is_record_id, random_id
from shared.meeting import (
    FINISHED,
    Claim,
    DialIn,
    DialInNumbers,
    Doubt,
    JoinInformation,
    Meeting,
    MeetingError,
    MeetingResponse,
    Outcome,
    Progress,
    Status,
)
from shared.validation.response_model import timestamp

NOW = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)
OUTCOME = Outcome(
    is_online_meeting=True,
    online_meeting_provider="teamsForBusiness",
    join_url="https://teams.microsoft.com/l/meetup-join/1",
    join_meeting_id="1234567890",
    passcode="a1b2",
    dial_in=DialIn(toll_number="+1 323-555-0166", conference_id="291633251"),
    dial_in_numbers=DialInNumbers(toll_free_numbers=("+1 800", "+1 888")),
    join_information=JoinInformation(content_type="html", content="<div>会議</div>"),
    event_id="AAMk=",
    iCalUId="0400",
    web_link="https://outlook.office365.com/owa/",
    online_meeting_id="MSpk",
    chat_thread_id="19:meeting@thread.v2",
    meeting_options_web_url="https://teams.microsoft.com/meetingOptions/",
    expires_at=NOW,
)


def meeting(**values: Any) -> Meeting:
    return Meeting.model_validate(
        {
            "id": "8f0c3a1e-6d53-4a55-9d9e-0d5a8a7f6b11",
            "kind": "calendar",
            "organizer": "AlexW@contoso.com",
            "reference": None,
            "request": {"organizer": "AlexW@contoso.com", "subject": "Prep"},
            "fingerprint": "f",
            "status": Status.QUEUED,
            "version": 1,
            "created_at": NOW,
            "updated_at": NOW,
            "progress": Progress(version_started_at=NOW),
        }
        | values
    )


class TestId:
    def test_a_key_always_leads_to_the_same_id(self) -> None:
        """The id of a key is fixed for ever: a new one would make new meetings of old keys."""
        assert id_from_key("", "order-1") == "3064835c-70c1-58b8-a959-c9942a105e5e"
        assert id_from_key("caller", "order-1") == "a95aa1e8-23f1-55ef-aed9-27068088139b"

    @given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
    def test_another_key_or_caller_is_another_meeting(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        """Two ids are the same only if both caller and key are."""
        assert (id_from_key(*one) == id_from_key(*other)) is (one == other)

    def test_no_namespace_of_the_app_can_be_a_callers_id(self) -> None:
        """A caller's id is an object id, or empty: no caller's key leads to what the app keeps by a key of its own."""
        assert len({id_from_key(namespace, "k") for namespace in KeyNamespace}) == len(KeyNamespace)
        assert not [namespace for namespace in KeyNamespace if is_record_id(namespace) or not namespace]

    def test_a_request_without_a_key_is_always_new(self) -> None:
        """Random ids differ, and look like the others."""
        assert random_id() != random_id()
        assert is_record_id(random_id())
        assert is_record_id(id_from_key("", "k"))

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "1",
            "8F0C3A1E-6D53-4A55-9D9E-0D5A8A7F6B11",
            "{8f0c3a1e-6d53-4a55-9d9e-0d5a8a7f6b11}",
            "8f0c3a1e6d534a559d9e0d5a8a7f6b11",
            "urn:uuid:8f0c3a1e-6d53-4a55-9d9e-0d5a8a7f6b11",
            "8f0c3a1e-6d53-4a55-9d9e-0d5a8a7f6b11\n",
            "8f0c3a1e-6d53-4a55-9d9e-0d5a8a7f6b1g",
            "８f0c3a1e-6d53-4a55-9d9e-0d5a8a7f6b11",  # noqa: RUF001 - a fullwidth eight
            "../8f0c3a1e-6d53-4a55-9d9e-0d5a8a7f6b1",
        ],
    )
    def test_other_texts_are_no_ids(self, text: str) -> None:
        """Only the canonical form of a UUID is an id, so that a meeting has one URL."""
        assert not is_record_id(text)

    @given(st.uuids())
    def test_every_uuid_is_one(self, value: uuid.UUID) -> None:
        """The canonical form of any UUID may be an id."""
        assert is_record_id(str(value))


class TestJson:
    def test_a_new_meeting(self) -> None:
        """Every member of the contract is there from the start, in its order, null as long as it is unknown."""
        assert json.dumps(MeetingResponse.of(meeting()).as_json()) == json.dumps(
            {
                "id": "8f0c3a1e-6d53-4a55-9d9e-0d5a8a7f6b11",
                "status": "queued",
                "kind": "calendar",
                "version": 1,
                "organizer": "AlexW@contoso.com",
                "room": None,
                "availabilityCheckedUntil": None,
                "reference": None,
                "createdAt": "2026-11-21T08:00:00Z",
                "updatedAt": "2026-11-21T08:00:00Z",
                "attempts": 0,
                "nextAttemptAt": None,
                "isOnlineMeeting": False,
                "onlineMeetingProvider": None,
                "joinUrl": None,
                "joinMeetingId": None,
                "passcode": None,
                "dialIn": None,
                "dialInNumbers": None,
                "joinInformation": None,
                "eventId": None,
                "iCalUId": None,
                "webLink": None,
                "onlineMeetingId": None,
                "chatThreadId": None,
                "meetingOptionsWebUrl": None,
                "expiresAt": None,
                "schedule": None,
                "observed": None,
                "received": None,
                "error": None,
                "request": {"organizer": "AlexW@contoso.com", "subject": "Prep"},
            }
        )

    def test_a_succeeded_meeting(self) -> None:
        """What Graph has made stands beside the rest, under Graph's names."""
        document = MeetingResponse.of(
            meeting(status=Status.SUCCEEDED, attempts=2, outcome=OUTCOME, reference="r")
        ).as_json()
        assert document["status"] == "succeeded"
        assert document["attempts"] == 2
        assert document["reference"] == "r"
        assert document["dialIn"] == {
            "tollNumber": "+1 323-555-0166",
            "tollFreeNumber": None,
            "conferenceId": "291633251",
            "dialinUrl": None,
        }
        assert document["dialInNumbers"] == {"tollNumbers": [], "tollFreeNumbers": ["+1 800", "+1 888"]}
        assert document["joinInformation"] == {"contentType": "html", "content": "<div>会議</div>"}
        assert document["iCalUId"] == "0400"
        assert document["passcode"] == "a1b2"
        unset = {"room", "availabilityCheckedUntil", "nextAttemptAt", "schedule", "observed", "received", "error"}
        assert {name for name, value in document.items() if value is None} == unset

    def test_a_failed_meeting(self) -> None:
        """The error tells the contract's code, the remedy for this meeting, and Graph's own words."""
        refusal = RejectedError(
            "eventDeleted", "It is gone.", "POST /api/meetings/{id}/retry", GraphAnswer(404, "E", "r")
        )
        error = MeetingError.of(refusal, "8f0c")
        assert MeetingResponse.of(meeting(status=Status.FAILED, error=error)).as_json()["error"] == {
            "code": "eventDeleted",
            "message": "It is gone.",
            "remedy": "POST /api/meetings/8f0c/retry",
            "graph": {"status": 404, "code": "E", "requestId": "r"},
        }

    def test_an_invalid_request(self) -> None:
        """Only the error of a request that was never one lists faults; Graph was not asked."""
        error = MeetingError(code="invalidRequest", message="m", remedy="r", errors=(Fault("/start", "required", "f"),))
        assert MeetingResponse.of(meeting(error=error)).as_json()["error"] == {
            "code": "invalidRequest",
            "message": "m",
            "remedy": "r",
            "graph": None,
            "errors": [{"pointer": "/start", "code": "required", "message": "f"}],
        }

    def test_nothing_internal_is_shown(self) -> None:
        """Claim, fingerprint, etag and the like are nobody else's business."""
        inside = {"claim": Claim(owner="o", expires_at=NOW), "etag": "e", "traceparent": "00", "organizer_id": "oid"}
        inside |= {"doubt": Doubt(in_doubt_since=1), "progress": Progress(version_started_at=NOW, crashes=3)}
        document = MeetingResponse.of(meeting(**inside)).as_json()
        assert document == MeetingResponse.of(meeting()).as_json()

    def test_moments_are_utc(self) -> None:
        """A moment is RFC 3339 in UTC with whole seconds, whatever its zone was."""
        tokyo = timezone(timedelta(hours=9))
        assert timestamp(datetime(2026, 11, 21, 17, 0, 0, 999_999, tzinfo=tokyo)) == "2026-11-21T08:00:00Z"
        waiting = meeting().progressed(next_attempt_at=NOW)
        assert MeetingResponse.of(waiting).as_json()["nextAttemptAt"] == "2026-11-21T08:00:00Z"


def test_the_last_three_statuses_are_ends() -> None:
    """A meeting is finished when it has succeeded, failed or been cancelled."""
    assert {status for status in Status if meeting(status=status).finished} == set(FINISHED)
    assert {status.value for status in FINISHED} == {"succeeded", "failed", "cancelled"}


def test_the_record_survives_json() -> None:
    """What the ledger writes it reads again; etag and index keys are no part of it."""
    before = meeting(
        outcome=OUTCOME,
        claim=Claim(owner="o", expires_at=NOW),
        progress=Progress(version_started_at=NOW, next_attempt_at=NOW, not_found_yet=2),
        doubt=Doubt(in_doubt_since=1, late_effect_until=NOW),
        error=MeetingError(
            code="c", message="m", remedy="r", graph=GraphAnswer(1, "c", "r"), errors=(Fault("", "c", "m"),)
        ),
        request={"big": 10**30, "nested": [{"deep": [1.5, None, True, "😀 \u202e \x00 \ufffe"]}], "": {}},
        etag="e",
        index_keys=frozenset({"k"}),
    )
    text = before.model_dump_json(by_alias=True, exclude_defaults=True)
    assert Meeting.model_validate_json(text) == before.changed(etag="", index_keys=frozenset())
    assert not re.search(r'"etag"|index_?keys', text, re.IGNORECASE)
