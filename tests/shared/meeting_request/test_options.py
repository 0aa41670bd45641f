from typing import Any

import pytest

from shared.meeting_request import MeetingOptions, canonical, option_properties, parse_request
from tests.shared.meeting_request.requests import calendar_document, codes_of, options, parsed_calendar


def test_every_option() -> None:
    """The full example has every option, and every one reaches Graph."""
    assert {field.alias for field in MeetingOptions.model_fields.values()} == options().keys()
    assert option_properties(parsed_calendar(options=options())) == options()


def test_none() -> None:
    """No options, empty options and null options are the same: Graph need not be asked."""
    for document in (
        calendar_document(),
        calendar_document(options={}),
        calendar_document(options={"allowRecording": None}),
    ):
        request = parse_request(document)
        assert option_properties(request) == {}
        assert "options" not in canonical(request)


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"allowRecording": "true"}, [("allowRecording", "wrongType")]),
        ({"allowRecording": 1}, [("allowRecording", "wrongType")]),
        ({"allowedPresenters": "nobody"}, [("allowedPresenters", "notOneOf")]),
        ({"allowMeetingChat": True}, [("allowMeetingChat", "notOneOf")]),
        ({"lobbyBypassSettings": {"scope": "unknownFutureValue"}}, [("lobbyBypassSettings/scope", "notOneOf")]),
        (
            {"lobbyBypassSettings": {"isDialInBypassEnabled": 0}},
            [("lobbyBypassSettings/isDialInBypassEnabled", "wrongType")],
        ),
        ({"anonymizeIdentityForRoles": ["boss"]}, [("anonymizeIdentityForRoles/0", "notOneOf")]),
        ({"anonymizeIdentityForRoles": ["presenter"]}, [("anonymizeIdentityForRoles/0", "notOneOf")]),
        ({"anonymizeIdentityForRoles": []}, [("anonymizeIdentityForRoles", "notAllowed")]),
        ({"meetingSpokenLanguageTag": "not a tag"}, [("meetingSpokenLanguageTag", "invalidLanguage")]),
        ({"isEndToEndEncryptionEnabled": "yes"}, [("isEndToEndEncryptionEnabled", "wrongType")]),
        ({"sensitivityLabelAssignment": {}}, [("sensitivityLabelAssignment/sensitivityLabelId", "required")]),
        (
            {"participants": {"attendees": [{"upn": "a@b.co", "role": "Producer"}]}},
            [("participants/attendees/0/role", "notAllowed")],
        ),
        ({"watermarkProtection": {"isEnabled": True}}, [("watermarkProtection/isEnabled", "unknownField")]),
        ({"participants": {}}, [("participants/attendees", "required")]),
        ({"participants": {"attendees": [{"role": "presenter"}]}}, [("participants/attendees/0", "required")]),
        ({"participants": {"attendees": [{"identity": {}}]}}, [("participants/attendees/0/identity/user", "required")]),
        (
            {"participants": {"attendees": [{"identity": {"user": {"displayName": "a\tb"}}}]}},
            [
                ("participants/attendees/0/identity/user/displayName", "forbiddenCharacter"),
                ("participants/attendees/0/identity/user/id", "required"),
            ],
        ),
        ({"participants": {"attendees": [{"upn": "adele"}]}}, [("participants/attendees/0/upn", "invalidAddress")]),
        (
            {"participants": {"attendees": [{"upn": "a@b.co", "role": "boss"}]}},
            [("participants/attendees/0/role", "notOneOf")],
        ),
        ({"expiryDateTime": "2026-11-20T10:00:00Z"}, [("expiryDateTime", "unknownField")]),
    ],
)
def test_faults(given: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    """Options are typed, and only what Graph lets an app update is one."""
    assert codes_of(calendar_document(options=given)) == [(f"/options/{name}", code) for name, code in faults]
