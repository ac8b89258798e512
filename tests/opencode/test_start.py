"""The one quick look at the real OpenCode in `make test`; the other modules take it apart."""

from __future__ import annotations

import signal

from tests.opencode.pod.workspace import Workspace
from tests.support.opencode import FREE_PAGE


def test_workspace_asks_for_its_password_serves_and_ends(workspace: Workspace) -> None:
    with workspace.serve_on_this_machine() as served:
        assert served.stranger.ask(FREE_PAGE).status == 200
        assert served.stranger.ask("/global/health").status == 401
        assert served.client.ask("/global/health").json["healthy"] is True
        served.pod.signal(signal.SIGTERM)
        assert served.pod.wait() == 128 + signal.SIGTERM, served.pod.log
