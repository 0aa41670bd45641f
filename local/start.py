"""`make start`: the whole stack on its default ports, until Ctrl-C."""

import signal
import socket
import time
from types import FrameType

from local.processes import ChildError, Stack, running_stack

# The defaults of `python -m local`: the app, the Graph stand-in, and the storage's blobs, queues and tables.
_PORTS = (7071, 7072, 10000, 10001, 10002)


def start() -> int:
    """Run the stack until Ctrl-C or SIGTERM; return the exit code."""
    if taken := [port for port in _PORTS if _is_taken(port)]:
        print(f"Another program uses {', '.join(f'port {port}' for port in taken)}: perhaps another stack.")
        print("Stop it, or start the servers one by one on other ports: docs/local.md says how.")
        return 1
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with running_stack(default_ports=True, show_log=True) as stack:
            _greet(stack)
            return _serve(stack)
    except ChildError as error:
        print(error)
        return 1
    except KeyboardInterrupt:
        print("Stopped.")
        return 0


def _is_taken(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _greet(stack: Stack) -> None:
    print(f"""
Convene runs on this machine. Ctrl-C stops it; nothing is kept.

  the API to try    {stack.host.url}/api/docs
  the console       {stack.host.url}/api/console
  Graph stand-in    {stack.graph.url}/   (mailboxes and meetings to look at)
  storage           {stack.connection_string}
""")
    print(f"listening on {stack.host.url}", flush=True)


def _serve(stack: Stack) -> int:
    while True:
        for child in (stack.storage, stack.graph, stack.host):
            if (code := child.process.poll()) is not None:
                print(f"`python -m local {child.name}` ended with code {code}; stopping the rest.")
                return 1
        time.sleep(0.5)
