"""What can be set on the onlineMeeting behind a meeting: everything that Graph lets an app update.

https://learn.microsoft.com/graph/api/onlinemeeting-update
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from shared.meeting_request.people import Principal
from shared.validation.closed_model import ClosedModel
from shared.validation.findings import invalid
from shared.validation.list_bound import ItemCount
from shared.validation.text import AnyCase, Language, NonBlankLine, SingleLine

MAX_PARTICIPANTS = 1000  # https://learn.microsoft.com/microsoftteams/limits-specifications-teams
MAX_ROLES = 16


def _check_role(value: object) -> object:
    """Refuse a retired role that Graph's schema still lists: https://learn.microsoft.com/graph/api/resources/meetingparticipantinfo."""
    if isinstance(value, str) and value.casefold() == "producer":
        raise invalid("notAllowed", "cannot be producer, a role in live events, which Microsoft has retired")
    return value


def _check_any(roles: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse an empty list: Graph has no update that makes anonymous people known again."""
    if not roles:
        raise invalid("notAllowed", "cannot be empty: Graph cannot take it back; leave it out")
    return roles


type OnlineMeetingRole = Annotated[
    Literal["attendee", "presenter", "coorganizer"], AnyCase(), BeforeValidator(_check_role)
]
# The only role that can be made anonymous: https://learn.microsoft.com/graph/api/onlinemeeting-update
type AnonymousRole = Annotated[Literal["attendee"], AnyCase()]


type LobbyBypassScope = Annotated[
    Literal[
        "organizer",
        "organization",
        "organizationAndFederated",
        "everyone",
        "invited",
        "organizationExcludingGuests",
    ],
    AnyCase(),
]
type AllowedLobbyAdmitterRoles = Annotated[
    Literal["organizerAndCoOrganizersAndPresenters", "organizerAndCoOrganizers"], AnyCase()
]
type OnlineMeetingPresenters = Annotated[Literal["everyone", "organization", "roleIsPresenter", "organizer"], AnyCase()]
type MeetingLiveShareOptions = Annotated[Literal["enabled", "disabled"], AnyCase()]
type MeetingChatMode = Annotated[Literal["enabled", "disabled", "limited"], AnyCase()]


class LobbyBypassSettings(ClosedModel):
    """Who need not wait in the lobby.

    Attributes:
        scope: Who enters the meeting directly.
        is_dial_in_bypass_enabled: Whether callers by telephone enter directly.

    https://learn.microsoft.com/graph/api/resources/lobbybypasssettings
    """

    scope: LobbyBypassScope | None = None
    is_dial_in_bypass_enabled: bool | None = None


class WatermarkProtection(ClosedModel):
    """Where a watermark is shown.

    Attributes:
        is_enabled_for_content_sharing: Whether shared content has a watermark.
        is_enabled_for_video: Whether videos have a watermark.

    https://learn.microsoft.com/graph/api/resources/watermarkprotectionvalues
    """

    is_enabled_for_content_sharing: bool | None = None
    is_enabled_for_video: bool | None = None


class SensitivityLabelAssignment(ClosedModel):
    """The label of the meeting.

    Attributes:
        sensitivity_label_id: The id of the sensitivity label.

    https://learn.microsoft.com/graph/api/resources/onlinemeetingsensitivitylabelassignment
    """

    sensitivity_label_id: NonBlankLine


class User(ClosedModel):
    """A user of the directory.

    Attributes:
        id: The user's object id.
        display_name: The user's name.
    """

    model_config = ConfigDict(title="Identity")

    id: NonBlankLine
    display_name: SingleLine | None = None


class IdentitySet(ClosedModel):
    """Who a participant is.

    Attributes:
        user: The user in the directory.
    """

    user: User


class Participant(ClosedModel):
    """A participant with a role.

    Attributes:
        upn: The participant's user principal name.
        role: The participant's role in the meeting.
        identity: The participant in the directory.

    https://learn.microsoft.com/graph/api/resources/meetingparticipantinfo
    """

    model_config = ConfigDict(title="MeetingParticipantInfo")

    upn: Principal | None = None
    role: OnlineMeetingRole | None = None
    identity: IdentitySet | None = None

    @model_validator(mode="after")
    def _is_somebody(self) -> Self:
        if self.upn is None and self.identity is None:
            raise invalid("required", "needs upn or identity.user.id")
        return self


class Participants(ClosedModel):
    """The participants with roles, always all of them: Graph replaces the whole list.

    Attributes:
        attendees: The participants.
    """

    model_config = ConfigDict(title="MeetingParticipants")

    attendees: Annotated[tuple[Participant, ...], Field(strict=False), ItemCount(most=MAX_PARTICIPANTS)]


class MeetingOptions(ClosedModel):
    """The properties of an onlineMeeting that can be changed, without its subject and times.

    Attributes:
        allow_attendee_to_enable_camera: Whether attendees may turn on their cameras.
        allow_attendee_to_enable_mic: Whether attendees may turn on their microphones.
        allow_breakout_rooms: Whether breakout rooms are allowed.
        allow_copying_and_sharing_meeting_content: Whether attendees may copy and share meeting content.
        allowed_lobby_admitters: Who may admit people from the lobby.
        allowed_presenters: Who may present.
        allow_live_share: Whether live share is allowed.
        allow_meeting_chat: Whether the meeting chat is allowed.
        allow_power_point_sharing: Whether PowerPoint live is allowed.
        allow_recording: Whether the meeting may be recorded.
        allow_teamwork_reactions: Whether Teams reactions are allowed.
        allow_transcription: Whether the meeting may be transcribed.
        allow_whiteboard: Whether whiteboards are allowed.
        anonymize_identity_for_roles: The roles whose identity is hidden.
        is_end_to_end_encryption_enabled: Whether the meeting is encrypted end to end.
        is_entry_exit_announced: Whether a sound announces when people join or leave.
        lobby_bypass_settings: Who need not wait in the lobby.
        meeting_spoken_language_tag: The language spoken in the meeting, for its transcript.
        participants: The co-organizers and presenters, always all of them.
        record_automatically: Whether the meeting is recorded automatically.
        sensitivity_label_assignment: The sensitivity label of the meeting.
        watermark_protection: Where a watermark is shown.
    """

    allow_attendee_to_enable_camera: bool | None = None
    allow_attendee_to_enable_mic: bool | None = None
    allow_breakout_rooms: bool | None = None
    allow_copying_and_sharing_meeting_content: bool | None = None
    allowed_lobby_admitters: AllowedLobbyAdmitterRoles | None = None
    allowed_presenters: OnlineMeetingPresenters | None = None
    allow_live_share: MeetingLiveShareOptions | None = None
    allow_meeting_chat: MeetingChatMode | None = None
    allow_power_point_sharing: bool | None = None
    allow_recording: bool | None = None
    allow_teamwork_reactions: bool | None = None
    allow_transcription: bool | None = None
    allow_whiteboard: bool | None = None
    anonymize_identity_for_roles: (
        Annotated[tuple[AnonymousRole, ...], Field(strict=False), AfterValidator(_check_any), ItemCount(most=MAX_ROLES)]
        | None
    ) = None
    is_end_to_end_encryption_enabled: bool | None = None
    is_entry_exit_announced: bool | None = None
    lobby_bypass_settings: LobbyBypassSettings | None = None
    meeting_spoken_language_tag: Language | None = None
    participants: Participants | None = None
    record_automatically: bool | None = None
    sensitivity_label_assignment: SensitivityLabelAssignment | None = None
    watermark_protection: WatermarkProtection | None = None


def _unless_empty(options: MeetingOptions | None) -> MeetingOptions | None:
    return options if options is not None and options.model_fields_set else None


# An empty object asks for nothing, and must not cost the calls to Graph that options cost.
Options = Annotated[MeetingOptions | None, AfterValidator(_unless_empty)]
