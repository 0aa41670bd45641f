"""National clouds: what Graph does not have somewhere is refused with the reason, before anything is asked of it."""

import json
from typing import Any

import pytest

from local.graph.meeting_schema import UNKNOWN_OPTIONS
from shared.errors import InvalidRequestError
from shared.meeting import Meeting, Status
from shared.meeting_request import MeetingOptions
from shared.settings.clouds import CLOUDS
from shared.use_cases.finder import parse_filter
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, STANDALONE
from tests.http_client import InProcess

OPTIONS: dict[str, Any] = {"options": {"allowedPresenters": "organizer"}}
WITHOUT = [host for host, cloud in CLOUDS.items() if not cloud.online_meetings]
NEEDY = [
    (STANDALONE, ["/kind"]),
    (CALENDAR | OPTIONS, ["/options"]),
    (CALENDAR | {"language": "zh"}, ["/language"]),
    (CALENDAR | OPTIONS | {"language": "zh"}, ["/options", "/language"]),
    (EXISTING | OPTIONS, ["/options"]),
]


class CloudWorld(World):
    """A World whose tenant is in a cloud; the stand-in answers in its place, to a token of the stand-in's."""

    def __init__(self, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def make(_service: object) -> None:
            return

        monkeypatch.setattr("shared.graph.client.make_credential", make)
        super().__init__({"GRAPH_BASE_URL": f"https://{host}/v1.0", "GRAPH_CREDENTIAL": "managedIdentity"})


def test_which_clouds_have_online_meetings() -> None:
    """As the pages of create, createOrGet, get and update say: all but the one in China."""
    assert WITHOUT == ["microsoftgraph.chinacloudapi.cn"]


@pytest.mark.parametrize(("request_", "pointers"), NEEDY)
@pytest.mark.parametrize("host", CLOUDS)
async def test_what_needs_online_meetings(
    monkeypatch: pytest.MonkeyPatch, host: str, request_: dict[str, Any], pointers: list[str]
) -> None:
    """400 with the reason where there are none, 202 elsewhere."""
    world = CloudWorld(host, monkeypatch)
    http = InProcess(world)
    for target in ("/meetings", "/meetings/validate"):
        answer = await http.call("POST", target, request_)
        if host not in WITHOUT:
            assert answer.status in {200, 202}
            continue
        assert (answer.status, answer.code) == (400, "invalidRequest")
        assert [(fault["pointer"], fault["code"]) for fault in answer.json["errors"]] == [
            (pointer, "notInThisCloud") for pointer in pointers
        ]
        assert "China operated by 21Vianet" in answer.json["errors"][0]["message"]
        assert not world.tenant.requests


@pytest.mark.parametrize("host", CLOUDS)
async def test_options_that_the_cloud_lacks_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """Graph would take them there and do nothing; each is a fault of its own, also in a change."""
    world = CloudWorld(host, monkeypatch)
    world.tenant.settings.cloud = "usGovernment" if CLOUDS[host].unknown_options else "global"
    options = {"allowRecording": False, "meetingSpokenLanguageTag": "de-DE", "allowMeetingChat": "disabled"}
    unknown = sorted(CLOUDS[host].unknown_options & options.keys())
    for request_, parent in ((CALENDAR | {"options": options}, "/options"), (STANDALONE | options, "")):
        if host in WITHOUT:
            continue
        if not unknown:
            assert (await world.made(request_)).status is Status.SUCCEEDED
            continue
        with pytest.raises(InvalidRequestError) as refused:
            await world.accept(request_)
        assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
            (f"{parent}/{name}", "notInThisCloud") for name in unknown
        ]
        known = await world.made(CALENDAR | {"options": {"allowMeetingChat": "disabled"}})
        assert known.status is Status.SUCCEEDED, known.error
        with pytest.raises(InvalidRequestError):
            await world.app.changes.patch(known.id, {"options": {"allowRecording": False}})


def test_the_clouds_and_the_stand_in_lack_the_same_options() -> None:
    """What the app refuses in US Government clouds is what the stand-in swallows there, as far as it is an option."""
    options = {str(field.alias) for field in MeetingOptions.model_fields.values()}
    swallowed = UNKNOWN_OPTIONS["usGovernment"] - UNKNOWN_OPTIONS["global"]
    assert CLOUDS["graph.microsoft.us"].unknown_options == swallowed & options
    assert CLOUDS["dod-graph.microsoft.us"].unknown_options == swallowed & options


async def test_a_message_that_needs_them_fails_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the queue it becomes a failed meeting, with no call to Graph."""
    world = CloudWorld(WITHOUT[0], monkeypatch)
    await world.requests.send(json.dumps(STANDALONE))
    await world.settle()
    [failed] = (await world.app.finder.find(parse_filter({"status": "failed"}))).items
    assert isinstance(failed, Meeting)
    assert failed.error is not None
    assert (failed.error.code, [fault.code for fault in failed.error.errors]) == ("invalidRequest", ["notInThisCloud"])
    assert not world.tenant.requests


async def test_a_calendar_meeting_works_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events are in every cloud; options cannot be added to one later either."""
    world = CloudWorld(WITHOUT[0], monkeypatch)
    made = await world.made(CALENDAR)
    assert (made.status, bool(made.outcome.join_url)) == (Status.SUCCEEDED, True)
    assert {seen.path.split("/")[4] for seen in world.tenant.requests} == {"calendar", "events"}
    with pytest.raises(InvalidRequestError) as refused:
        await world.app.changes.patch(made.id, OPTIONS)
    assert [fault.code for fault in refused.value.faults] == ["notInThisCloud"]


async def test_lookups_in_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event of others can be looked up, an online meeting cannot."""
    world = CloudWorld(WITHOUT[0], monkeypatch)
    http = InProcess(world)
    answer = await http.call("GET", "/meetings?organizer=AlexW@contoso.com&joinMeetingId=123456789")
    assert (answer.status, [fault["code"] for fault in answer.json["errors"]]) == (400, ["notInThisCloud"])
    assert (await http.call("GET", "/meetings?organizer=AlexW@contoso.com&eventId=x")).status == 200


@pytest.mark.parametrize("organizer", ["AlexW@contoso.com", "64339082-ed84-4b0b-b4ab-004ae54f3747"])
async def test_readiness_there(monkeypatch: pytest.MonkeyPatch, organizer: str) -> None:
    """The application access policy is not missed where there is nothing that it could be for."""
    world = CloudWorld(WITHOUT[0], monkeypatch)
    report = await world.app.readiness.examine(organizer)
    assert report.ready
    assert not [seen for seen in world.tenant.requests if "onlineMeetings" in seen.path]
