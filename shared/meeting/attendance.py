"""The attendance of a meeting, as it is stored and published: reports and numbers of people, never their names."""

from datetime import date, datetime

from shared.meeting.record_model import RecordModel


class AttendanceWatch(RecordModel):
    """How far the watch has come with a meeting's attendance reports.

    Attributes:
        look_at: when to look for reports next; None for never.
        online_meeting_id: the id by which Graph finds the reports, once it was looked up.
        reports: digests of the ids of reports that are published, or came before the watch could publish them.
    """

    look_at: datetime | None = None
    online_meeting_id: str | None = None
    reports: tuple[str, ...] = ()


class Attendance(RecordModel):
    """The attendance of a meeting, or of one occurrence of a series, in numbers.

    Attributes:
        reports: how many reports there are: one for each time that everybody had left the call.
        participants: how many people attended, each counted once.
        seconds: how long they were there, all of them together.
        occurrence: the date of the occurrence, by the clocks of the meeting's zone; None of what is no series.
    """

    reports: int
    participants: int
    seconds: int
    occurrence: date | None = None

    @property
    def sentence(self) -> str:
        """Return the numbers in words, for the history."""
        when = f" on {self.occurrence}" if self.occurrence else ""
        people = "1 person" if self.participants == 1 else f"{self.participants} people"
        return f"An attendance report came: {people} attended{when}."
