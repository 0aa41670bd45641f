"""The stand-in as a server on the loopback interface."""

import asyncio
import signal
import socket
import struct
import sys
from types import FrameType
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from local.graph.app import create_app
from local.graph.tenant import Tenant
from local.loopback import listen


def serve(port: int) -> None:
    """Serve the example tenant; see `serve_app`."""
    serve_app(droppable(create_app(Tenant.example())), port)


def serve_app(app: ASGIApp, port: int) -> None:
    """Serve an application on 127.0.0.1 until SIGTERM or SIGINT; port 0 is any free one."""
    try:
        listener = listen(port)
    except OSError as error:
        sys.exit(f"Port {port} cannot be used ({error.strerror}): stop what uses it, or choose another with --port.")
    config = uvicorn.Config(
        app,
        access_log=False,
        log_level="critical",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    # After its clean end, uvicorn raises the signal again for these handlers.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _end)
    asyncio.run(_Server(config).serve(sockets=[listener]))


def _end(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def droppable(app: ASGIApp) -> ASGIApp:
    """Allow an application to close its connection without an answer, by `scope["drop_connection"]()`."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        # uvicorn's `send` is a method of the object that owns the transport; ASGI has no other way to reach it.
        transport = cast("Any", send).__self__.transport

        def drop() -> None:
            connection = transport.get_extra_info("socket")
            # No lingering: the peer gets what was written, then a reset, as from a crashed server.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

        scope["drop_connection"] = drop
        await app(scope, receive, send)

    return call


class _Server(uvicorn.Server):
    """A uvicorn server that prints its address once it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        for listener in sockets or []:
            print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
