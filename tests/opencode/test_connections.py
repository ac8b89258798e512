"""What stays open: the event stream and the web terminal."""

from __future__ import annotations

import time

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.opencode.pod.workspace import Served
from tests.support.opencode import read_until
from workbench.waiting import wait_until

pytestmark = pytest.mark.slow

STREAM_SECONDS = 60
# OpenCode 1.18 beats every 10 s; a proxy in between may drop what is silent for longer than this.
SILENCE_SECONDS = 30


def test_events_stream_for_a_minute_with_a_heartbeat(served: Served) -> None:
    kinds = []
    with served.client.events(SILENCE_SECONDS, directory=served.directory) as events:
        until = time.monotonic() + STREAM_SECONDS
        for event in events:
            kinds.append(event["type"])
            if time.monotonic() > until:
                break
        else:
            raise AssertionError(f"the server closed the stream after {kinds}")
    assert kinds[0] == "server.connected"
    assert kinds.count("server.heartbeat") >= 2, kinds


def test_new_session_is_told_to_who_listens(served: Served) -> None:
    with served.client.events(SILENCE_SECONDS, directory=served.directory) as events:
        assert next(events)["type"] == "server.connected"
        served.client.ask("/session", method="POST", body={}, directory=served.directory)
        assert any(event["type"] == "session.created" for event in events)


def test_web_terminal_runs_what_is_typed(served: Served) -> None:
    with served.client.terminal(served.directory) as terminal:
        terminal.send("echo answer-$((6 * 7)) in $PWD\n")
        assert f"answer-42 in {served.directory}" in read_until(
            terminal, f"in {served.directory}\r\n"
        )


def test_web_terminal_may_commit_without_being_set_up(served: Served) -> None:
    with served.client.terminal(served.directory) as terminal:
        terminal.send("git commit --allow-empty -m typed >/dev/null; git log -1 --format=by-%an=\n")
        read_until(terminal, "by-OpenCode=")


def test_web_terminal_needs_the_password(served: Served) -> None:
    uri = f"ws://{served.client.place.authority}/pty/any/connect"
    with pytest.raises(InvalidStatus, match="401"):
        connect(uri, sock=served.client.place.connect())


def test_no_zombie_is_left_by_a_terminal_that_is_closed(served: Served) -> None:
    with served.client.terminal(served.directory) as terminal:
        terminal.send("(sleep 0.1 &) ; echo started-$((1 + 1)); exit\n")
        read_until(terminal, "started-2")
    wait_until(lambda: "Z" not in served.pod.processes().values(), "the reaping of the zombies")
