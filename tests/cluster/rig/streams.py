"""Event streams that are listened to for a minute."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from dataclasses import dataclass
from urllib.parse import quote

from tests.support.opencode import Client
from workbench.packages import program

from .gateway import PORT, Front
from .sandbox import ADDRESS

STREAM_SECONDS = 60
# OpenCode 1.18 beats every 10 s.
SILENCE_SECONDS = 30
TIMED_OUT = 28


@dataclass(frozen=True)
class Stream:
    """An event stream that was listened to. end: what ended it; empty when it was still open."""

    kinds: list[str]
    seconds: float
    end: str


def listen(client: Client, directory: str) -> Stream:
    """The events of a project over HTTP/1.1."""
    kinds: list[str] = []
    began, end = time.monotonic(), "the server closed it"
    try:
        with client.events(SILENCE_SECONDS, directory=directory) as events:
            for event in events:
                kinds.append(event["type"])
                if time.monotonic() - began > STREAM_SECONDS:
                    end = ""
                    break
    except (OSError, http.client.HTTPException) as error:
        end = repr(error)
    return Stream(kinds, time.monotonic() - began, end)


def listen_over_http2(front: Front, password: str, directory: str) -> Stream:
    """The same by curl, which speaks HTTP/2 with the gateway, as browsers do.

    AssertionError when they agree on another version.
    """
    settings = {
        "url": f"https://{front.authority}/event?directory={quote(directory)}",
        "user": f"opencode:{password}",
        "cacert": front.trusted,
        "resolve": f"{front.host}:{PORT}:{ADDRESS}",
        "max-time": STREAM_SECONDS,
        "write-out": "%{stderr}HTTP/%{http_version}",
    }
    lines = [f'{name} = "{value}"' for name, value in settings.items()]
    lines += ["http2", "no-buffer", "silent", "show-error"]
    began = time.monotonic()
    # Not in its arguments, which everybody on the machine may read.
    done = subprocess.run(
        [program("curl"), "--config", "-"], input="\n".join(lines), capture_output=True, text=True
    )
    seconds = time.monotonic() - began
    assert "HTTP/2" in done.stderr, done.stderr
    kinds = [
        json.loads(line.removeprefix("data:"))["type"]
        for line in done.stdout.splitlines()
        if line.startswith("data:")
    ]
    end = "" if done.returncode == TIMED_OUT else done.stderr or "the server closed it"
    return Stream(kinds, seconds, end)
