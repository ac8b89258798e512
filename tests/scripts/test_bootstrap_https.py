"""https: the token from the Secret reaches the server, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.https import TOKEN, HttpsServer, https_server
from workbench.pod import Pod, chart_shell
from workbench.remotes import git
from workbench.sshd import free_port

pytestmark = chart_shell


def test_token_opens_the_repository(https_pod: Pod, token_https: HttpsServer) -> None:
    https_pod.put_secret("token", TOKEN)
    https_pod.bootstrap().expect(0)
    assert (https_pod.directory / "README.md").exists()
    assert "x-access-token" in token_https.users


def test_token_with_line_ends_works(https_pod: Pod) -> None:
    https_pod.put_secret("token", f"{TOKEN}\r\n")
    https_pod.bootstrap().expect(0)


def test_user_name_in_the_url_is_used_with_the_token(
    https_pod: Pod, token_https: HttpsServer
) -> None:
    https_pod.put_secret("token", TOKEN)
    url = token_https.url("project.git").replace("://", "://deployer@")
    https_pod.bootstrap(WORKSPACE_REPOSITORY=url).expect(0)
    assert "deployer" in token_https.users


@pytest.mark.fault("secret-in-view")
def test_token_is_neither_in_the_process_list_nor_on_the_volume(
    https_pod: Pod, token_https: HttpsServer
) -> None:
    https_pod.put_secret("token", TOKEN)
    https_pod.bootstrap().expect(0)
    assert token_https.leaks == []
    files = (path for path in https_pod.home.rglob("*") if path.is_file())
    assert [str(path) for path in files if TOKEN.encode() in path.read_bytes()] == []


@pytest.mark.fault("secret-in-view")
def test_credential_helper_of_the_image_does_not_store_the_token(https_pod: Pod) -> None:
    settings = https_pod.git_configuration.read_text()
    https_pod.git_configuration.write_text(settings + "[credential]\n\thelper = store\n")
    https_pod.put_secret("token", TOKEN)
    https_pod.bootstrap().expect(0)
    assert not (https_pod.home / ".git-credentials").exists()


@pytest.mark.fault("token")
def test_wrong_token_is_reported(https_pod: Pod) -> None:
    https_pod.put_secret("token", "x")
    result = https_pod.bootstrap()
    result.expect(37, "does not accept the token")
    assert "is empty" not in result.log


@pytest.mark.fault("token")
def test_absent_token_is_reported_without_a_prompt(https_pod: Pod) -> None:
    https_pod.bootstrap().expect(37, "GIT_TOKEN")


@pytest.mark.fault("token")
def test_empty_token_counts_as_absent(https_pod: Pod) -> None:
    https_pod.put_secret("token", "\n")
    https_pod.bootstrap().expect(37, "GIT_TOKEN in the Secret is empty", "could not read Username")


@pytest.mark.fault("certificate")
def test_certificate_of_an_unknown_authority_is_refused(https_pod: Pod) -> None:
    https_pod.put_secret("token", TOKEN)
    del https_pod.environment["GIT_SSL_CAINFO"]
    https_pod.bootstrap().expect(38, "GIT_SSL_CAINFO")


@pytest.mark.fault("repository-missing")
def test_missing_repository_is_reported(https_pod: Pod, token_https: HttpsServer) -> None:
    https_pod.put_secret("token", TOKEN)
    https_pod.bootstrap(WORKSPACE_REPOSITORY=token_https.url("nothing.git")).expect(42)


@pytest.mark.fault("server-down")
def test_closed_port_is_reported(https_pod: Pod) -> None:
    url = f"https://127.0.0.1:{free_port()}/project.git"
    https_pod.bootstrap(WORKSPACE_REPOSITORY=url).expect(41)


@pytest.mark.fault("secret-in-view")
def test_token_is_not_given_to_another_server(
    https_pod: Pod, scratch: Path, served: Path, token_https: HttpsServer
) -> None:
    """A workspace that points its remote elsewhere must not get the token sent there."""
    https_pod.put_secret("token", TOKEN)
    https_pod.bootstrap().expect(0)
    with https_server(scratch / "other", served, TOKEN) as other:
        bundle = scratch / "authorities.pem"
        bundle.write_text(other.authority.read_text() + token_https.authority.read_text())
        bundle.chmod(0o644)
        git(https_pod.directory, "remote", "set-url", "origin", other.url("project.git"))
        result = https_pod.bootstrap(WORKSPACE_UPDATE="fetch", GIT_SSL_CAINFO=str(bundle))
        result.expect(0, "starting with the repository as it is")
        assert other.requests > 0
        assert other.users == set()
