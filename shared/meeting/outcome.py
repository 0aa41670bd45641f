"""What Graph has of a meeting, as its record keeps it and callers see it."""

from datetime import datetime

from pydantic import Field

from shared.meeting.record_model import RecordModel


class DialIn(RecordModel):
    """How to join by telephone.

    Attributes:
        toll_number: A number to dial, at the usual cost.
        toll_free_number: A number to dial free of charge.
        conference_id: The number to enter when the call is answered.
        dialin_url: A page with further numbers.
    """

    toll_number: str | None = None
    toll_free_number: str | None = None
    conference_id: str | None = None
    dialin_url: str | None = None


class DialInNumbers(RecordModel):
    """All the telephone numbers, of which `DialIn` has the first of each.

    Attributes:
        toll_numbers: The numbers to dial, at the usual cost.
        toll_free_numbers: The numbers to dial free of charge.
    """

    toll_numbers: tuple[str, ...] = ()
    toll_free_numbers: tuple[str, ...] = ()


class JoinInformation(RecordModel):
    """The text to invite people with, decoded from Graph's data URL.

    Attributes:
        content_type: The format of the content, such as `html`.
        content: The text itself.
    """

    content_type: str
    content: str


class Outcome(RecordModel):
    """What Graph has so far. It survives a failed attempt, so that the next one resumes instead of repeating.

    Attributes:
        join_meeting_id_in_body: the Meeting ID in the text of the invitation, for searches; no answer shows it.
    """

    is_online_meeting: bool = False
    online_meeting_provider: str | None = None
    join_url: str | None = None
    join_meeting_id: str | None = None
    passcode: str | None = None
    dial_in: DialIn | None = None
    dial_in_numbers: DialInNumbers | None = None
    join_information: JoinInformation | None = None
    event_id: str | None = None
    i_cal_u_id: str | None = Field(default=None, alias="iCalUId")
    web_link: str | None = None
    online_meeting_id: str | None = None
    chat_thread_id: str | None = None
    meeting_options_web_url: str | None = None
    expires_at: datetime | None = None
    join_meeting_id_in_body: str | None = None

    @property
    def made(self) -> bool:
        """Return whether Graph is known to have something of the meeting."""
        return bool(self.event_id or self.online_meeting_id)
