"""A start of a workspace that is ready takes next to nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from workbench.packages import program
from workbench.pod import Pod

SECONDS = 0.2
# Other tests run beside this one: what counts is the quickest of some starts, with room to spare.
STARTS = 5
MARGIN = 3


@pytest.mark.fault("server-gone")
def test_start_of_a_workspace_that_is_ready_needs_no_network_and_no_time(
    cloned_pod: Pod, record_property: Callable[[str, object], None]
) -> None:
    """In a network of its own, without even loopback, and with an ssh that tells when it is called."""
    called = cloned_pod.home / "called"
    fake = cloned_pod.root / "bin/ssh"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\ntouch {called}\n")
    fake.chmod(0o755)
    cloned_pod.environment["PATH"] = f"{fake.parent}:{cloned_pod.environment['PATH']}"
    cloned_pod.prefix = [program("unshare"), "--user", "--map-root-user", "--net"]
    cloned_pod.git_configuration.write_text("[safe]\n\tdirectory = *\n")
    taken = []
    for _ in range(STARTS):
        began = time.monotonic()
        cloned_pod.bootstrap().expect(0, "kept as it is")
        taken.append(time.monotonic() - began)
    assert not called.exists(), "a restart called ssh"
    record_property(
        f"start of a workspace that is ready ({cloned_pod.shell.name})", f"{min(taken):.2f} s"
    )
    assert min(taken) < MARGIN * SECONDS
