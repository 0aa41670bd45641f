"""The console in a browser, as a person uses it: by the words on it."""

import json
from collections.abc import Sequence

from tests.browser import Tab

_BUTTON = "[...document.querySelectorAll('{where} button')].find(each => each.textContent === {text})"


class Console:
    """The page in a tab."""

    def __init__(self, tab: Tab, host: str) -> None:
        self.tab = tab
        self._url = f"{host}/api/console"

    async def open(self, address: str = "#/", width: int = 1280, scheme: str = "light") -> None:
        """Open a view, and wait until it is there."""
        await self.tab.open("about:blank")
        await self.tab.open(f"{self._url}{address}", width, scheme=scheme)
        await self.settled()

    async def settled(self) -> None:
        """Wait until the view has read what it shows."""
        await self.tab.until("document.querySelector('main h1') !== null && document.querySelector('.wait') === null")

    async def heading(self) -> str:
        return await self.tab.value("document.querySelector('main h1').innerText")

    async def text(self) -> str:
        return await self.tab.value("document.querySelector('main').innerText")

    async def shows(self, text: str) -> None:
        """Wait for a text."""
        await self.tab.until(f"document.querySelector('main').innerText.includes({json.dumps(text)})")

    async def buttons(self) -> list[str]:
        return await self.tab.value("[...document.querySelectorAll('main button')].map(each => each.textContent)")

    async def click(self, text: str, where: str = "main") -> None:
        """Press a button, once it is there and may be pressed."""
        button = _BUTTON.format(where=where, text=json.dumps(text))
        await self.tab.until(f"{button} !== undefined && !{button}.disabled")
        await self.tab.value(f"{button}.click()")

    async def answer(self, action: str, comment: str | None = None) -> str:
        """Answer the question that is asked, and return it."""
        await self.tab.until("document.querySelector('dialog[open]') !== null")
        question = await self.tab.value("document.querySelector('dialog').innerText")
        if comment is not None:
            await self.fill(answer=comment)
        await self.click(action, "dialog")
        await self.tab.until("document.querySelector('dialog') === null")
        return question

    async def fill(self, **values: str) -> None:
        """Give fields their values, by the id of each."""
        for name, value in values.items():
            field = f"document.getElementById({json.dumps(name.replace('_', '-'))})"
            change = "dispatchEvent(new Event('change', {bubbles: true}))"
            await self.tab.value(f"{field}.value = {json.dumps(value)}, {field}.{change}")

    def calls(self) -> Sequence[str]:
        """Return what the page has asked for so far."""
        return tuple(self.tab.requests)
