"""GET /console in a real browser: each view, each action and each state, at three widths and in both schemes."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.processes import Stack, app_environment, start_child
from tests.browser import Tab
from tests.examples import CALENDAR, STANDALONE
from tests.integration.conftest import Client
from tests.integration.console import Console

SCREENSHOTS = Path(__file__).parent.parent.parent / "dist" / "screenshots"
KEY = "a key with + and &"
DENIED = "OutOfScope@contoso.com"
SCHEDULE = {
    "recurrence": "RRULE:FREQ=WEEKLY;BYDAY=WE",
    "timeZone": "Europe/Berlin",
    "start": "2027-01-20T13:00:00",
    "duration": "PT30M",
    "leadTime": "P7D",
    "request": {"organizer": "AlexW@contoso.com", "subject": "Rounds of {date}"},
}
WINDOWS = ((375, "dark"), (375, "light"), (768, "dark"), (1280, "light"))
HOSTILE = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
# Before the page's own script: the description of an app that can do less.
WITHOUT = """
const ask = window.fetch;
window.fetch = async (url, options) => {
  const answer = await ask(url, options);
  if (!String(url).endsWith("openapi.json")) return answer;
  const described = await answer.json();
  for (const path of Object.values(described.paths))
    for (const [method, { operationId }] of Object.entries(path)) if (operationId === "OPERATION") delete path[method];
  return new Response(JSON.stringify(described), { headers: { "content-type": "application/json" } });
};
"""
# An app that can do more: the answers of these calls, in the form that the interface gives them.
WITH = """
const real = window.fetch;
const extra = ANSWERS;
window.fetch = async (url, options) => {
  const json = (value) => new Response(JSON.stringify(value), { headers: { "content-type": "application/json" } });
  for (const [end, [, answer]] of Object.entries(extra)) if (String(url).endsWith(end)) return json(answer);
  const answer = await real(url, options);
  if (!String(url).endsWith("openapi.json")) return answer;
  const described = await answer.json();
  for (const [end, [operationId]] of Object.entries(extra))
    described.paths[end === "/history" ? "/meetings/{id}/history" : end] = { get: { operationId } };
  return json(described);
};
"""
SUMMARY = {
    "counts": {"queued": 0, "running": 2, "succeeded": 1000, "failed": 7, "cancelled": 12},
    "failed": [{"code": "mailboxAccessDenied", "count": 6}, {"code": "gaveUp", "count": 1}],
    "capped": ["succeeded"],
}
HISTORY = [{"at": "2026-11-29T08:00:02Z", "event": "waited", "detail": "Graph asked to wait 30 seconds."}]


@pytest.fixture
def console(stack: Stack, tab: Tab) -> Console:
    return Console(tab, stack.host.url)


def made(client: Client, **properties: Any) -> dict[str, Any]:
    """Make a meeting and return it when it is finished."""
    return client.finished(client.post(CALENDAR | properties).headers["location"])


class TestKey:
    async def test_it_is_typed_in_and_kept_for_the_tab(self, stack: Stack, console: Console) -> None:
        """A wrong key is said to be wrong; the right one opens the console, and stands in no address."""
        environment = app_environment(stack.connection_string, stack.graph.url, os.environ)
        with start_child(["host", "--port", "0", "--function-key", KEY], environment) as host:
            page = Console(console.tab, host.url)
            await page.open()
            assert await page.heading() == "Sign in"
            await page.fill(key="wrong")
            await page.click("Open the console")
            await page.shows("The app does not accept this key.")
            await page.fill(key=KEY)
            await page.click("Open the console")
            await page.shows("Waiting, by age")
            assert await page.heading() == "Overview"
            await page.open("#/schedules")
            assert await page.heading() == "Schedules"
            await page.click("Forget the key", "header")
            assert await page.heading() == "Sign in"
            await page.open("#/schedules")
            assert await page.heading() == "Sign in"
        assert not any("key" in url or "code=" in url for url in page.calls())
        assert {each.split(" http")[0] for each in page.tab.complaints} == {
            "Failed to load resource: the server responded with a status of 401 (Unauthorized)"
        }


class TestMeeting:
    async def test_what_it_shows(self, client: Client, console: Console) -> None:
        """The link, the times, the people, and the whole answer."""
        meeting = made(client, subject="Shown in the console", reference="console-1")
        await console.open(f"#/meetings/{meeting['id']}")
        text = await console.text()
        assert await console.heading() == "Shown in the console"
        for shown in (meeting["joinUrl"], meeting["organizer"], "console-1", meeting["id"], "Succeeded"):
            assert shown in text
        link = "document.querySelector('main a[href^=\"https://teams\"]')"
        assert await console.tab.value(f"{link}.href") == meeting["joinUrl"]
        assert await console.tab.value(f"{link}.rel") == "noopener noreferrer"

    async def test_it_is_cancelled_after_a_question(self, client: Client, console: Console) -> None:
        """No leaves it as it is; yes sends the comment, and the page follows until it is cancelled."""
        meeting = made(client, subject="Called off in the console")
        await console.open(f"#/meetings/{meeting['id']}")
        await console.click("Cancel the meeting")
        assert "Cancel “Called off in the console”?" in await console.answer("Keep as it is")
        assert client.http.get(f"/meetings/{meeting['id']}").json()["status"] == "succeeded"
        await console.click("Cancel the meeting")
        await console.answer("Cancel the meeting", comment="The clinic is closed")
        await console.shows("Cancelled")
        assert client.finished(f"/meetings/{meeting['id']}")["status"] == "cancelled"
        mails = [mail for mail in client.state()["sentMail"] if mail.get("subject", "").endswith("in the console")]
        assert any("The clinic is closed" in json.dumps(mail) for mail in mails)
        assert "Cancel the meeting" not in await console.buttons()

    async def test_a_failed_one_is_retried(self, client: Client, console: Console) -> None:
        """Its remedy and Graph's request id are there, and it is tried again after a question."""
        meeting = made(client, organizer=DENIED, subject="Retried in the console")
        await console.open(f"#/meetings/{meeting['id']}")
        text = await console.text()
        assert meeting["error"]["remedy"] in text
        assert meeting["error"]["graph"]["requestId"] in text
        await console.click("Retry")
        await console.answer("Retry")

        def attempts() -> int:
            return client.finished(f"/meetings/{meeting['id']}")["attempts"]

        for _ in range(100):
            if attempts() > meeting["attempts"]:
                break
            await asyncio.sleep(0.1)
        assert attempts() > meeting["attempts"]

    async def test_it_is_forgotten_after_a_question(self, client: Client, console: Console) -> None:
        """The meeting is gone, and the page leads back to the search."""
        meeting = made(client, subject="Forgotten in the console")
        await console.open(f"#/meetings/{meeting['id']}")
        await console.click("Forget")
        assert "cannot be undone" in await console.answer("Forget")
        await console.tab.until("location.hash === '#/meetings'")
        assert client.http.get(f"/meetings/{meeting['id']}").status_code == 404
        await console.open(f"#/meetings/{meeting['id']}")
        assert await console.heading() == "Not found"

    async def test_its_invitation_is_a_file(self, client: Client, console: Console) -> None:
        """Asked for with the key, not by a link that would lack it."""
        meeting = made(client, subject="Invitation from the console")
        await console.open(f"#/meetings/{meeting['id']}")
        await console.click("Invitation file")
        await console.tab.until("document.querySelector('main button:disabled') === null")
        assert any(url.endswith(f"/meetings/{meeting['id']}/invitation.ics") for url in console.calls())
        assert not console.tab.complaints

    async def test_it_is_read_from_microsoft_365(self, client: Client, console: Console) -> None:
        """What Graph shows, and what people answered, appear beside what was requested."""
        meeting = made(client, subject="Refreshed in the console")
        await console.open(f"#/meetings/{meeting['id']}")
        await console.click("Refresh")
        await console.answer("Refresh")
        await console.shows("In Microsoft 365")
        await console.shows("As requested")

    async def test_text_is_only_text(self, client: Client, console: Console) -> None:
        """What somebody wrote into a meeting is shown as it is, and nothing of it is run."""
        meeting = made(client, subject=HOSTILE, reference=HOSTILE)
        for address in (f"#/meetings/{meeting['id']}", f"#/meetings?organizer={CALENDAR['organizer']}"):
            await console.open(address)
            assert HOSTILE in await console.text()
            assert await console.tab.value("document.querySelectorAll('main img, main script').length") == 0
            assert await console.tab.value("document.title") != "run"
        assert not console.tab.complaints

    @pytest.mark.parametrize(
        ("operation", "button"), [("cancelMeeting", "Cancel the meeting"), ("forgetMeeting", "Forget")]
    )
    async def test_what_the_app_does_not_offer_has_no_button(
        self, client: Client, console: Console, operation: str, button: str
    ) -> None:
        """The buttons are those of the app's own description."""
        meeting = made(client)
        await console.open(f"#/meetings/{meeting['id']}")
        assert button in await console.buttons()
        await console.tab.call("Page.addScriptToEvaluateOnNewDocument", source=WITHOUT.replace("OPERATION", operation))
        await console.open(f"#/meetings/{meeting['id']}")
        assert button not in await console.buttons()


class TestChoice:
    async def test_who_was_chosen_and_from_whom(self, client: Client, console: Console) -> None:
        """The organizer and the room stand beside the candidates."""
        pool = {"candidates": ["LidiaH@contoso.com", "NestorW@contoso.com"]}
        request = {name: value for name, value in CALENDAR.items() if name != "organizer"}
        rooms = {"candidates": ["Baker@contoso.com"]}
        posted = client.post(request | {"organizerPool": pool, "roomPool": rooms, "subject": "Chosen"})
        meeting = client.finished(posted.headers["location"])
        await console.open(f"#/meetings/{meeting['id']}")
        terms = "[...document.querySelectorAll('main dt')].map(each => [each.innerText, each.nextSibling.innerText])"
        shown = dict(await console.tab.value(terms))
        assert shown["Organizer"] == meeting["organizer"]
        assert shown["Chosen from"].split() == pool["candidates"]
        assert shown["Room"] == meeting["room"]["name"]
        assert shown["A room from"].split() == rooms["candidates"]


class TestAttendance:
    async def test_it_is_read_when_it_is_unfolded(self, stack: Stack, client: Client, console: Console) -> None:
        """Not before; each attendee with the time of the stay. An app that may not read it says how to allow it."""
        meeting = client.finished(client.post(STANDALONE | {"subject": "Attended"}).headers["location"])
        guests = [{"name": "Adele Vance", "address": "AdeleV@contoso.com", "role": "Attendee"}, {"name": "A guest"}]
        call = {"start": "2026-11-28T08:00:00Z", "end": "2026-11-28T08:40:00Z", "attendees": guests}
        client.tenant.post(f"/onlineMeetings/{meeting['onlineMeetingId']}/calls", json=call).raise_for_status()
        unfold = "[...document.querySelectorAll('summary')].find(each => each.textContent === 'Who attended').click()"
        await console.open(f"#/meetings/{meeting['id']}")
        await console.tab.value(unfold)
        await console.shows("ARTIFACTS")
        environment = app_environment(stack.connection_string, stack.graph.url, os.environ)
        with start_child(["host", "--port", "0"], environment | {"ARTIFACTS": "attendance"}) as host:
            page = Console(console.tab, host.url)
            await page.open(f"#/meetings/{meeting['id']}", 375, "dark")
            assert not any(url.startswith(host.url) and url.endswith("/attendance") for url in page.calls())
            await page.tab.value(unfold)
            await page.shows("40 minutes")
            text = await page.text()
            assert "Adele Vance" in text
            assert "2 people" in text
            assert await page.tab.accessibility_violations() == []
            assert await page.tab.value("document.documentElement.scrollWidth") <= 375


class TestLists:
    async def test_a_search_finds(self, client: Client, console: Console) -> None:
        """By reference, by link and by id, from the form."""
        meeting = made(client, subject="Found in the console", reference="console found")
        searches = (
            ("reference", "console found"),
            ("joinUrl", meeting["joinUrl"]),
            ("eventId", meeting["eventId"]),
            ("organizer", meeting["organizer"]),
            ("id", meeting["id"]),
        )
        for by, value in searches:
            await console.open("#/meetings")
            await console.fill(by=by, value=value)
            await console.click("Search")
            await console.shows("Found in the console")

    async def test_a_search_that_finds_nothing_says_so(self, console: Console) -> None:
        """And what to do about it; a search for what cannot be is refused in the API's own words."""
        await console.open("#/meetings?reference=nobody+has+this")
        assert "No meeting was found." in await console.text()
        await console.open("#/meetings?joinUrl=https%3A%2F%2Fexample.org%2F")
        assert "joinUrl is not a join link of Teams or Skype." in await console.text()

    async def test_more_are_shown_on_demand(self, client: Client, console: Console) -> None:
        """Twenty-five at a time."""
        reference = "console many"
        for _ in range(26):
            client.post(STANDALONE | {"reference": reference})
        await console.open("#/meetings?reference=console+many")
        assert "25 meetings so far" in await console.text()
        await console.click("Show more")
        await console.shows("26 meetings")
        assert "Show more" not in await console.buttons()

    async def test_all_of_a_cause_are_retried(self, client: Client, console: Console) -> None:
        """With the remedy on top, after one question, and with progress."""
        before = [made(client, organizer=DENIED, subject=f"Cause {n}") for n in range(2)]
        code = before[0]["error"]["code"]
        await console.open(f"#/failed/{code}")
        assert before[0]["error"]["remedy"].partition(" ")[0] in await console.text()
        count = await console.tab.value("document.querySelectorAll('main tbody tr').length")
        await console.click(f"Retry all {count}")
        await console.answer("Retry all")
        await console.shows(f"{count} of {count} meetings retried")
        after = [client.finished(f"/meetings/{meeting['id']}") for meeting in before]
        assert all(now["attempts"] > then["attempts"] for now, then in zip(after, before, strict=True))
        await console.open("#/failed/gaveUp")
        assert "No failed meeting has this cause." in await console.text()

    async def test_an_app_with_a_summary_and_a_history(self, client: Client, console: Console) -> None:
        """Both are shown where the app's description has them: counts, what is capped, causes, and what happened."""
        answers = {"/summary": ["getSummary", SUMMARY], "/history": ["getHistory", {"entries": HISTORY}]}
        script = WITH.replace("ANSWERS", json.dumps(answers))
        await console.tab.call("Page.enable")
        await console.tab.call("Page.addScriptToEvaluateOnNewDocument", source=script)
        await console.open("#/")
        tiles = await console.tab.value("[...document.querySelectorAll('.tile')].map(each => each.innerText)")
        assert [tile.split() for tile in tiles] == [
            ["0", "Queued"],
            ["2", "Running"],
            ["1,000+", "Succeeded"],
            ["7", "Failed"],
            ["12", "Cancelled"],
        ]
        link = "[...document.querySelectorAll('main a')].find(each => each.innerText === 'mailboxAccessDenied')"
        assert await console.tab.value(f"{link}.getAttribute('href')") == "#/failed/mailboxAccessDenied"
        assert await console.tab.accessibility_violations() == []
        await console.open(f"#/meetings/{made(client)['id']}")
        assert "Graph asked to wait 30 seconds." in await console.text()
        assert await console.tab.accessibility_violations() == []


class TestSchedules:
    async def test_one_is_paused_resumed_and_ended(self, client: Client, console: Console) -> None:
        """Each after a question; the API says the same afterwards."""
        schedule = client.http.post("/schedules", json=SCHEDULE).json()

        def status() -> str:
            return client.http.get(f"/schedules/{schedule['id']}").json()["status"]

        await console.open("#/schedules")
        assert "Rounds of {date}" in await console.text()
        await console.open(f"#/schedules/{schedule['id']}")
        assert "RRULE:FREQ=WEEKLY;BYDAY=WE" in await console.text()
        await console.click("Pause")
        await console.answer("Pause")
        await console.shows("None while the schedule is paused.")
        assert status() == "paused"
        await console.click("Resume")
        await console.answer("Resume")
        await console.shows("Active")
        assert status() == "active"
        await console.click("End the schedule")
        await console.answer("End the schedule")
        await console.tab.until("location.hash === '#/schedules'")
        assert client.http.get(f"/schedules/{schedule['id']}").status_code == 404


class TestReadiness:
    async def test_who_is_not_ready_sees_the_remedy(self, console: Console) -> None:
        """Every check, with the command that is missing."""
        await console.open("#/readiness")
        await console.fill(organizer=DENIED)
        await console.click("Check")
        await console.shows(f"{DENIED} is not ready.")
        assert "Not in order" in await console.text()
        await console.open("#/readiness?organizer=AlexW@contoso.com")
        assert "AlexW@contoso.com is ready." in await console.text()


class TestAvailability:
    async def test_free_times_are_a_table(self, console: Console) -> None:
        """With who is free at each; an address that is not known is named, and a fault stands at its field."""
        await console.open("#/availability", *WINDOWS[0])
        await console.fill(organizers="AlexW@contoso.com\nnobody@contoso.com", timeZone="UTC")
        await console.fill(start="2027-03-02T09:00", end="2027-03-02T10:00", duration="30")
        await console.click("Find free times")
        await console.shows("3 free times")
        text = await console.text()
        assert "2027-03-02 09:00 to 09:30" in text
        assert "nobody@contoso.com: " in text
        assert "Time (UTC)" in await console.tab.value("document.querySelector('thead').textContent")
        await fits_and_is_accessible(console.tab, "free")
        await console.fill(timeZone="Nowhere/Land")
        await console.click("Find free times")
        await console.tab.until("document.activeElement.id === 'timeZone'")
        assert not await console.tab.value("document.querySelectorAll('main table').length")


class TestForm:
    async def test_faults_stand_at_their_fields(self, console: Console) -> None:
        """As the API names them, and nothing is made."""
        await console.open("#/new")
        await console.fill(
            organizer="AlexW@contoso.com", subject="x" * 300, start="2027-01-20T13:00", end="2027-01-20T12:00"
        )
        await console.fill(timeZone="Nowhere/Land")
        await console.click("Check only")
        await console.tab.until("document.querySelectorAll('form .fault').length > 0")
        invalid = await console.tab.value("[...document.querySelectorAll('[aria-invalid]')].map(each => each.id)")
        assert "timeZone" in invalid
        assert await console.tab.value("document.activeElement.id") in invalid
        assert not any(url.endswith("/api/meetings") for url in console.calls())

    async def test_a_meeting_is_made_once(self, client: Client, console: Console) -> None:
        """Checked, asked, made; sent again from the same form it is the same meeting."""
        await console.open("#/new")
        await console.fill(organizer="AlexW@contoso.com", subject="Made in the console", reference="console form")
        await console.fill(start="2027-01-20T13:00", end="2027-01-20T13:30", timeZone="Europe/Berlin")
        await console.fill(attendees="AdeleV@contoso.com\nMeganB@contoso.com")
        await console.click("Check only")
        await console.shows("The request is valid.")
        await console.click("Create …")
        assert "2 attendees will get an invitation." in await console.answer("Keep as it is")
        assert client.http.get("/meetings?reference=console+form").json()["meetings"] == []
        await console.click("Create …")
        await console.answer("Create")
        await console.tab.until("location.hash.startsWith('#/meetings/')")
        await console.shows("Made in the console")
        meeting = client.found(reference="console form")
        assert meeting["status"] == "succeeded"
        assert meeting["request"]["start"] == {"dateTime": "2027-01-20T13:00:00", "timeZone": "Europe/Berlin"}
        assert [each["emailAddress"]["address"] for each in meeting["request"]["attendees"]] == [
            "AdeleV@contoso.com",
            "MeganB@contoso.com",
        ]


class TestStates:
    async def test_a_hidden_page_asks_nothing(self, client: Client, console: Console) -> None:
        """It asks at once when it is shown again."""
        meeting = made(client)
        await console.open(f"#/meetings/{meeting['id']}")
        hide = "Object.defineProperty(document, 'hidden', {configurable: true, value: %s})"
        changed = "document.dispatchEvent(new Event('visibilitychange'))"
        # Every wait of the page is over at once, so that a page that went on asking would be seen.
        await console.tab.value("window.setTimeout = (run => (handler, _) => run(handler, 1))(window.setTimeout)")
        await console.tab.value(f"{hide % 'true'}; {changed}")
        before = len(console.calls())
        await asyncio.sleep(0.5)
        await console.tab.value("1")
        assert len(console.calls()) == before
        await console.tab.value(f"{hide % 'false'}; {changed}")
        await console.tab.until("performance.getEntriesByType('resource').length > 3")
        assert len(console.calls()) > before

    async def test_an_app_that_does_not_answer_is_said(self, client: Client, console: Console) -> None:
        """With a way to try again, which works once the app is back."""
        meeting = made(client, subject="After the break")
        await console.open("#/meetings")
        offline = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        await console.tab.call("Network.emulateNetworkConditions", offline=True, **offline)
        await console.tab.value(f"location.hash = '#/meetings/{meeting['id']}'")
        await console.shows("The app does not answer")
        await console.tab.call("Network.emulateNetworkConditions", offline=False, **offline)
        await console.click("Try again")
        await console.shows("After the break")

    async def test_an_address_that_leads_nowhere(self, console: Console) -> None:
        """Is said to, with a way back."""
        await console.open("#/nowhere")
        assert await console.heading() == "Not found"

    async def test_the_keyboard_is_enough(self, client: Client, console: Console) -> None:
        """A question takes the focus, Escape answers no, and the focus returns to the button."""
        meeting = made(client)
        await console.open(f"#/meetings/{meeting['id']}")
        focused = "document.activeElement.textContent"
        await console.tab.value(
            "[...document.querySelectorAll('main button')].find(each => each.textContent === 'Forget').focus()"
        )
        for kind in ("keyDown", "keyUp"):
            await console.tab.call(
                "Input.dispatchKeyEvent", type=kind, key="Enter", text="\r", windowsVirtualKeyCode=13
            )
        await console.tab.until("document.querySelector('dialog[open]')?.contains(document.activeElement)")
        for kind in ("keyDown", "keyUp"):
            await console.tab.call("Input.dispatchKeyEvent", type=kind, key="Escape", windowsVirtualKeyCode=27)
        await console.tab.until("document.querySelector('dialog') === null")
        assert await console.tab.value(focused) == "Forget"
        assert client.http.get(f"/meetings/{meeting['id']}").status_code == 200


async def test_every_view_fits_and_is_accessible(client: Client, console: Console) -> None:
    """Nothing scrolls sideways, axe has nothing to say, and the browser does not complain; nor of a question."""
    good, bad = made(client, subject="Oncology board"), made(client, organizer=DENIED, subject="Second opinion")
    schedule = client.http.post("/schedules", json=SCHEDULE).json()
    views = {
        "overview": "#/",
        "search": "#/meetings?organizer=AlexW@contoso.com",
        "nothing": "#/meetings?reference=nobody+has+this",
        "cause": f"#/failed/{bad['error']['code']}",
        "meeting": f"#/meetings/{good['id']}",
        "failed": f"#/meetings/{bad['id']}",
        "schedules": "#/schedules",
        "schedule": f"#/schedules/{schedule['id']}",
        "readiness": f"#/readiness?organizer={DENIED}",
        "availability": "#/availability",
        "new": "#/new",
    }
    for name, address in views.items():
        await console.open(address, *WINDOWS[0])
        await fits_and_is_accessible(console.tab, name)
    await console.open(views["meeting"], *WINDOWS[0])
    await console.click("Cancel the meeting")
    await console.tab.until("document.querySelector('dialog[open]') !== null")
    await fits_and_is_accessible(console.tab, "question")
    client.http.delete(f"/schedules/{schedule['id']}")
    assert not console.tab.complaints


async def fits_and_is_accessible(tab: Tab, name: str) -> None:
    """Look at a view in each window."""
    for width, scheme in WINDOWS:
        await tab.resize(width, scheme=scheme)
        assert await tab.value("document.documentElement.scrollWidth") <= width, (name, width)
        assert await tab.accessibility_violations() == [], (name, width, scheme)
        await tab.screenshot(SCREENSHOTS / f"console-{name}-{width}-{scheme}.png")


async def test_the_page_has_nothing_of_anybodys(stack: Stack) -> None:
    """It is the same for everybody, with a key and without."""
    async with httpx.AsyncClient(base_url=stack.host.url, timeout=60) as http:
        page = await http.get("/api/console")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "contoso" not in page.text.casefold().replace("alexw@contoso.com", "")
