"""Does NOTES.txt say how to get in, and what is still missing?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.rendering import Renderer

ROUTE = {
    "enabled": True,
    "parentRefs": [{"name": "gw"}],
    "hostnames": ["{{ .Release.Name }}.example.com"],
}
SERVICE = {"controller": "workspace", "ports": {"web": {"port": 8080}}}
IMAGE = {"repository": "ghcr.io/owner/opencode-workspace", "tag": "1"}


def workspace(**fields: Any) -> dict[str, Any]:
    return {"controllers": {"workspace": fields}}


Case = tuple[str, dict[str, Any], str]

SAID: list[Case] = [
    ("what was installed", {}, "OpenCode workspace opencode-flux in namespace opencode."),
    ("that something may be missing", {}, "What must exist, or is still missing:"),
    (
        "the address of the app's route, of several",
        {"route": {"aaa": {**ROUTE, "hostnames": ["a.example.com"]}, "app": ROUTE}},
        "Open https://opencode-flux.example.com",
    ),
    (
        "the address of the first route, of several",
        {
            "route": {
                "zzz": {**ROUTE, "hostnames": ["z.example.com"]},
                "bbb": {**ROUTE, "hostnames": ["b.example.com"]},
                "mmm": {**ROUTE, "hostnames": ["m.example.com"]},
            }
        },
        "Open https://b.example.com",
    ),
    ("how to reach it without a route", {}, "port-forward service/opencode-flux 4096:4096"),
    (
        "how to reach one of two services without a route",
        {"service": {"more": SERVICE}},
        "port-forward service/opencode-flux-app 4096:4096",
    ),
    (
        "how to reach another port of the service",
        {"service": {"app": {"ports": {"http": {"port": 80, "targetPort": 4096}}}}},
        "port-forward service/opencode-flux 4096:80",
    ),
    (
        "the address",
        {"route": {"app": ROUTE}},
        "Open https://opencode-flux.example.com with user opencode",
    ),
    (
        "the address of a route of another name",
        {"route": {"public": {**ROUTE, "hostnames": ["b.example.com"]}}},
        "Open https://b.example.com",
    ),
    (
        "where the password is",
        {"route": {"app": ROUTE}},
        "Secret opencode-flux-secret, key SERVER_PASSWORD",
    ),
    ("how to test it", {}, "helm test opencode-flux --namespace opencode"),
    (
        "the Secret",
        {},
        "- Secret opencode-flux-secret: SERVER_PASSWORD (required), COPILOT_AUTH_JSON",
    ),
    (
        "the key of an ssh repository",
        {"workspace": {"repository": "git@github.com:o/a.git"}},
        "GIT_DEPLOY_KEY (ssh repository)",
    ),
    (
        "the token of an https repository",
        {"workspace": {"repository": "https://github.com/o/a.git"}},
        "GIT_TOKEN (private repository)",
    ),
    (
        "that there is no repository",
        {},
        "workspace.repository is not set: an empty repository is made",
    ),
    ("that there is no route", {}, "No route is enabled"),
    (
        "which claim must exist",
        {"persistence": {"config": {"existingClaim": "{{ .Release.Name }}-home"}}},
        "- PersistentVolumeClaim opencode-flux-home: the chart does not make it.",
    ),
    ("that the official image lacks git", {}, "has no git and no ssh"),
    ("that it is parked", workspace(replicas=0), "The workspace is parked"),
]
UNSAID: list[Case] = [
    ("a missing repository", {"workspace": {"repository": "git@github.com:o/a.git"}}, "is not set"),
    ("a missing route", {"route": {"app": ROUTE}}, "No route"),
    (
        "a deploy key for an https repository",
        {"workspace": {"repository": "https://github.com/o/a.git"}},
        "GIT_DEPLOY_KEY",
    ),
    (
        "a token for an ssh repository",
        {"workspace": {"repository": "git@github.com:o/a.git"}},
        "GIT_TOKEN",
    ),
    ("a claim", {}, "PersistentVolumeClaim"),
    ("the official image", workspace(containers={"app": {"image": IMAGE}}), "no git"),
    ("that it is parked", {}, "parked"),
    (
        "that it is parked, when others say how many pods there are",
        workspace(replicas=None),
        "parked",
    ),
    ("how to reach it without a service", {"service": {"app": {"enabled": False}}}, "port-forward"),
]


def by_subject(cases: list[Case]) -> list[Any]:
    return [pytest.param(values, text, id=subject) for subject, values, text in cases]


@pytest.mark.parametrize(("values", "text"), by_subject(SAID))
def test_the_notes_say(values: dict[str, Any], text: str, render_chart: Renderer) -> None:
    assert text in render_chart.notes(values)


@pytest.mark.parametrize(("values", "text"), by_subject(UNSAID))
def test_the_notes_do_not_speak_of(
    values: dict[str, Any], text: str, render_chart: Renderer
) -> None:
    assert text not in render_chart.notes(values)


def test_the_notes_have_no_blank_lines_in_a_row(render_chart: Renderer) -> None:
    for values in ({}, {"route": {"app": ROUTE}}):
        assert "\n\n\n" not in render_chart.notes(values)
