"""The command line of the local stack: `python -m local --help`."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

_ROOT = Path(__file__).parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    if options.end_with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    match options.command:
        case "storage":
            return _storage(options)
        case "graph":
            from local.graph import server

            return server.serve(options.port) or 0
        case "topic":
            from local import topic
            from local.graph import server

            return server.serve_app(topic.create_app(), options.port) or 0
        case "host":
            from local.host.server import run

            lease = timedelta(seconds=options.queue_lease)
            return run(options.app.resolve(), options.port, options.function_key, lease)
        case "start":
            from local.start import start

            return start()
        case _:
            from local import demo

            return demo.main() or 0


def _storage(options: argparse.Namespace) -> int:
    from local.storage import StorageError, serve

    try:
        return serve(options.queue_port, options.table_port, options.blob_port, options.location)
    except StorageError as error:
        print(error, file=sys.stderr)
        return 1


def _end_with_parent() -> None:
    """End this process when the one that started it has ended in any way."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description="Convene's local stack. Every server prints one line 'listening on ...' once it is ready, "
        "and ends on SIGINT (Ctrl-C) or SIGTERM. Port 0 is any free port.",
    )
    parser.add_argument("--end-with-parent", action="store_true", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    storage = commands.add_parser("storage", help="the storage emulator, Azurite, alone")
    storage.add_argument("--queue-port", type=_port, default=10001, help="default: %(default)s")
    storage.add_argument("--table-port", type=_port, default=10002, help="default: %(default)s")
    storage.add_argument("--blob-port", type=_port, default=10000, help="default: %(default)s")
    storage.add_argument("--location", type=Path, help="the folder that keeps the data; in memory without it")

    graph = commands.add_parser("graph", help="the Microsoft Graph stand-in alone")
    graph.add_argument("--port", type=_port, default=7072, help="default: %(default)s")

    topic = commands.add_parser("topic", help="a stand-in for an Event Grid topic alone, for RESULT_TOPIC")
    topic.add_argument("--port", type=_port, default=7073, help="default: %(default)s")

    host = commands.add_parser(
        "host",
        help="the Functions host alone, settings from the environment",
        description="Runs an app as Azure Functions would, with the settings of the environment: docs/local.md.",
    )
    host.add_argument("--port", type=_port, default=7071, help="default: %(default)s")
    host.add_argument("--function-key", metavar="KEY", help="what callers must send; without it no key is needed")
    host.add_argument(
        "--queue-lease",
        type=_lease,
        default=600,
        metavar="SECONDS",
        help="how long a queue message stays with a host that was killed, at most; Azure's ten minutes by default",
    )
    host.add_argument(
        "--app", type=Path, default=_ROOT, metavar="DIR", help="the folder of the app; this repository's by default"
    )

    commands.add_parser("start", help="the whole stack on its default ports, until Ctrl-C")
    commands.add_parser("demo", help="create meetings on a separate stack, and show their join links")
    return parser


def _lease(text: str) -> int:
    seconds = int(text)
    if not 2 <= seconds <= 7 * 24 * 3600:  # noqa: PLR2004 - the longest that Queue Storage hides a message
        raise argparse.ArgumentTypeError(f"{seconds} is not from 2 s to 7 days")
    return seconds


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:  # noqa: PLR2004 - the ports of TCP
        raise argparse.ArgumentTypeError(f"{port} is not a port")
    return port


if __name__ == "__main__":
    sys.exit(main())
