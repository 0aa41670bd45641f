"""Who was chosen from the pools of a meeting, and for which times."""

from datetime import date, datetime

from shared.meeting.record_model import RecordModel

# getSchedule's responseCode for an unknown address, and for one without a mailbox; no page of Graph lists them.
_UNKNOWN_ADDRESS = frozenset({"5009", "5016"})


class PassedOver(RecordModel):
    """A candidate whom Graph refused, and why: with one of this app's codes, or one of Graph's."""

    candidate: str
    code: str

    @property
    def reason(self) -> str:
        """Why, in words."""
        if self.code in _UNKNOWN_ADDRESS:
            return f"Graph does not know the address ({self.code})"
        refusal = "does not show the calendar" if self.code.isdecimal() else "refuses"
        return f"Graph {refusal} ({self.code})"


class Reserved(RecordModel):
    """The time that is reserved for a meeting.

    Attributes:
        mailbox: the address of the organizer, or of the room, that was chosen.
        times: a digest of the request's times that are reserved.
        first_day: the first day (UTC) with a reservation, former times included.
        last_day: the last one.
        attempt: the attempt that reserved the present times; earlier attempts have reserved former times.
        moved: whether former times may still be reserved.
        looked_until: until when the calendars of the candidates were checked.
    """

    mailbox: str
    times: str
    first_day: date
    last_day: date
    attempt: int
    looked_until: datetime
    moved: bool = False


class ReservedRoom(Reserved):
    """The room that was chosen for a meeting.

    Attributes:
        name: the name to show as the location.
        former: rooms that were chosen before, and are invited in Graph until the meeting is changed there.
        declined: whether the room has declined, so that another one is searched for.
        in_place_of: the room that declined, once another one was searched for; that happens once.
    """

    name: str
    former: tuple[str, ...] = ()
    declined: bool = False
    in_place_of: str | None = None


def reservations_of(organizer: Reserved | None, room: ReservedRoom | None) -> tuple[Reserved, ...]:
    """Return the reservations of a meeting: of its organizer and of its rooms, former ones included."""
    rooms = (room, *(room.changed(mailbox=former) for former in room.former)) if room else ()
    return (organizer, *rooms) if organizer else rooms
