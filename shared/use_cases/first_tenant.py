"""What a live tenant answers, beside what Convene assumes: eight probes with one mailbox, none of which leaves a trace.

What is asked and why: docs/graph.md and docs/first-tenant.md. An answer holds no personal data: it is reduced to
statuses, Graph's codes, and words of this module.
"""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.errors import GraphError
from shared.graph.event import Event
from shared.graph.join_block import block_in, meeting_id_in_block
from shared.graph.online_meetings import OnlineMeeting
from shared.graph.refusals import DuplicateTransactionError
from shared.graph.services import GraphServices
from shared.meeting_request.people import is_object_id
from shared.validation.join_links import canonical_link

SUBJECT: Final = "Convene probe (may be deleted)"
_SKIPPED: Final = "not asked: needs --attendee"
_AHEAD: Final = timedelta(days=30)
_LENGTH: Final = timedelta(minutes=15)
_TEAMS: Final = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}


@dataclass(frozen=True, slots=True)
class TenantAnswer:
    """One answer of the tenant.

    Attributes:
        probe: the number of the probe, as in docs/first-tenant.md.
        assumed: what Convene and its stand-in expect; Convene works with the other answer too.
    """

    probe: int
    question: str
    assumed: str
    answered: str

    @property
    def agrees(self) -> bool:
        """Return whether the tenant answers as assumed; what was not asked agrees."""
        return self.answered in {self.assumed, _SKIPPED}


@dataclass(frozen=True, slots=True)
class Subjects:
    """The people whom the probes use.

    Attributes:
        organizer: whose mailbox and online meetings; user principal name or object id.
        attendee: a colleague who gets the mail of two invitations, None for nobody.
        others: people whom Teams may refuse: a guest, a shared mailbox, somebody without a licence.
    """

    organizer: str
    attendee: str | None = None
    others: tuple[str, ...] = ()


def plan(subjects: Subjects) -> list[str]:
    """Return what a run would do, a line for each action."""
    lines = [
        f"make, change and delete up to four events named {SUBJECT!r} in the calendar of {subjects.organizer}",
        f"make, change and delete two online meetings of {subjects.organizer}",
    ]
    if subjects.attendee:
        lines.append(f"invite {subjects.attendee} to two of the events, and cancel both: about six mails")
    lines += [f"try to make an online meeting of {other}, and delete it" for other in subjects.others]
    return [*lines, "remove all of it in the end, also after a failure"]


@dataclass(slots=True)
class FirstTenant:
    """The probes. One that fails does not stop the others."""

    graph: GraphServices
    subjects: Subjects
    clock: Callable[[], datetime]
    answers: list[TenantAnswer] = field(default_factory=list[TenantAnswer])
    _events: dict[str, bool] = field(default_factory=dict[str, bool])
    _meetings: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    _ids: dict[str, str] = field(default_factory=dict[str, str])

    async def run(self) -> list[TenantAnswer]:
        """Run every probe, delete what was created, and return the answers in the probes' order."""
        try:
            await self._user()
            for probe in (self._creation, self._changes, self._deletion, self._cancellation):
                await self._attempt(probe)
            if organizer_id := self._ids.get(self.subjects.organizer):
                for of_meetings in (self._create_or_get, self._roles, self._search):
                    await self._attempt(lambda of_meetings=of_meetings: of_meetings(organizer_id))
            for other in self.subjects.others:
                await self._other(other)
        finally:
            await self._clean_up()
        return sorted(self.answers, key=lambda answer: answer.probe)

    async def _attempt(self, probe: Callable[[], Awaitable[None]]) -> None:
        try:
            await probe()
        except GraphError as error:
            self._note(0, "a probe came to its end", "yes", _said(error))

    def _note(self, probe: int, question: str, assumed: str, answered: str) -> None:
        self.answers.append(TenantAnswer(probe, question, assumed, answered))

    async def _said(self, call: Awaitable[object]) -> str:
        try:
            await call
        except GraphError as error:
            return _said(error)
        return "success"

    # 7
    async def _user(self) -> None:
        organizer = self.subjects.organizer
        if is_object_id(organizer):
            self._ids[organizer] = organizer
        answered = "success"
        try:
            self._ids[organizer] = await self.graph.organizers.object_id(organizer)
        except GraphError as error:
            answered = _said(error)
        self._note(7, "GET /users/{user}?$select=id with the app's permission", "success", answered)

    # 1
    async def _creation(self) -> None:
        made = await self._event()
        event = await self.graph.events.read(self.subjects.organizer, made.id, with_body=True)
        content = (event.body.content if event.body else None) or ""
        self._note(1, "the answer to POST events has the join link", "yes", _yes(made.join_url is not None))
        self._note(1, "Teams' join block", "2026", _template(content, event.join_url or ""))
        exact = f'href="{event.join_url}"' in content
        self._note(1, "a link of the body is joinUrl byte for byte", "yes", _yes(exact))

    # 2
    async def _changes(self) -> None:
        from shared.use_cases.provision.event_body import merged_body

        organizer, events = self.subjects.organizer, self.graph.events
        event = await self._event()
        link = event.join_url or ""
        current = await events.read(organizer, event.id, with_body=True)
        merged = merged_body((current.body.content if current.body else None) or "", {"content": "Words"}, link)
        for what, changes in (
            *((f"time, change {number}", self._times(number)) for number in (1, 2, 3)),
            ("a body with the block", {"body": merged}),
            ("attendees", self._guests()),
        ):
            if changes.get("body", changes) is None:
                self._note(2, f"the link after {what}", "same", "the block was not found")
            elif not changes:
                self._note(2, f"the link after {what}", "same", _SKIPPED)
            else:
                await events.change(organizer, event.id, changes, None)
                self._note(2, f"the link after {what}", "same", await self._link(event.id, link))
        await events.change(organizer, event.id, {"body": {"contentType": "text", "content": "Words"}}, None)
        self._note(2, "the link after a body without the block", "none", await self._link(event.id, link))

    # 3
    async def _deletion(self) -> None:
        organizer, events = self.subjects.organizer, self.graph.events
        key = str(uuid.uuid4())
        event = await self._event(key)
        await events.delete(organizer, event.id)
        await self._gone("deleted", event, key)
        again = await self._said(events.delete(organizer, event.id))
        self._note(3, "DELETE of a deleted event", "403 ErrorCannotDeleteObject", again)
        try:
            second = await self._event(key)
            answered = "the deleted one" if second.id == event.id else "another one"
        except DuplicateTransactionError as error:
            answered = _said(error)
        self._note(3, "POST with the transactionId of a deleted event", "the deleted one", answered)

    async def _cancellation(self) -> None:
        if not self.subjects.attendee:
            self._note(3, "GET of a cancelled event", "cancelled", _SKIPPED)
            return
        key = str(uuid.uuid4())
        event = await self._event(key, **self._guests())
        await self.graph.events.cancel(self.subjects.organizer, event.id, "A probe")
        await self._gone("cancelled", event, key)
        again = await self._said(self.graph.events.cancel(self.subjects.organizer, event.id, None))
        self._note(3, "a second cancellation", "404 ErrorItemNotFound", again)

    async def _gone(self, what: str, event: Event, key: str) -> None:
        organizer, events = self.subjects.organizer, self.graph.events
        try:
            read = await events.read(organizer, event.id)
            answered = "cancelled" if read.is_cancelled else "there"
            shown = "yes" if await events.is_in_calendar(organizer, read.id, read.start, read.end) else "no"
        except GraphError as error:
            answered, shown = _said(error), "no"
        self._note(3, f"GET of a {what} event", "cancelled" if what == "cancelled" else "there", answered)
        self._note(3, f"the calendar view shows a {what} event", "no", shown)
        found = await events.find(organizer, key)
        expected = "no" if what == "cancelled" else "yes"
        self._note(3, f"the filter finds a {what} event that is not cancelled", expected, _yes(found is not None))

    # 4
    async def _create_or_get(self, organizer_id: str) -> None:
        key = f"convene-probe-{uuid.uuid4()}"
        meeting = await self._online_meeting(organizer_id, key)
        self._note(4, "createOrGet makes a passcode", "no", _yes(bool(meeting.has_passcode)))
        await self.graph.online_meetings.delete(organizer_id, meeting.id)
        again = await self._online_meeting(organizer_id, key)
        self._note(
            4, "createOrGet after a deletion", "another one", "the same" if again.id == meeting.id else "another one"
        )

    # 5
    async def _roles(self, organizer_id: str) -> None:
        attendee = self.subjects.attendee
        if attendee is None:
            self._note(5, "a role by user principal name alone", "no role", _SKIPPED)
            return
        meeting = await self._online_meeting(organizer_id, f"convene-probe-{uuid.uuid4()}")
        users = await self.graph.organizers.find(self.subjects.organizer, [attendee])
        by_name = {"upn": attendee, "role": "coorganizer"}
        self._note(
            5, "a role by user principal name alone", "no role", await self._role(organizer_id, meeting, by_name)
        )
        if users:
            by_both = by_name | {"upn": users[0][1], "identity": {"user": {"id": users[0][0]}}}
            self._note(
                5, "a role by object id and name", "coorganizer", await self._role(organizer_id, meeting, by_both)
            )

    async def _role(self, organizer_id: str, meeting: OnlineMeeting, person: dict[str, Any]) -> str:
        try:
            await self.graph.online_meetings.change(organizer_id, meeting.id, {"participants": {"attendees": [person]}})
            read = await self.graph.online_meetings.read(organizer_id, meeting.id, None)
        except GraphError as error:
            return _said(error)
        people = (read.raw.get("participants") or {}).get("attendees") or [{}]
        role = people[0].get("role")
        return role if role in {"coorganizer", "presenter", "unknownFutureValue"} else "no role"

    # 6
    async def _search(self, organizer_id: str) -> None:
        answered = await self._said(self.graph.online_meetings.require_access(organizer_id))
        self._note(6, "a search for what is not there, with the own tenant in the link", "success", answered)

    # 8
    async def _other(self, other: str) -> None:
        try:
            object_id = other if is_object_id(other) else await self.graph.organizers.object_id(other)
        except GraphError as error:
            self._note(8, "another person is a user", "success", _said(error))
            return
        key = f"convene-probe-{uuid.uuid4()}"
        created = await self._said(self._online_meeting(object_id, key))
        self._note(8, "createOrGet for another person", "403 Forbidden", created)
        searched = await self._said(self.graph.online_meetings.require_access(object_id))
        self._note(8, "a search for another person", "403 Forbidden", searched)

    async def _event(self, key: str | None = None, **properties: Any) -> Event:
        event = await self.graph.events.create(
            self.subjects.organizer,
            key or str(uuid.uuid4()),
            {"subject": SUBJECT, "showAs": "free", **self._times(0), **_TEAMS, **properties},
        )
        self._events[event.id] = bool(properties.get("attendees"))
        return event

    async def _online_meeting(self, organizer_id: str, key: str) -> OnlineMeeting:
        meeting = await self.graph.online_meetings.create_or_get(organizer_id, key, {"subject": SUBJECT}, None)
        self._meetings.append((organizer_id, meeting.id))
        return meeting

    async def _link(self, event_id: str, link: str) -> str:
        read = await self.graph.events.read(self.subjects.organizer, event_id)
        if read.join_url is None:
            return "none"
        return "same" if canonical_link(read.join_url) == canonical_link(link) else "another"

    def _times(self, later: int) -> dict[str, Any]:
        day = (self.clock().astimezone(UTC) + _AHEAD).replace(hour=3, minute=0, second=0, microsecond=0, tzinfo=None)
        start = day + later * _LENGTH
        return {
            "start": {"dateTime": start.isoformat(), "timeZone": "UTC"},
            "end": {"dateTime": (start + _LENGTH).isoformat(), "timeZone": "UTC"},
        }

    def _guests(self) -> dict[str, Any]:
        attendee = self.subjects.attendee
        return {"attendees": [{"emailAddress": {"address": attendee}, "type": "required"}]} if attendee else {}

    async def _clean_up(self) -> None:
        for event_id in self._events:
            await self._said(self.graph.events.delete(self.subjects.organizer, event_id))
        for organizer_id, meeting_id in self._meetings:
            await self._said(self.graph.online_meetings.delete(organizer_id, meeting_id))


def _said(error: GraphError) -> str:
    """Return status and code of Graph's answer: its message may name people."""
    return f"{error.answer.status} {error.answer.code}".strip() if error.answer else "no answer"


def _yes(holds: bool) -> str:  # noqa: FBT001 - a word for a value
    return "yes" if holds else "no"


def _template(content: str, join_url: str) -> str:
    from bs4 import BeautifulSoup

    page = BeautifulSoup(content, "html.parser")
    if block_in(page, join_url) is None:
        return "not found"
    if "meet_invite_block" not in content:
        return "2019" if "me-email-text" in content else "one long link, no ids"
    return "2026" if meeting_id_in_block(content) else "with ids, without a Meeting ID"
