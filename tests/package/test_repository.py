"""Is a repository's server told from the rest of its address?"""

from __future__ import annotations

import pytest

from opencode_workspace.repository import ssh_server


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("git@github.com:owner/name.git", ("github.com", 22)),
        ("git@git.home.arpa:2222/name.git", ("git.home.arpa", 22)),
        ("ssh://git@git.home.arpa/name.git", ("git.home.arpa", 22)),
        ("git@x.home.box:owner/name.git", ("x.home.box", 22)),
        ("ssh://git.home.arpa:2222/name.git", ("git.home.arpa", 2222)),
        ("ssh://git@[2001:db8::1]:2222/name.git", ("2001:db8::1", 2222)),
        ("ssh://git@[2001:db8::1]/name.git", ("2001:db8::1", 22)),
    ],
)
def test_the_server_is_what_ssh_connects_to(address: str, server: tuple[str, int]) -> None:
    assert ssh_server(address) == server


@pytest.mark.parametrize(
    "address",
    ["https://github.com/owner/name.git", "github.com:owner/name.git", "ssh://git@/x", ""],
)
def test_what_is_not_cloned_over_ssh_has_none(address: str) -> None:
    assert ssh_server(address) is None
