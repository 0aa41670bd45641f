"""Callers over HTTP: who may call, whom they may name, how often, and that others' meetings are not there for them."""

import asyncio
import copy
import json
from collections.abc import Sequence
from typing import Any

import pytest

from shared.access.origin import Origin
from shared.errors import QuotaExceededError
from shared.openapi.examples import AVAILABILITY_REQUEST
from shared.storage import Operation, Row
from shared.use_cases.acceptance import Accepted
from tests.app_fixture import World
from tests.examples import CALENDAR, STANDALONE
from tests.fakes import InMemoryTable
from tests.http_client import Answer, InProcess, endpoints

ALICE = "11111111-1111-4111-8111-111111111111"
BOB = "22222222-2222-4222-8222-222222222222"
OPERATOR = "33333333-3333-4333-8333-333333333333"
STRANGER = "44444444-4444-4444-8444-444444444444"
AUTHENTICATED = {"WEBSITE_AUTH_ENABLED": "True"}
# Routes that tell nothing of anybody's.
OPEN = {"api/health", "api/openapi.json", "api/swagger.json", "api/docs", "api/console"}


def world(authenticated: bool = True, **settings: str) -> World:  # noqa: FBT001, FBT002 - reads well
    callers: dict[str, Any] = {
        ALICE: {"organizers": ["AlexW@contoso.com"]},
        BOB: {"organizers": ["@contoso.com"], "meetingsPerDay": 2},
        OPERATOR: {"organizers": ["*"], "seesAll": True},
    }
    return World({"CALLERS": json.dumps(callers)} | (AUTHENTICATED if authenticated else {}) | settings)


def targets() -> list[tuple[str, str]]:
    """Return every method and path that there is, filled in with a meeting that cannot be."""
    return [
        (method, f"/{endpoint.function.trigger['route']}")
        for endpoint in endpoints()
        if f"api/{endpoint.function.trigger['route']}" not in OPEN
        for method in sorted(endpoint.methods)
    ]


class Yielding(InMemoryTable):
    """A table whose every operation lets others run first, as a real one does."""

    async def read(self, partition: str, key: str) -> Row | None:
        await asyncio.sleep(0)
        return await super().read(partition, key)

    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        await asyncio.sleep(0)
        return await super().write(partition, operations)


class TestWhoMayCall:
    @pytest.mark.parametrize(("method", "target"), targets())
    @pytest.mark.parametrize("principal", [STRANGER, "", None, "*", f" {ALICE}x"])
    async def test_a_caller_who_is_not_named_is_refused_everywhere(
        self, method: str, target: str, principal: str | None
    ) -> None:
        """403 on every route, before anything is read of the request."""
        there = world()
        answer = await InProcess(there).call(method, target, b"{", principal=principal)
        assert (answer.status, answer.code) == (403, "callerNotAllowed")
        assert there.table.operations == 0

    async def test_the_case_of_an_object_id_does_not_matter(self) -> None:
        """As Entra compares them."""
        answer = await InProcess(world()).call("GET", "/meetings?status=failed", principal=ALICE.upper())
        assert answer.status == 200

    @pytest.mark.parametrize("principal", [ALICE, None])
    async def test_without_authentication_nobody_is_known(self, principal: str | None) -> None:
        """A forged principal opens nothing: the header counts only behind App Service authentication."""
        answer = await InProcess(world(authenticated=False)).call("POST", "/meetings", CALENDAR, principal=principal)
        assert (answer.status, answer.code) == (403, "callerNotAllowed")

    def test_every_route_but_the_open_ones_needs_a_key(self) -> None:
        """The host asks for a function key before the app is asked anything."""
        open_ = {f"api/{endpoint.function.trigger['route']}" for endpoint in endpoints() if not endpoint.needs_key}
        assert "api/health" in open_
        assert open_ <= OPEN

    async def test_health_is_open(self) -> None:
        """For probes, which are nobody."""
        assert (await InProcess(world()).call("GET", "/health")).status == 200

    async def test_without_the_setting_everybody_may_call(self) -> None:
        """As long as CALLERS is empty, authentication alone decides who calls."""
        http = InProcess(World(AUTHENTICATED))
        assert (await http.call("POST", "/meetings", CALENDAR, principal=STRANGER)).status == 202
        assert (await http.call("POST", "/meetings", CALENDAR)).status == 202


class TestWhomTheyMayName:
    @pytest.mark.parametrize("target", ["/meetings", "/meetings/validate"])
    async def test_another_organizer_is_refused(self, target: str) -> None:
        """A caller names those of its own list, and nobody else."""
        there = world()
        http = InProcess(there)
        mine = await http.call("POST", target, CALENDAR, principal=ALICE)
        other = await http.call("POST", target, CALENDAR | {"organizer": "MeganB@contoso.com"}, principal=ALICE)
        assert mine.status in {200, 202}
        assert (other.status, other.code) == (403, "organizerNotAllowed")
        assert (await http.call("GET", "/meetings?organizer=MeganB@contoso.com", principal=OPERATOR)).json[
            "meetings"
        ] == []

    async def test_the_setting_for_all_holds_besides(self) -> None:
        """CALLERS gives nobody an organizer whom ALLOWED_ORGANIZERS does not."""
        http = InProcess(world(ALLOWED_ORGANIZERS="MeganB@contoso.com"))
        answer = await http.call("POST", "/meetings", CALENDAR, principal=OPERATOR)
        assert (answer.status, answer.code) == (403, "organizerNotAllowed")

    async def test_readiness_and_lookups_in_graph_are_of_ones_own_organizers(self) -> None:
        """What Graph knows of an organizer is for those who may name them."""
        there = world()
        http = InProcess(there)
        for target in ("/organizers/MeganB@contoso.com/readiness", "/meetings?eventId=x&organizer=MeganB@contoso.com"):
            answer = await http.call("GET", target, principal=ALICE)
            assert (answer.status, answer.code) == (403, "organizerNotAllowed"), target
        assert not there.tenant.requests
        assert (await http.call("GET", "/organizers/AlexW@contoso.com/readiness", principal=ALICE)).status == 200

    @pytest.mark.parametrize("names", ["organizers", "rooms"])
    async def test_whose_time_is_asked_for(self, names: str) -> None:
        """One address that a caller may not name refuses the whole question, and Graph is not asked."""
        there = world()
        http = InProcess(there)
        request = {**AVAILABILITY_REQUEST, "organizers": ["AlexW@contoso.com"], "rooms": []}
        assert (await http.call("POST", "/availability", request, principal=ALICE)).status == 200
        there.tenant.requests.clear()
        request[names] = [*request[names], "MeganB@contoso.com"]
        answer = await http.call("POST", "/availability", request, principal=ALICE)
        assert (answer.status, answer.code) == (403, "organizerNotAllowed")
        assert not there.tenant.requests

    async def test_an_organizer_that_was_taken_away_cannot_be_used_any_more(self) -> None:
        """A meeting of before can be cancelled and forgotten by its caller, and not be changed."""
        there = world()
        meeting = (await InProcess(there).call("POST", "/meetings", CALENDAR, principal=ALICE)).json
        await there.settle()
        narrowed = World({"CALLERS": json.dumps({ALICE: {"organizers": []}})} | AUTHENTICATED)
        narrowed.table = there.table
        narrowed.app = narrowed.new_host()
        http, target = InProcess(narrowed), f"/meetings/{meeting['id']}"
        changed = await http.call("PATCH", target, {"subject": "Other"}, principal=ALICE)
        assert (changed.status, changed.code) == (403, "organizerNotAllowed")
        assert (await http.call("DELETE", target, principal=ALICE)).status == 202
        await narrowed.deliver()
        assert (await http.call("POST", f"{target}/forget", principal=ALICE)).status == 204


class TestWhatTheySee:
    MEETING_ROUTES = tuple((method, target) for method, target in targets() if target.startswith("/meetings/{id}"))

    @pytest.mark.parametrize(("method", "target"), MEETING_ROUTES)
    @pytest.mark.parametrize("named", [True, False], ids=["CALLERS", "any caller"])
    async def test_somebody_elses_meeting_is_not_there(self, method: str, target: str, *, named: bool) -> None:
        """404 on every route of a meeting, in the words for one that there is not; and nothing happens to it."""
        there = world() if named else World(AUTHENTICATED)
        http = InProcess(there)
        meeting = (await http.call("POST", "/meetings", CALENDAR, principal=ALICE)).json
        await there.settle()
        before = await there.ledger.read(meeting["id"])
        filled = target.replace("{address}", "AdeleV@contoso.com")
        body = {"emailAddress": {"address": "new@contoso.com"}} if target.endswith("attendees") else {}
        foreign = await http.call(method, filled.replace("{id}", meeting["id"]), body, principal=BOB)
        absent = "9c5b94b1-35ad-49bb-b118-8e8fc24abf80"
        nobodys = await http.call(method, filled.replace("{id}", absent), body, principal=BOB)
        assert (foreign.status, foreign.code) == (404, "notFound")
        assert foreign.text == nobodys.text.replace(absent, meeting["id"])
        assert await there.ledger.read(meeting["id"]) == before

    def test_every_route_of_a_meeting_is_tried(self) -> None:
        """The test above knows the routes from the app itself."""
        assert len(self.MEETING_ROUTES) >= 7

    async def test_ones_own_meeting_is_there(self) -> None:
        """For its caller, and for an operator, on every route that only looks."""
        there = world()
        http = InProcess(there)
        meeting = (await http.call("POST", "/meetings", CALENDAR, principal=ALICE)).json
        await there.settle()
        for principal in (ALICE, OPERATOR):
            for target in (f"/meetings/{meeting['id']}", f"/meetings/{meeting['id']}/invitation.ics"):
                assert (await http.call("GET", target, principal=principal)).status == 200
        changed = await http.call("PATCH", f"/meetings/{meeting['id']}", {"subject": "Ours"}, principal=OPERATOR)
        assert changed.status == 202
        assert (await there.ledger.read(meeting["id"])).caller == ALICE

    async def test_an_operator_who_may_name_nobody_only_looks(self) -> None:
        """`seesAll` opens the eyes and nothing else."""
        callers = {ALICE: {"organizers": ["*"]}, OPERATOR: {"organizers": [], "seesAll": True}}
        there = World({"CALLERS": json.dumps(callers)} | AUTHENTICATED)
        http = InProcess(there)
        meeting = (await http.call("POST", "/meetings", CALENDAR, principal=ALICE)).json
        target = f"/meetings/{meeting['id']}"
        assert (await http.call("GET", target, principal=OPERATOR)).status == 202
        for method, body in (("PATCH", {"subject": "x"}), ("DELETE", None)):
            refused = await http.call(method, target, body, principal=OPERATOR)
            assert (refused.status, refused.code) == (403, "organizerNotAllowed")
        await there.settle()
        refused = await http.call("POST", f"{target}/forget", principal=OPERATOR)
        assert (refused.status, refused.code) == (403, "organizerNotAllowed")
        assert (await http.call("GET", target, principal=ALICE)).status == 200

    async def test_a_search_finds_ones_own_page_by_page(self) -> None:
        """Pages are full although others have meetings in between; an operator finds all."""
        there = world()
        http = InProcess(there)
        mine: list[str] = []
        for number in range(12):
            principal = ALICE if number % 3 == 0 else OPERATOR
            request = STANDALONE | {"reference": "shared", "subject": f"No {number}"}
            made = await http.call("POST", "/meetings", request, principal=principal)
            there.clock.advance(seconds=1)
            if principal == ALICE:
                mine.append(made.json["id"])
        pages: list[list[str]] = []
        token = ""
        while True:
            target = f"/meetings?reference=shared&top=2{f'&continuationToken={token}' if token else ''}"
            found = (await http.call("GET", target, principal=ALICE)).json
            pages.append([meeting["id"] for meeting in found["meetings"]])
            token = found["continuationToken"]
            if token is None:
                break
        assert pages == [mine[:1:-1], mine[1::-1]]
        everything = await http.call("GET", "/meetings?reference=shared&top=100", principal=OPERATOR)
        assert len(everything.json["meetings"]) == 12

    async def test_a_search_costs_the_same_however_many_meetings_others_have(self) -> None:
        """One look into each partition: nothing of anybody else's is read and thrown away."""
        there = world()
        http = InProcess(there)
        costs: list[int] = []
        for _ in range(2):
            before = there.table.operations
            await http.call("GET", "/meetings?status=queued", principal=ALICE)
            costs.append(there.table.operations - before)
            for _ in range(5):
                await http.call("POST", "/meetings", STANDALONE, principal=OPERATOR)
        assert costs == [16, 16]

    async def test_what_the_app_made_for_another_is_not_external_either(self) -> None:
        """A meeting that is hidden in the ledger is not found in Graph instead."""
        there = world()
        http = InProcess(there)
        meeting = (await http.call("POST", "/meetings", CALENDAR, principal=ALICE)).json
        await there.settle()
        event_id = (await there.ledger.read(meeting["id"])).outcome.event_id
        target = f"/meetings?organizer=AlexW@contoso.com&eventId={event_id}"
        assert (await http.call("GET", target, principal=BOB)).json["meetings"] == []
        for principal in (ALICE, OPERATOR):
            [found] = (await http.call("GET", target, principal=principal)).json["meetings"]
            assert found["id"] == meeting["id"]

    async def test_what_others_made_without_the_app_is_external(self) -> None:
        """A caller who may name the organizer finds the organizer's own meetings in Graph."""
        there = world()
        [event_id] = list(there.tenant.mailboxes["alexw@contoso.com"].events)
        target = f"/meetings?organizer=AlexW@contoso.com&eventId={event_id}"
        [found] = (await InProcess(there).call("GET", target, principal=BOB)).json["meetings"]
        assert found["status"] == "external"

    async def test_meetings_of_the_queue_are_for_operators(self) -> None:
        """A message has no HTTP caller, so that over HTTP its meeting is only there for who sees all."""
        there = world()
        http = InProcess(there)
        await there.requests.send(json.dumps(STANDALONE | {"reference": "queue", "idempotencyKey": "k"}))
        await there.requests.send(json.dumps({"organizer": "nobody"}))
        await there.settle()
        for principal, expected in ((ALICE, (0, 0)), (OPERATOR, (1, 1))):
            found = await http.call("GET", "/meetings?reference=queue", principal=principal)
            failed = await http.call("GET", "/meetings?status=failed", principal=principal)
            assert (len(found.json["meetings"]), len(failed.json["meetings"])) == expected

    async def test_the_key_of_a_message_is_not_the_key_of_a_caller(self) -> None:
        """Where callers are known, a key of the queue's replays nothing to anybody, nor to the unauthenticated."""
        there = World(AUTHENTICATED)
        http = InProcess(there)
        await there.requests.send(json.dumps(STANDALONE | {"idempotencyKey": "k"}))
        await there.settle()
        for principal in (ALICE, None):
            made = await http.call("POST", "/meetings", STANDALONE, principal=principal, idempotency_key="k")
            assert (made.status, "Idempotency-Replayed" in made.headers) == (202, False)

    async def test_nobody_is_told_whose_a_meeting_is(self) -> None:
        """`caller` stays in the record: neither answers nor results have it."""
        there = world()
        http = InProcess(there)
        made = await http.call("POST", "/meetings", STANDALONE, principal=ALICE)
        await there.settle()
        read = await http.call("GET", f"/meetings/{made.json['id']}", principal=ALICE)
        results = [message.text for message in there.results.messages]
        assert results
        assert not [text for text in (made.text, read.text, *results) if ALICE in text or '"caller"' in text]

    async def test_without_authentication_everybody_sees_everything(self) -> None:
        """Nothing changes where callers are not told apart, whatever a request says of its sender."""
        there = World()
        http = InProcess(there)
        made = (await http.call("POST", "/meetings", STANDALONE, principal=ALICE)).json
        assert (await http.call("GET", f"/meetings/{made['id']}", principal=BOB)).status == 202
        assert (await there.ledger.read(made["id"])).caller is None


DAILY: dict[str, Any] = {
    "recurrence": "RRULE:FREQ=DAILY;COUNT=4",
    "timeZone": "UTC",
    "start": "2027-01-20T09:00:00",
    "duration": "PT30M",
    "leadTime": "P90D",
    "request": STANDALONE | {"reference": "scheduled"},
}
# What became of the schedule's caller, and how its meetings fail then.
NARROWED = [({ALICE: {"organizers": []}}, "organizerNotAllowed"), ({BOB: {"organizers": []}}, "callerNotAllowed")]


class TestSchedules:
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    async def test_somebody_elses_schedule_is_not_there(self, method: str) -> None:
        """404, and in no list but the caller's own and an operator's."""
        there = world()
        http = InProcess(there)
        made = (await http.call("POST", "/schedules", DAILY, principal=ALICE)).json
        for principal, status in ((BOB, 404), (OPERATOR, 200)):
            if method == "GET" or principal == BOB:
                answer = await http.call(method, f"/schedules/{made['id']}", DAILY, principal=principal)
                assert answer.status == status
        for principal, count in ((BOB, 0), (ALICE, 1), (OPERATOR, 1)):
            assert len((await http.call("GET", "/schedules", principal=principal)).json["schedules"]) == count

    async def test_a_schedule_is_no_way_around_the_organizers(self) -> None:
        """Neither when it is made, nor when it is changed, nor when its timer comes after the settings changed."""
        there = world()
        http = InProcess(there)
        foreign = DAILY | {"request": STANDALONE | {"organizer": "MeganB@contoso.com"}}
        assert (await http.call("POST", "/schedules", foreign, principal=ALICE)).code == "organizerNotAllowed"
        made = (await http.call("POST", "/schedules", DAILY, principal=ALICE)).json
        changed = await http.call("PUT", f"/schedules/{made['id']}", foreign, principal=ALICE)
        assert changed.code == "organizerNotAllowed"
        for callers, code in NARROWED:
            operator = {OPERATOR: {"organizers": [], "seesAll": True}}
            narrowed = World({"CALLERS": json.dumps(callers | operator)} | AUTHENTICATED)
            narrowed.schedules_table = copy.deepcopy(there.schedules_table)
            narrowed.app = narrowed.new_host()
            await narrowed.app.schedule_run.run()
            failed = await InProcess(narrowed).call("GET", "/meetings?status=failed", principal=OPERATOR)
            assert {meeting["error"]["code"] for meeting in failed.json["meetings"]} == {code}
            assert not narrowed.requests.messages

    async def test_its_meetings_are_its_callers(self) -> None:
        """They are seen by who asked for the schedule, and counted towards that caller's quota: the rest waits."""
        there = world()
        http = InProcess(there)
        assert (await http.call("POST", "/schedules", DAILY, principal=BOB)).status == 201
        made: list[int] = []
        for _ in range(3):
            await there.app.schedule_run.run()
            found = await http.call("GET", "/meetings?reference=scheduled", principal=BOB)
            made.append(len(found.json["meetings"]))
            there.clock.advance(hours=16)
        assert made == [2, 4, 4]
        assert (await http.call("GET", "/meetings?reference=scheduled", principal=ALICE)).json["meetings"] == []


class TestQuota:
    async def test_the_day_ends_at_midnight(self) -> None:
        """After the last meeting of the day 429, with the seconds until the next day of UTC."""
        there = world()
        http = InProcess(there)
        for _ in range(2):
            assert (await http.call("POST", "/meetings", STANDALONE, principal=BOB)).status == 202
        refused = await http.call("POST", "/meetings", STANDALONE, principal=BOB)
        assert (refused.status, refused.code) == (429, "quotaExceeded")
        assert refused.headers["Retry-After"] == str(16 * 3600)
        there.clock.advance(hours=16)
        assert (await http.call("POST", "/meetings", STANDALONE, principal=BOB)).status == 202

    async def test_it_is_exact_over_instances_and_at_once(self) -> None:
        """Thirty requests at once over three instances: as many meetings as the quota has, and no more."""
        there = World({"CALLERS": json.dumps({BOB: {"organizers": ["*"], "meetingsPerDay": 7}})} | AUTHENTICATED)
        there.table = Yielding()
        hosts = [there.new_host() for _ in range(3)]
        caller = hosts[0].callers.identify(BOB)
        asked = (hosts[n % 3].acceptance.accept(dict(STANDALONE), Origin(caller)) for n in range(30))
        done = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(each, Accepted) for each in done) == 7
        assert sum(isinstance(each, QuotaExceededError) for each in done) == 23

    async def test_a_replay_is_not_counted(self) -> None:
        """The same key is the same meeting, also when the quota is used up, and twenty times at once."""
        there = world()
        http = InProcess(there)

        async def ask(key: str) -> Answer:
            return await http.call("POST", "/meetings", STANDALONE, principal=BOB, idempotency_key=key)

        first = await asyncio.gather(*(ask("one") for _ in range(20)))
        assert len({answer.json["id"] for answer in first}) == 1
        assert (await ask("two")).status == 202
        assert (await ask("three")).status == 429
        assert (await ask("one")).headers["Idempotency-Replayed"] == "true"

    async def test_a_batch_counts_each_of_its_meetings(self) -> None:
        """Items beyond the quota, or for somebody else's organizer, are refused one by one."""
        requests = [STANDALONE | {"organizer": name} for name in ("a@fabrikam.com", *["AlexW@contoso.com"] * 3)]
        there = world()
        batch = {"meetings": [{"request": request} for request in requests]}
        answer = await InProcess(there).call("POST", "/meetings/batch", batch, principal=BOB)
        assert sorted(result["status"] for result in answer.json["results"]) == [202, 202, 403, 429]
        assert answer.json["results"][0]["problem"]["code"] == "organizerNotAllowed"

    async def test_what_is_refused_is_not_counted(self) -> None:
        """A request that is not valid, is not allowed, or is only validated takes no place."""
        there = world()
        http = InProcess(there)
        for target, body in (
            ("/meetings", {"organizer": "x"}),
            ("/meetings", STANDALONE | {"organizer": "a@fabrikam.com"}),
            ("/meetings/validate", STANDALONE),
        ):
            await http.call("POST", target, body, principal=BOB)
        assert [(await http.call("POST", "/meetings", STANDALONE, principal=BOB)).status for _ in range(3)] == [
            202,
            202,
            429,
        ]

    async def test_who_has_no_quota_pays_nothing(self) -> None:
        """Accepting costs one storage operation, as without callers; with a quota it is counted besides."""
        there = world()
        http = InProcess(there)
        costs: list[int] = []
        for principal in (ALICE, OPERATOR, BOB):
            before = there.table.operations
            await http.call("POST", "/meetings", STANDALONE, principal=principal)
            costs.append(there.table.operations - before)
        assert costs == [1, 1, 3]
