"""The properties of an onlineMeeting, with their types.

https://learn.microsoft.com/graph/api/resources/onlinemeeting
"""

from typing import Final

from local.graph.validation import BOOLEAN, TEXT, Choice, Complex, Many, OffsetTime

_FUTURE: Final = "unknownFutureValue"

# Members after unknownFutureValue are shown only on request.
# https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations
LATE_SCOPES: Final = frozenset({"invited", "organizationExcludingGuests"})
LATE_ROLES: Final = frozenset({"coorganizer"})

_IDENTITY: Final = Complex("identity", dict.fromkeys(("id", "displayName", "tenantId", "identityProvider"), TEXT))
_PARTICIPANT: Final = Complex(
    "meetingParticipantInfo",
    {
        "identity": Complex("identitySet", dict.fromkeys(("user", "application", "device"), _IDENTITY)),
        "upn": TEXT,
        "role": Choice(("attendee", "presenter", _FUTURE, "coorganizer")),
    },
)
_CHAT_INFO: Final = Complex("chatInfo", dict.fromkeys(("threadId", "messageId", "replyChainMessageId"), TEXT))
# https://learn.microsoft.com/graph/api/onlinemeeting-update
UPDATABLE: Final = {
    "allowAttendeeToEnableCamera": BOOLEAN,
    "allowAttendeeToEnableMic": BOOLEAN,
    "allowBreakoutRooms": BOOLEAN,
    "allowCopyingAndSharingMeetingContent": BOOLEAN,
    "allowedLobbyAdmitters": Choice(("organizerAndCoOrganizersAndPresenters", "organizerAndCoOrganizers", _FUTURE)),
    "allowedPresenters": Choice(("everyone", "organization", "roleIsPresenter", "organizer", _FUTURE)),
    "allowLiveShare": Choice(("enabled", "disabled", _FUTURE)),
    "allowMeetingChat": Choice(("enabled", "disabled", "limited", _FUTURE)),
    "allowPowerPointSharing": BOOLEAN,
    "allowRecording": BOOLEAN,
    "allowTeamworkReactions": BOOLEAN,
    "allowTranscription": BOOLEAN,
    "allowWhiteboard": BOOLEAN,
    "endDateTime": OffsetTime(),
    "isEndToEndEncryptionEnabled": BOOLEAN,
    "isEntryExitAnnounced": BOOLEAN,
    "lobbyBypassSettings": Complex(
        "lobbyBypassSettings",
        {
            "isDialInBypassEnabled": BOOLEAN,
            "scope": Choice(
                (
                    *("organizer", "organization", "organizationAndFederated", "everyone", _FUTURE),
                    *("invited", "organizationExcludingGuests"),
                )
            ),
        },
    ),
    "meetingSpokenLanguageTag": TEXT,
    "participants": Complex("meetingParticipants", {"attendees": Many(_PARTICIPANT), "organizer": _PARTICIPANT}),
    "recordAutomatically": BOOLEAN,
    "sensitivityLabelAssignment": Complex("onlineMeetingSensitivityLabelAssignment", {"sensitivityLabelId": TEXT}),
    "startDateTime": OffsetTime(),
    "subject": TEXT,
    "watermarkProtection": Complex(
        "watermarkProtectionValues", {"isEnabledForContentSharing": BOOLEAN, "isEnabledForVideo": BOOLEAN}
    ),
}

# Declared by Graph, but absent from the page about updating: accepted on creation only.
_ON_CREATION: Final = {
    "allowParticipantsToChangeName": BOOLEAN,
    "chatRestrictions": Complex("chatRestrictions", {"allowTextOnly": BOOLEAN}),
    "joinMeetingIdSettings": Complex(
        "joinMeetingIdSettings", {"isPasscodeRequired": BOOLEAN, "joinMeetingId": TEXT, "passcode": TEXT}
    ),
    "meetingTemplateId": TEXT,
    "meetingType": Choice(("adhoc", "scheduled", "recurring", "broadcast", "meetnow", _FUTURE)),
    "shareMeetingChatHistoryDefault": Choice(("none", "all", _FUTURE)),
}

_READ_ONLY: Final = frozenset(
    [
        "id",
        "attendanceReports",
        "attendeeReport",
        # Of live events, which are retired.
        "broadcastSettings",
        "isBroadcast",
        "audioConferencing",
        "chatInfo",
        "cloudVideoInteropInfo",
        "creationDateTime",
        "expiryDateTime",
        "joinInformation",
        "joinUrl",
        "joinWebUrl",
        "meetingOptionsWebUrl",
        "recordings",
        "transcripts",
        "videoTeleconferenceId",
    ]
)

NEW_MEETING: Final = Complex("onlineMeeting", {**UPDATABLE, **_ON_CREATION, "externalId": TEXT}, _READ_ONLY)
FOUND_OR_NEW_MEETING: Final = Complex(
    "onlineMeeting", {**UPDATABLE, **_ON_CREATION, "externalId": TEXT, "chatInfo": _CHAT_INFO}, _READ_ONLY
)
CHANGED_MEETING: Final = Complex("onlineMeeting", UPDATABLE, _READ_ONLY)
NOT_UPDATABLE: Final = _READ_ONLY | _ON_CREATION.keys() | {"externalId"}
SELECTABLE: Final = _READ_ONLY | NEW_MEETING.properties.keys()

# The page about updating has it, and no schema of v1.0 does: accepted, but neither stored nor shown, in every cloud.
_NOWHERE: Final = frozenset({"anonymizeIdentityForRoles"})
# What each cloud's schema lacks. The type is open: unknown properties are accepted, but neither stored nor shown.
# https://github.com/microsoftgraph/msgraph-metadata, schemas/v1.0-Fairfax.csdl
UNKNOWN_OPTIONS: Final = {
    "global": _NOWHERE,
    "usGovernment": _NOWHERE
    | {
        "allowBreakoutRooms",
        "allowCopyingAndSharingMeetingContent",
        "allowLiveShare",
        "allowPowerPointSharing",
        "allowRecording",
        "allowTranscription",
        "allowWhiteboard",
        "allowedLobbyAdmitters",
        "chatRestrictions",
        "cloudVideoInteropInfo",
        "expiryDateTime",
        "isEndToEndEncryptionEnabled",
        "meetingOptionsWebUrl",
        "meetingSpokenLanguageTag",
        "sensitivityLabelAssignment",
    },
}

DEFAULTS: Final = {
    "allowAttendeeToEnableCamera": True,
    "allowAttendeeToEnableMic": True,
    "allowBreakoutRooms": True,
    "allowCopyingAndSharingMeetingContent": True,
    "allowLiveShare": "enabled",
    "allowMeetingChat": "enabled",
    "allowParticipantsToChangeName": False,
    "allowPowerPointSharing": True,
    "allowRecording": True,
    "allowTeamworkReactions": True,
    "allowTranscription": True,
    "allowWhiteboard": True,
    "allowedLobbyAdmitters": "organizerAndCoOrganizersAndPresenters",
    "allowedPresenters": "everyone",
    "isEndToEndEncryptionEnabled": False,
    "isEntryExitAnnounced": True,
    "lobbyBypassSettings": {"isDialInBypassEnabled": False, "scope": "organization"},
    "meetingSpokenLanguageTag": None,
    "meetingTemplateId": None,
    "recordAutomatically": False,
    "sensitivityLabelAssignment": None,
    "shareMeetingChatHistoryDefault": "none",
    "watermarkProtection": {"isEnabledForContentSharing": False, "isEnabledForVideo": False},
}
