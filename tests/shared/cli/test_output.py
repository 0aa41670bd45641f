"""What reaches the terminal."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic.alias_generators import to_snake
from rich.cells import cell_len
from typer.testing import CliRunner

from shared import VERSION
from shared.cli import options
from shared.cli.__main__ import commands
from shared.cli.http_client import HttpClient
from shared.cli.output import plain
from shared.meeting.criteria import Field
from shared.use_cases.availability import parse_availability

ID = "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"
LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_" + "x" * 200
WINDOW = ("--start", "2027-01-20T09:00", "--end", "2027-01-20T10:00", "--duration", "PT1H")
SLOT = {"start": "2027-01-20T09:00:00+01:00", "end": "2027-01-20T10:00:00+01:00", "organizers": ["a@b.co"], "rooms": []}
SCHEDULE: dict[str, Any] = {
    "id": "s",
    "status": "active",
    "start": "2027-01-04T10:00:00",
    "timeZone": "America/Argentina/Buenos_Aires",
    "recurrence": f"RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE;UNTIL=20271231T235959Z\nEXDATE:{'20270104T100000,' * 9}",
    "request": {"organizer": "AlexW@contoso.com", "subject": "Ward round"},
    "nextOccurrences": [{"start": "2027-01-04T10:00:00"}, {"start": "2027-01-05T10:00:00"}],
}
AVAILABILITY: dict[str, Any] = {"slots": [SLOT], "unknown": []}
URL = ["--url", "https://app.example"]


def meeting(**members: Any) -> dict[str, Any]:
    request = {"start": {"dateTime": "2027-01-20T13:00:00", "timeZone": "UTC"}, "subject": "Visit"}
    return {
        "id": ID,
        "status": "succeeded",
        "organizer": "AlexW@contoso.com",
        "joinUrl": LINK,
        "error": None,
        "request": request,
        **members,
    }


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, httpx.Response]:
    """The app's answers by method and path, over which the commands run."""
    given: dict[str, httpx.Response] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        return given[f"{request.method} {request.url.path.removeprefix('/api')}"]

    def client(url: str, key: str | None, *, allow_http: bool) -> HttpClient:
        return HttpClient(url, key, allow_http=allow_http, transport=httpx.MockTransport(answer))

    monkeypatch.setattr(options, "HttpClient", client)
    return given


def run(*arguments: str, columns: int = 80) -> Any:
    return CliRunner().invoke(commands, [*arguments, *URL], env={"COLUMNS": str(columns)})


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_table_fits_the_terminal_and_its_links_stay_whole(answers: dict[str, httpx.Response], columns: int) -> None:
    """Status, time, organizer and subject on one line; id and link below, each on a line of its own."""
    long = meeting(organizer=f"{'o' * 60}@contoso.com", request=meeting()["request"] | {"subject": "会議 " * 40})
    page = {"meetings": [meeting(), long], "continuationToken": None}
    answers["GET /meetings"] = httpx.Response(200, json=page)
    done = run("list", "--organizer", "AlexW@contoso.com", columns=columns)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert all(cell_len(line) <= columns for line in lines if LINK not in line)
    assert lines.count(f"  {LINK}") == 2
    assert lines.count(f"  {ID}") == 2
    for part in ("status", "start", "organizer", "subject"):
        assert part in lines[0]
    assert "succeeded  2027-01-20 13:00" in lines[1]
    assert "…" in lines[4]
    assert lines[-1] == "2 succeeded"


@pytest.mark.parametrize(
    "hostile", ["\x1b[2Jgone", "a\x9b31mb", "x\x07y", "moc.live\u202etxt", "two\r\nlines", "\ud800"]
)
def test_a_server_does_not_control_the_terminal(answers: dict[str, httpx.Response], hostile: str) -> None:
    """Neither by a subject, nor by a problem, nor by an error."""
    request = meeting()["request"] | {"subject": hostile}
    error = {"code": "graphRejected", "message": hostile, "remedy": hostile}
    answers["GET /meetings"] = _json(200, {"meetings": [meeting(request=request)], "continuationToken": None})
    answers[f"GET /meetings/{ID}"] = _json(200, meeting(request=request, status="failed", error=error, joinUrl=None))
    answers["GET /schedules"] = _json(403, {"code": "callerNotAllowed", "detail": hostile})
    shown = [run("list", "--status", "failed"), run("follow", ID), run("schedules", "list")]
    assert [each.exit_code for each in shown] == [0, 1, 2]
    for each in shown:
        text = each.stdout + each.stderr
        assert not set(text) & (set(map(chr, [*range(10), *range(11, 32), *range(127, 160)])) | {"\u202e", "\ud800"})
    assert "\N{REPLACEMENT CHARACTER}" in plain(hostile) or "\n" in hostile


def _json(status: int, document: Any) -> httpx.Response:
    return httpx.Response(status, content=json.dumps(document).encode())


def test_every_command_has_json(answers: dict[str, httpx.Response], tmp_path: Path) -> None:
    """In ASCII; one value that a program can read."""
    ready = {"organizer": "a@b.co", "ready": False, "checks": []}
    answers |= {
        "GET /meetings": _json(200, {"meetings": [meeting()], "continuationToken": None}),
        f"GET /meetings/{ID}": _json(200, meeting()),
        f"DELETE /meetings/{ID}": _json(202, meeting(status="queued")),
        f"POST /meetings/{ID}/retry": _json(202, meeting()),
        f"POST /meetings/{ID}/forget": httpx.Response(204),
        "GET /organizers/a@b.co/readiness": _json(200, ready),
        "GET /schedules": _json(200, {"schedules": [SCHEDULE], "continuationToken": None}),
        "GET /schedules/s": _json(200, SCHEDULE),
        "POST /schedules": _json(201, SCHEDULE),
        "POST /availability": _json(200, AVAILABILITY),
    }
    file = tmp_path / "schedule.json"
    file.write_text("{}")
    for arguments, expected in {
        ("list", "--status", "failed"): [meeting()],
        ("get", ID): [meeting()],
        ("readiness", "a@b.co"): [ready],
        ("availability", "a@b.co", *WINDOW): AVAILABILITY,
        ("schedules", "list"): [SCHEDULE],
        ("schedules", "get", "s"): [SCHEDULE],
        ("schedules", "create", str(file)): [SCHEDULE],
        ("forget", ID): [{"id": ID, "forgotten": True, "error": None}],
    }.items():
        assert json.loads(run(*arguments, "--json").stdout) == expected
    row = {"row": 1, "id": ID, "status": "succeeded", "joinUrl": LINK, "error": None}
    for command in ("cancel", "retry", "follow"):
        assert json.loads(run(command, ID, "--json").stdout) == [row]


def test_what_was_cancelled(answers: dict[str, httpx.Response]) -> None:
    """Exit code 0 when all are; what the app refuses is a row with its reason."""
    answers[f"DELETE /meetings/{ID}"] = _json(202, {})
    answers[f"GET /meetings/{ID}"] = _json(200, meeting(status="cancelled"))
    assert run("cancel", ID, "--comment", "Sorry").exit_code == 0
    answers[f"DELETE /meetings/{ID}"] = _json(403, {"code": "callerNotAllowed", "detail": "No."})
    refused = run("cancel", ID)
    assert refused.exit_code == 1
    assert "callerNotAllowed: No." in refused.stdout


def test_readiness_has_the_remedy_whole(answers: dict[str, httpx.Response]) -> None:
    """On lines of its own, so that its command can be copied; exit code 1 when somebody is not ready."""
    command = "New-CsApplicationAccessPolicy -Identity Convene -AppIds " + "x" * 80
    check = {"name": "applicationAccessPolicy", "ok": False, "detail": "There is none.", "remedy": f"Run:\n{command}"}
    report = {"organizer": "AlexW@contoso.com", "ready": False, "checks": [check]}
    answers["GET /organizers/AlexW@contoso.com/readiness"] = _json(200, report)
    done = run("readiness", "AlexW@contoso.com")
    assert done.exit_code == 1
    assert f"  {command}" in done.stdout.splitlines()
    assert "NOT OK" in done.stdout


def test_who_is_free(answers: dict[str, httpx.Response]) -> None:
    """A row for each slot, in the time of the zone; below, the addresses that are not known, and exit code 1."""
    answers["POST /availability"] = _json(200, AVAILABILITY)
    done = run("availability", "a@b.co", *WINDOW)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[1].split("  ") == ["2027-01-20 09:00", "2027-01-20 10:00", "a@b.co"]
    reason = "Unable to resolve e-mail address b@b.co to an Active Directory object, whatever its length."
    unknown = {"address": "b@b.co", "code": "5009", "message": reason}
    answers["POST /availability"] = _json(200, {"slots": [], "unknown": [unknown]})
    done = run("availability", "b@b.co", *WINDOW)
    assert done.exit_code == 1
    assert done.stdout.splitlines() == ["No slot is free.", "unknown  code", "b@b.co   5009", f"  {reason}"]
    done = run("availability", "b@b.co", *WINDOW, "--working-hours")
    assert done.stdout.startswith("No slot is free within working hours.")


@pytest.mark.parametrize("command", [("list",), ("get", "s")])
def test_a_schedule_has_its_rule_whole(answers: dict[str, httpx.Response], command: tuple[str, ...]) -> None:
    """On lines of their own: the id, each line of the rule, and the next occurrences."""
    answers["GET /schedules"] = _json(200, {"schedules": [SCHEDULE], "continuationToken": None})
    answers["GET /schedules/s"] = _json(200, SCHEDULE)
    _, row, *below = run("schedules", *command).stdout.splitlines()
    assert row.startswith("active  2027-01-04 10:00  America/")
    rule = [f"  {line}" for line in SCHEDULE["recurrence"].splitlines()]
    assert below == ["  s", *rule, "  next: 2027-01-04 10:00, 2027-01-05 10:00"]


@pytest.mark.parametrize("command", [("list", "--status", "failed"), ("get", ID), ("retry", ID, "--dry-run")])
def test_a_failed_meeting_has_its_reason(answers: dict[str, httpx.Response], command: tuple[str, ...]) -> None:
    """The same line wherever a command shows one, with the command of its remedy."""
    error = {"code": "gaveUp", "message": "Graph is busy.", "remedy": "Send POST /api/meetings/{id}/retry."}
    failed = meeting(status="failed", error=error, joinUrl=None)
    answers["GET /meetings"] = _json(200, {"meetings": [failed], "continuationToken": None})
    answers[f"GET /meetings/{ID}"] = _json(200, failed)
    assert f"  gaveUp: Graph is busy. Run `convene retry {ID}`." in run(*command).stdout.splitlines()


def test_what_availability_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every option is a member of the request."""
    sent: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return _json(200, AVAILABILITY)

    def client(url: str, key: str | None, *, allow_http: bool) -> HttpClient:
        return HttpClient(url, key, allow_http=allow_http, transport=httpx.MockTransport(answer))

    monkeypatch.setattr(options, "HttpClient", client)
    more = ("--room", "r@b.co", "--room", "s@b.co", "--step", "PT30M", "--time-zone", "Europe/Berlin")
    run("availability", "a@b.co", "c@b.co", *WINDOW, *more, "--working-hours")
    request = parse_availability(sent[0])
    assert (request.organizers, request.rooms) == (("a@b.co", "c@b.co"), ("r@b.co", "s@b.co"))
    assert (request.step, request.duration, request.within_working_hours) == ("PT30M", "PT1H", True)
    assert request.start.time_zone == request.end.time_zone == "Europe/Berlin"


def test_list_offers_every_filter_of_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is an option by its name in kebab case, and goes to the app as it is."""
    sent: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(dict(request.url.params))
        return _json(200, {"meetings": [], "continuationToken": None})

    def client(url: str, key: str | None, *, allow_http: bool) -> HttpClient:
        return HttpClient(url, key, allow_http=allow_http, transport=httpx.MockTransport(answer))

    monkeypatch.setattr(options, "HttpClient", client)
    filters = [*map(str, Field), "from", "to"]
    named = [f"--{to_snake(name).replace('_', '-')}" for name in filters]
    for option in named:
        done = run("list", option, "failed")
        assert done.exit_code == 0, done.stderr
    assert sent == [{name: "failed", "top": "25"} for name in filters]
    without = run("list")
    assert (without.exit_code, len(sent)) == (2, len(filters))
    assert set(named) == set(re.findall(r"--[\w-]+", without.stderr))


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_submit_prints_what_may_be_a_mistake(
    answers: dict[str, httpx.Response], tmp_path: Path, more: tuple[str, ...]
) -> None:
    """By the row of the file, on standard error; a request that is refused has its faults alone."""
    file = tmp_path / "visits.csv"
    rows = ("2001-01-01 13:00,2001-01-01 14:00,a@b.co;a@b.co", "2127-01-20 13:00,2127-01-20 14:00,a@b.co", "x,x,a@b.co")
    lines = [f"AlexW@contoso.com,Visit,UTC,{row}" for row in rows]
    file.write_text("\n".join(["organizer,subject,timeZone,start,end,attendees", *lines]))
    results: list[dict[str, Any]] = [{"index": number, "status": 202, "id": ID} for number in range(2)]
    refusal = {"code": "invalidRequest", "detail": "start is no time.", "errors": []}
    results.append({"index": 2, "status": 400, "id": None, "problem": refusal})
    answers["POST /meetings/batch"] = httpx.Response(207, json={"results": results})
    done = run("submit", str(file), "--no-wait", *more, columns=200)
    warnings = [line for line in done.stderr.splitlines() if line.startswith("Warning")]
    assert len(warnings) == 1
    assert warnings[0].startswith("Warning: row 2: start: The meeting starts in the past.")
    assert "is invited once" in warnings[0]
    assert "Warning" not in done.stdout


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_schedules_create_prints_what_may_be_a_mistake(
    answers: dict[str, httpx.Response], tmp_path: Path, more: tuple[str, ...]
) -> None:
    """What the app warns about, on standard error."""
    file = tmp_path / "schedule.json"
    file.write_text("{}")
    warning = {"pointer": "/request/subject", "code": "unknownPlaceholder", "message": "{day} is no placeholder."}
    answers["POST /schedules"] = httpx.Response(201, json=SCHEDULE | {"warnings": [warning]})
    done = run("schedules", "create", str(file), *more)
    assert done.exit_code == 0
    assert "Warning: /request/subject: {day} is no placeholder." in done.stderr
    assert "Warning" not in done.stdout


def test_without_an_address() -> None:
    """Exit code 2, with both ways to give one."""
    done = CliRunner().invoke(commands, ["list", "--status", "failed"], env={"CONVENE_URL": None})
    assert done.exit_code == 2
    assert "--url URL, or CONVENE_URL" in done.stderr


def test_readiness_without_an_address() -> None:
    """Says that Graph is asked directly, before the settings that this needs are missed."""
    done = CliRunner().invoke(commands, ["readiness", "a@b.co"], env={"CONVENE_URL": None, "MeetingStorage": None})
    assert done.exit_code == 2
    assert done.stderr.startswith("Neither --url nor CONVENE_URL is given")
    assert "MeetingStorage is missing" in done.stderr


def test_the_version() -> None:
    """The one of the app that the command comes with."""
    assert CliRunner().invoke(commands, ["--version"]).stdout == f"convene {VERSION}\n"


def test_the_queue_wins_over_an_address_of_the_environment() -> None:
    """Both on the command line contradict each other."""
    both = CliRunner().invoke(commands, ["follow", ID, "--queue", *URL])
    assert (both.exit_code, "either --url URL or --queue" in both.stderr) == (2, True)
    queue = CliRunner().invoke(commands, ["follow", ID, "--queue"], env={"CONVENE_URL": URL[1], "MeetingStorage": None})
    assert (queue.exit_code, "MeetingStorage" in queue.stderr) == (2, True)
