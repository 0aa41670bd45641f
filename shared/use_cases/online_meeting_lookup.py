"""The online meeting of one of this app's meetings, as Graph's paths name it."""

from shared.graph.artifacts import OnlineMeetingIds
from shared.graph.online_meetings import by_join_meeting_id, by_join_url
from shared.graph.services import GraphServices
from shared.meeting import Meeting
from shared.meeting_request.people import is_object_id
from shared.throttling.directory import Directory
from shared.throttling.mailbox_gate import MailboxGate
from shared.validation.join_links import meeting_id_in, names_teams_meeting, organizer_in


class OnlineMeetingLookup:
    """Looks up ids that the record does not have. Every call may raise GraphErrors."""

    def __init__(self, graph: GraphServices, gate: MailboxGate) -> None:
        self._graph = graph
        self._directory = Directory(graph.organizers, gate)

    async def organizer_id(self, meeting: Meeting) -> str:
        """Return the object id of the meeting's organizer.

        The link of an existing event may be another organizer's, so it is not used.
        """
        organizer = meeting.organizer or ""
        if is_object_id(organizer):
            return organizer
        if meeting.kind != "existing" and (known := meeting.organizer_id or organizer_in(_link(meeting))):
            return known
        return await self._directory.object_id(organizer)

    async def find(self, meeting: Meeting) -> OnlineMeetingIds | None:
        """Return the ids of the meeting's online meeting, None if Graph has none, or only another organizer's."""
        organizer_id = await self.organizer_id(meeting)
        known = meeting.outcome.online_meeting_id if meeting.kind != "existing" else None
        if known := known or meeting.attendance.online_meeting_id:
            return OnlineMeetingIds(organizer_id, known)
        link = _link(meeting)
        if not names_teams_meeting(link):
            return None
        number = meeting_id_in(link)
        condition = by_join_meeting_id(number) if number else by_join_url(link)
        found = await self._graph.online_meetings.find(organizer_id, condition, None)
        if found is None or found.organizer_id not in {None, organizer_id.lower()}:
            return None
        return OnlineMeetingIds(organizer_id, found.id)


def _link(meeting: Meeting) -> str:
    return meeting.outcome.join_url or ""
