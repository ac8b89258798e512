"""Settings and URLs that are refused before anything is touched, each with what to write instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from workbench.packages import path_without
from workbench.pod import Pod

CASES = Path(__file__).parent / "cases"


def load(name: str) -> list[dict[str, Any]]:
    cases = yaml.safe_load((CASES / name).read_text())
    assert isinstance(cases, list)
    return cases


@pytest.mark.parametrize("case", load("refused-urls.yaml"), ids=lambda case: str(case["why"]))
def test_url_is_refused_and_not_shown(pod: Pod, case: dict[str, Any]) -> None:
    pod.secrets.add(case["url"].strip())
    pod.secrets |= set(case.get("secrets", []))
    pod.bootstrap(WORKSPACE_REPOSITORY=case["url"]).expect(11, case["says"])
    assert list(pod.home.iterdir()) == []


@pytest.mark.parametrize("case", load("refused-settings.yaml"), ids=lambda case: str(case["why"]))
def test_setting_is_refused(pod: Pod, case: dict[str, Any]) -> None:
    settings = {name: value.format(home=pod.home) for name, value in case["settings"].items()}
    pod.bootstrap(**settings).expect(10, *case["settings"], case["says"])
    assert list(pod.home.iterdir()) == []


@pytest.mark.parametrize("case", load("git-messages.yaml"), ids=lambda case: str(case["why"]))
def test_message_of_git_gives_its_exit_code(ssh_pod: Pod, case: dict[str, Any]) -> None:
    """Messages of servers and libraries that are not at hand here, played by a fake git."""
    message = ssh_pod.root / "message"
    message.write_text(case["message"])
    ssh_pod.put_program("git", f"cat {message} >&2; exit 128")
    ssh_pod.bootstrap().expect(case["code"], "bootstrap: git: ")


def test_image_without_git_is_named(pod: Pod, bench: Path) -> None:
    path = path_without(bench, "git")
    pod.bootstrap(PATH=path).expect(12, "git is not in the image")


def test_image_without_ssh_is_named(ssh_pod: Pod, bench: Path) -> None:
    path = path_without(bench, "ssh")
    ssh_pod.bootstrap(PATH=path).expect(12, "ssh is not in the image")


def test_missing_run_directory_is_named(pod: Pod) -> None:
    pod.bootstrap(WORKSPACE_RUN_DIRECTORY="/proc/none").expect(10, "WORKSPACE_RUN_DIRECTORY")


def test_password_of_the_server_is_not_passed_on(ssh_pod: Pod) -> None:
    """It is in the environment only to hold the pod until the Secret exists."""
    seen = ssh_pod.home / "seen"
    ssh_pod.put_program("git", f"env >{seen}; exit 128")
    ssh_pod.bootstrap().expect(49)
    assert "OPENCODE_SERVER_PASSWORD" not in seen.read_text()
