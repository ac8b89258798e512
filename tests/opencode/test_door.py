"""The workspace's password, with the server that asks for it."""

from __future__ import annotations

import dataclasses

import pytest

from tests.opencode.pod.workspace import PASSWORD, Served, Workspace
from tests.support.opencode import FREE_PAGE

pytestmark = pytest.mark.slow

LOCKED = ("/", "/global/health", "/session", "/event", "/pty", "/no-such-page")


@pytest.mark.parametrize("path", LOCKED)
def test_password_is_asked_for(served: Served, path: str) -> None:
    answer = served.stranger.ask(path)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_wrong_password_is_refused(served: Served) -> None:
    guessing = dataclasses.replace(served.client, password=PASSWORD + "r")
    assert guessing.ask("/global/health").status == 401


def test_probes_need_no_password(served: Served) -> None:
    assert served.stranger.ask(FREE_PAGE).status == 200


def test_password_opens_the_page_and_the_api(served: Served) -> None:
    page = served.client.ask("/")
    assert page.status == 200
    assert b"<html" in page.body
    assert served.client.ask("/global/health").json["healthy"] is True


def test_password_with_a_line_end_in_the_secret_is_the_one_without(workspace: Workspace) -> None:
    workspace.secret["SERVER_PASSWORD"] = PASSWORD + "\n"
    with workspace.serve() as served:
        assert served.client.ask("/global/health").status == 200
        assert served.stranger.ask("/global/health").status == 401


@pytest.mark.parametrize("password", ["", "\n"])
@pytest.mark.fault("password-empty")
def test_empty_password_refuses_to_start(workspace: Workspace, password: str) -> None:
    workspace.secret["SERVER_PASSWORD"] = password
    with workspace.start() as pod:
        assert pod.wait() == 78
        assert "SERVER_PASSWORD" in pod.log
