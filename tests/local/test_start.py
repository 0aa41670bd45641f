"""`make start`, before it starts anything."""

import socket

import pytest

from local import start


def test_a_port_that_is_taken_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is started then; a port that is free is not named."""

    def running_stack(**_: object) -> None:
        raise AssertionError("the stack was started")

    monkeypatch.setattr(start, "running_stack", running_stack)
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as other:
        port, free = taken.getsockname()[1], other.getsockname()[1]
        other.close()
        monkeypatch.setattr(start, "_PORTS", (port, free))
        assert start.start() == 1
    said = capsys.readouterr().out
    assert f"port {port}:" in said
    assert str(free) not in said
    assert "docs/local.md" in said
