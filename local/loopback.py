"""A socket that listens on this machine alone."""

import socket

_BACKLOG = 2048  # waiting connections: more than a burst of parallel tests opens


def listen(port: int) -> socket.socket:
    """Return a socket that listens on 127.0.0.1; port 0 is any free one.

    Raises:
        OSError: the port cannot be used.
    """
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it, every answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
