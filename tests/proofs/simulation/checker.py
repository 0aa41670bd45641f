"""What was promised against what came of it, as Jepsen's total-queue checker does it: nothing lost, nothing twice.

The oracle is the tenant: its mailboxes, its online meetings and its sent mail, and beside them the result queue. What
the app's own ledger says is not asked. Pure data in, violations out, so that a run in simulated time and a run of real
processes are judged alike:

    violations = check(Evidence(promises, tenant=GET /_tenant/state, results=every CloudEvent of the result queue))

A promise and what came of it are tied by its name, which the checker asks for in two places: the request's `reference`
(the results are found by it), and the beginning of its `subject` (events, online meetings and mail are found by that).
The app's own marks, transactionId and extended property, are not used: a fault in them has to show.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from html import unescape
from typing import Any
from urllib.parse import unquote

from local.graph.time_zones import parse_local_time
from tests.proofs.simulation.violation import Violation

type Json = Mapping[str, Any]


class Fault(StrEnum):
    """What can be wrong."""

    LOST = "lost"
    TWICE = "twice"
    UNEXPECTED = "unexpected"
    INVITED_TWICE = "invited twice"
    WRONG_STATE = "wrong final state"
    NO_END = "promise without end"
    TWO_ENDS = "two ends of one version"
    LINK_CHANGED = "join link changed"
    RETRY_AFTER_UNDERCUT = "Retry-After undercut"
    TOO_MANY_CALLS = "too many calls at once"


@dataclass(frozen=True, slots=True)
class Promise:
    """A request that was answered 202, or whose message is on the queue.

    Attributes:
        name: unique among the promises; the request's `reference`, and how its `subject` begins, before a blank.
        wanted: the latest request that was promised, as the app was given it; None once it was cancelled.
        kind: of the request.
        guests: everybody who was ever to be invited.
        certain: False for a request without a key whose answer was lost: it may have come to something, once.
        fails: it has to end as `failed`, with nothing made.
        at_most: how many online meetings there may be. More than one only for a standalone meeting with a passcode,
            for which Graph has no way to recognise a repetition; see docs/reliability.md.
    """

    name: str
    wanted: Json | None
    kind: str = "calendar"
    guests: frozenset[str] = frozenset()
    certain: bool = True
    fails: bool = False
    at_most: int = 1


@dataclass(frozen=True, slots=True)
class Call:
    """A call to Graph, as the process that made it saw it.

    Attributes:
        process: one life of a host; what it knew dies with it.
        mailbox: whose, in one spelling.
        answered_at: None if no answer came, and then `ended_at` says when the process gave up waiting, or died.
        closed_until: what the answer's Retry-After named, None without a usable one.
    """

    process: str
    mailbox: str
    sent_at: float
    ended_at: float
    answered_at: float | None = None
    closed_until: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was seen from outside.

    Attributes:
        tenant: as the stand-in's `/_tenant/state` tells it.
        results: every event that the result queue has brought, in the order of their coming.
        before: ids of events and online meetings that were there from the start, and are nobody's promise.
        calls: none if they were not watched.
    """

    promises: Sequence[Promise]
    tenant: Json
    results: Sequence[Json]
    before: frozenset[str] = frozenset()
    calls: Sequence[Call] = ()
    calls_per_mailbox: int = 4


@dataclass(slots=True)
class _Trace:
    """What there is of one promise."""

    events: list[Json] = field(default_factory=list[Json])
    meetings: list[Json] = field(default_factory=list[Json])
    mails: list[Json] = field(default_factory=list[Json])
    results: list[Json] = field(default_factory=list[Json])


def check(evidence: Evidence) -> list[Violation]:
    """Return every promise that was broken, in a stable order."""
    traces = _traces(evidence)
    violations: list[Violation] = []
    for promise in evidence.promises:
        violations += _judge(promise, traces.pop(promise.name, _Trace()))
    for name, trace in traces.items():
        found = f"{len(trace.events)} events, {len(trace.meetings)} online meetings, {len(trace.mails)} mails"
        violations.append(Violation(Fault.UNEXPECTED, name, f"nobody asked for {found}, {len(trace.results)} results"))
    return violations + list(check_calls(evidence.calls, evidence.calls_per_mailbox))


def _traces(evidence: Evidence) -> defaultdict[str, _Trace]:
    """Return what there is, by the names in it."""
    traces: defaultdict[str, _Trace] = defaultdict(_Trace)
    tenant = evidence.tenant
    for event in (event for mailbox in tenant["mailboxes"].values() for event in mailbox["events"]):
        if event["id"] not in evidence.before:
            traces[_name(event["subject"])].events.append(event)
    for meeting in tenant["onlineMeetings"]:
        if meeting["id"] not in evidence.before:
            traces[_name(meeting["subject"])].meetings.append(meeting)
    for mail in tenant["sentMail"]:
        if mail["eventId"] not in evidence.before:
            traces[_name(mail["subject"])].mails.append(mail)
    for result in evidence.results:
        traces[str(result["data"].get("reference"))].results.append(result)
    return traces


def _name(subject: Any) -> str:
    return str(subject).partition(" ")[0]


def _judge(promise: Promise, trace: _Trace) -> Iterator[Violation]:
    def broken(fault: Fault, detail: str) -> Violation:
        return Violation(fault, promise.name, detail)

    made, kind = _made(promise, trace)
    wanted = promise.wanted is not None and not promise.fails
    if not promise.certain and not (made or trace.results or trace.mails):
        return
    if wanted and not made:
        yield broken(Fault.LOST, f"there is no {kind}")
    if len(made) > (promise.at_most if wanted else promise.at_most - 1):
        yield broken(Fault.TWICE if wanted else Fault.UNEXPECTED, f"there are {len(made)} of a {kind}")
    invited = Counter(mail["to"].casefold() for mail in trace.mails if mail["kind"] == "invitation")
    for address in sorted(address for address, times in invited.items() if times > 1):
        yield broken(Fault.INVITED_TWICE, f"{invited[address]} invitations to one guest")
    if strangers := {mail["to"].casefold() for mail in trace.mails} - {guest.casefold() for guest in promise.guests}:
        yield broken(Fault.UNEXPECTED, f"{len(strangers)} strangers were mailed")
    for violation in (*_ends(promise, trace.results), *_links(promise, trace, made), *_state(promise, trace, made)):
        yield broken(*violation)


def _made(promise: Promise, trace: _Trace) -> tuple[list[Json], str]:
    """Return what counts as the meeting: the events, or for a standalone one the online meetings."""
    if promise.kind == "standalone":
        return [meeting for meeting in trace.meetings if not meeting["eventId"]], "online meeting"
    if promise.kind == "existing":  # it was there before: what is made is its being online
        return [event for event in trace.events if event["isOnlineMeeting"]], "online event"
    return trace.events, "event"


def _ends(promise: Promise, results: Sequence[Json]) -> Iterator[tuple[Fault, str]]:
    ids = sorted({str(result["data"]["id"]) for result in results})
    if len(ids) > 1:
        yield Fault.TWICE, f"{len(ids)} meetings were reported"
    types: defaultdict[str, set[str]] = defaultdict(set)
    for result in results:
        types[result["id"]].add(result["type"])
    for version, ends in types.items():
        if len(ends) > 1:
            yield Fault.TWO_ENDS, f"{version} ended as {', '.join(sorted(ends))}"
    expected = "meeting.cancelled" if promise.wanted is None else "meeting.succeeded"
    expected = "meeting.failed" if promise.fails else expected
    if not results:
        yield Fault.NO_END, "no result came"
        return
    last = max(results, key=lambda result: result["data"]["version"])
    if last["type"] != expected:
        yield Fault.NO_END, f"it ended as {last['type']} {_reason(last)} and not as {expected}"
    elif promise.wanted is not None and not promise.fails:
        told = last["data"].get("request")
        if told is not None and told.get("subject") != promise.wanted.get("subject"):
            yield Fault.NO_END, "the last result is about an earlier version"


def _reason(result: Json) -> str:
    error = result["data"].get("error") or {}
    return f"({error.get('code')}: {error.get('message')})" if error else ""


def _links(promise: Promise, trace: _Trace, made: Sequence[Json]) -> Iterator[tuple[Fault, str]]:
    told = {result["data"].get("joinUrl") for result in trace.results} - {None}
    if len(told) > 1:
        yield Fault.LINK_CHANGED, f"{len(told)} links were told"
    links = {_link(each) for each in made} - {None}
    if promise.wanted is not None and len(made) == 1 and told and links and told != links:
        yield Fault.LINK_CHANGED, "the link that was told is not the tenant's"


def _link(made: Json) -> str | None:
    if "joinWebUrl" in made:
        return made["joinWebUrl"]
    return (made.get("onlineMeeting") or {}).get("joinUrl")


def _state(promise: Promise, trace: _Trace, made: Sequence[Json]) -> Iterator[tuple[Fault, str]]:
    """Compare what the tenant has with what was wanted last."""
    if promise.wanted is None or promise.fails or len(made) != 1:
        return
    wanted, [only] = promise.wanted, made
    if _link(only) is None:
        yield Fault.WRONG_STATE, "it has no join link"
    differences = _standalone(wanted, only) if "joinWebUrl" in only else _event(wanted, only)
    meetings = [meeting for meeting in trace.meetings if meeting["joinWebUrl"] == _link(only)]
    options = wanted.get("options") or {}
    if options and not meetings:
        yield Fault.WRONG_STATE, "its options are nowhere"
    else:
        differences += [name for name in options if not _within(options[name], meetings[0].get(name))]
    if differences:
        yield Fault.WRONG_STATE, f"it differs in {', '.join(differences)}"


def _event(wanted: Json, event: Json) -> list[str]:
    differences = [
        name
        for name in ("subject", "importance", "sensitivity", "showAs", "isAllDay")
        if name in wanted and wanted[name] != event[name]
    ]
    differences += [name for name in ("start", "end") if name in wanted and _time(wanted[name]) != _time(event[name])]
    if "eventId" in wanted:  # all else is its owner's
        return differences
    if _addresses(wanted) != _addresses(event):
        differences.append("attendees")
    if (wanted.get("location") or {}).get("displayName", "") != event["location"]["displayName"]:
        differences.append("location")
    content = unescape(event["body"]["content"])
    if (wanted.get("body") or {}).get("content", "") not in content:
        differences.append("body")
    link = _link(event)
    if link and unquote(content).count(unquote(link)) != 1:  # escapes may be written in either case
        differences.append("join block")
    return differences


def _standalone(wanted: Json, meeting: Json) -> list[str]:
    names = wanted.keys() - {"kind", "organizer", "reference", "language", "participants"}
    differences = [name for name in sorted(names) if "DateTime" not in name]
    differences = [name for name in differences if not _within(wanted[name], meeting.get(name))]
    moments = [name for name in ("startDateTime", "endDateTime") if name in wanted]
    return differences + [name for name in moments if not _same_moment(wanted[name], meeting[name])]


def _time(value: Json) -> datetime:
    return parse_local_time(value["dateTime"], value["timeZone"]).second


def _same_moment(first: str, second: str) -> bool:
    return datetime.fromisoformat(first[:19]) == datetime.fromisoformat(second[:19])


def _addresses(holder: Json) -> list[str]:
    return sorted(each["emailAddress"]["address"].casefold() for each in holder.get("attendees") or ())


def _within(wanted: Any, actual: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(actual, Mapping) and all(_within(wanted[name], actual.get(name)) for name in wanted)
    return wanted == actual


def check_calls(calls: Sequence[Call], limit: int) -> Iterator[Violation]:
    """Yield what broke the promises about Retry-After: calls before their time, and more at once than `limit`."""
    groups: defaultdict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in calls:
        groups[call.process, call.mailbox].append(call)
    for (process, mailbox), made in groups.items():
        about = f"{mailbox} from {process}"
        for answered_at, closed_until in dict.fromkeys((call.answered_at, call.closed_until) for call in made):
            if answered_at is None or closed_until is None:
                continue
            if early := [call for call in made if answered_at < call.sent_at < closed_until]:
                detail = f"{len(early)} calls within {closed_until - answered_at:.3f} s"
                yield Violation(Fault.RETRY_AFTER_UNDERCUT, about, detail)
        if (peak := _peak(made)) > limit:
            yield Violation(Fault.TOO_MANY_CALLS, about, f"{peak} at once, {limit} allowed")


def _peak(calls: Sequence[Call]) -> int:
    """Return how many calls were under way at once; one that ends when another begins is over."""
    moments = sorted([(call.sent_at, 1) for call in calls] + [(call.ended_at, -1) for call in calls])
    under_way = peak = 0
    for _, step in moments:
        under_way += step
        peak = max(peak, under_way)
    return peak
