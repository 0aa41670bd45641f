"""The API documentation and the tenant's page in a browser. The screenshots stay in dist/screenshots/."""

import json
import os
import re
from pathlib import Path
from urllib.parse import quote_plus

from local.processes import Stack, app_environment, start_child
from tests.browser import Tab
from tests.examples import CALENDAR, STANDALONE
from tests.integration.conftest import Client, clients

SCREENSHOTS = Path(__file__).parent.parent.parent / "dist" / "screenshots"
KEY = "a key with + and &"
CREATE = "#operations-Meetings-createMeeting"


async def test_the_documentation_is_read_and_tried(stack: Stack, tab: Tab) -> None:
    """With a key typed in a call is tried; the page loads the document and no more; the browser does not complain."""
    environment = app_environment(stack.connection_string, stack.graph.url, os.environ)
    with start_child(["host", "--port", "0", "--function-key", KEY], environment) as host:
        await tab.open(f"{host.url}/api/docs?code={quote_plus(KEY)}")
        await tab.until("document.querySelectorAll('.opblock').length >= 15")
        assert "Convene" in await tab.value("document.querySelector('.info .title').innerText")
        assert KEY not in await tab.value("document.body.innerText")
        await tab.screenshot(SCREENSHOTS / "docs.png")
        await _type_key(tab)
        await tab.value(f"document.querySelector('{CREATE} .opblock-summary-control').click()")
        await tab.until(f"document.querySelector('{CREATE} .execute') !== null")
        await tab.until(f"document.querySelector('{CREATE} textarea')?.value.includes('organizer')")
        await tab.value(f"document.querySelector('{CREATE}').scrollIntoView()")
        await tab.screenshot(SCREENSHOTS / "docs-operation.png")
        await tab.value(f"document.querySelector('{CREATE} .execute').click()")
        status = f"document.querySelector('{CREATE} .live-responses-table .response .response-col_status')"
        assert (await tab.until(f"{status} !== null && {status}.innerText")).startswith("202")
        await tab.value(f"document.querySelector('{CREATE} .live-responses-table').scrollIntoView()")
        await tab.screenshot(SCREENSHOTS / "docs-tried.png")
    assert {url.partition("?")[0].removeprefix(host.url) for url in tab.requests if not url.startswith("data:")} == {
        "/api/docs",
        "/api/openapi.json",
        "/api/meetings",
    }
    assert not tab.complaints


async def test_the_documentation_fits_and_is_accessible(stack: Stack, tab: Tab) -> None:
    """With an operation unfolded nothing scrolls sideways, axe has nothing to say, and the page is dark on demand."""
    await tab.open(f"{stack.host.url}/api/docs", 375, scheme="dark")
    await tab.until("document.querySelectorAll('.opblock').length >= 15")
    await tab.value(f"document.querySelector('{CREATE} .opblock-summary-control').click()")
    await tab.until(f"document.querySelector('{CREATE} .execute') !== null")
    await tab.value("document.querySelector('#guide').open = true")
    guide = await tab.value("document.querySelector('#guide').innerText")
    assert all(word in guide for word in ("x-functions-key", "Idempotency-Key", "Retry-After", "error.remedy"))
    for width, scheme in ((375, "dark"), (768, "dark"), (1280, "light")):
        await tab.resize(width, scheme=scheme)
        assert await tab.value("document.documentElement.scrollWidth") <= width
        assert await tab.accessibility_violations() == [], (width, scheme)
        shown = await tab.value("getComputedStyle(document.documentElement).colorScheme")
        assert ("dark" in shown.split()) == (scheme == "dark")
        await tab.screenshot(SCREENSHOTS / f"docs-{width}-{scheme}.png")
    assert not tab.complaints


async def _type_key(tab: Tab) -> None:
    """Take the key away that the page has filled in, and type it as a person would."""
    await tab.value("document.querySelector('.btn.authorize').click()")
    button = "[...document.querySelectorAll('.auth-btn-wrapper button')].find(each => each.innerText === '{}')"
    await tab.until(f"{button.format('Logout')}?.click() === undefined")
    field = "document.querySelector('.auth-container input')"
    await tab.until(f"{field} !== null")
    await tab.value(f"{field}.focus()")
    await tab.call("Input.insertText", text=KEY)
    await tab.screenshot(SCREENSHOTS / "docs-key.png")
    await tab.value(f"{button.format('Authorize')}.click()")
    await tab.value("document.querySelector('.modal-ux .close-modal').click()")


async def test_the_tenant_is_looked_at(stack: Stack, tab: Tab) -> None:
    """The stand-in's page shows the meetings that were made, without a complaint of the browser."""
    with clients(stack) as client:
        client.finished(client.post(CALENDAR | {"subject": "Seen on the page"}).headers["location"])
        client.finished(client.post(STANDALONE | {"subject": "Seen as well"}).headers["location"])
    await tab.open(stack.graph.url)
    text = await tab.value("document.body.innerText")
    assert "Seen on the page" in text
    assert "Seen as well" in text
    await tab.screenshot(SCREENSHOTS / "tenant.png")
    assert not tab.complaints


class TestSandbox:
    """What a person does to the tenant on its page."""

    async def press(self, tab: Tab, text: str, within: str = "document") -> None:
        """Press a button, and wait until the page is loaded again."""
        await tab.value("window.before = true")
        button = f"[...{within}.querySelectorAll('button')].find(each => each.textContent === '{text}')"
        await tab.until(f"{button}?.click() === undefined")
        await tab.until("window.before === undefined && document.readyState === 'complete'")

    async def test_people_act(self, client: Client, tab: Tab) -> None:
        """An organizer moves an event, a guest declines, the organizer cancels: Convene sees each of them."""
        meeting = client.finished(client.post(CALENDAR | {"subject": "Acted on"}).headers["location"])

        def observed() -> dict[str, object]:
            return client.http.post(f"/meetings/{meeting['id']}/refresh").json()["observed"]

        await tab.open(client.stack.graph.url)
        row = "[...document.querySelectorAll('tr')].find(each => each.innerText.includes('Acted on'))"
        await tab.value(f"{row}.querySelector('details').open = true")
        await tab.screenshot(SCREENSHOTS / "sandbox.png")
        await self.press(tab, "Move by an hour", row)
        assert observed()["changes"] == ["start", "end"]
        await self.press(tab, "Decline", row)
        assert '"declined"' in json.dumps(observed())
        await self.press(tab, "Cancel", row)
        assert observed()["state"] == "removed"
        assert not tab.complaints

    async def test_faults_are_set_and_taken_back(self, client: Client, tab: Tab) -> None:
        """A meeting is made despite a lost answer, once."""
        await tab.open(client.stack.graph.url)
        await self.press(tab, "Lose the next answer to a creation")
        [rule] = client.tenant.get("/faults").json()
        assert rule["action"] == "reset"
        meeting = client.finished(client.post(CALENDAR | {"subject": "Made once"}).headers["location"])
        assert meeting["status"] == "succeeded"
        events = [event for mailbox in client.state()["mailboxes"].values() for event in mailbox["events"]]
        assert [event["subject"] for event in events].count("Made once") == 1
        await self.press(tab, "No faults")
        assert client.tenant.get("/faults").json() == []

    async def test_it_fits_and_is_accessible(self, client: Client, tab: Tab) -> None:
        """With a meeting, its mails and its calls on it."""
        client.finished(client.post(CALENDAR | {"subject": "Seen"}).headers["location"])
        await tab.open(client.stack.graph.url, 768, scheme="dark")
        await tab.value("document.querySelectorAll('details').forEach(each => each.open = true)")
        lost = "[...document.querySelectorAll('nav a')].filter(each => !document.querySelector(each.hash)).length"
        assert await tab.value(lost) == 0
        for width, scheme in ((768, "dark"), (375, "light"), (1280, "light")):
            await tab.resize(width, scheme=scheme)
            assert await tab.value("document.documentElement.scrollWidth") <= width
            assert await tab.accessibility_violations() == [], (width, scheme)
            await tab.screenshot(SCREENSHOTS / f"sandbox-{width}-{scheme}.png")


def test_organizers_fail_as_the_sandbox_page_says(client: Client) -> None:
    """Each row of the table, as a request."""
    page = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\S+@\S+)` \| `(\w+)` \| `(\w+)` \|$", page, re.MULTILINE)
    assert len(rows) > 5
    for organizer, kind, code in rows:
        request = (CALENDAR if kind == "calendar" else STANDALONE) | {"organizer": organizer}
        meeting = client.finished(client.post(request).headers["location"])
        assert meeting["error"]["code"] == code, organizer
