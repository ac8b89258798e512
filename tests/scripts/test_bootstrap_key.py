"""The deploy key and the host keys: what is repaired, and what is refused with which advice."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.https import TOKEN
from workbench.packages import program
from workbench.pod import Pod
from workbench.sshd import SshServer, free_port, make_key


@pytest.mark.fault("key-mangled")
def test_key_with_windows_line_ends_works(ssh_pod: Pod, ssh: SshServer) -> None:
    ssh_pod.put_secret("id", ssh.client_key.read_bytes().replace(b"\n", b"\r\n"))
    ssh_pod.bootstrap().expect(0)


@pytest.mark.fault("key-mangled")
def test_key_without_final_newline_works(ssh_pod: Pod, ssh: SshServer) -> None:
    ssh_pod.put_secret("id", ssh.client_key.read_bytes().rstrip(b"\n"))
    ssh_pod.bootstrap().expect(0)


@pytest.mark.fault("key-mangled")
def test_key_with_blanks_around_its_lines_works(ssh_pod: Pod, ssh: SshServer) -> None:
    lines = ssh.client_key.read_text().splitlines()
    ssh_pod.put_secret("id", "\n\n" + "".join(f"  {line} \n" for line in lines) + "\n")
    ssh_pod.bootstrap().expect(0)


@pytest.mark.fault("secret-in-view")
def test_key_is_removed_from_memory_afterwards(ssh_pod: Pod) -> None:
    ssh_pod.bootstrap().expect(0)
    assert list((ssh_pod.root / "run").iterdir()) == []


@pytest.mark.fault("key-missing")
def test_missing_key_is_reported(ssh_pod: Pod) -> None:
    (ssh_pod.root / "secrets" / "id").unlink()
    ssh_pod.bootstrap().expect(30, "no deploy key", "GIT_DEPLOY_KEY")


@pytest.mark.fault("key-missing")
def test_the_short_form_of_an_ssh_url_wants_the_key_too(ssh_pod: Pod) -> None:
    (ssh_pod.root / "secrets" / "id").unlink()
    ssh_pod.bootstrap(WORKSPACE_REPOSITORY="git@127.0.0.1:owner/project.git").expect(30)


@pytest.mark.fault("key-refused")
def test_key_the_server_does_not_know_is_reported(ssh_pod: Pod, scratch: Path) -> None:
    ssh_pod.put_secret("id", make_key(scratch / "other").read_bytes())
    ssh_pod.bootstrap().expect(36, "does not accept the deploy key")


@pytest.mark.parametrize("options", [("-t", "ed25519"), ("-t", "ecdsa", "-m", "PEM")])
@pytest.mark.fault("key-encrypted")
def test_encrypted_key_is_recognised_before_connecting(
    ssh_pod: Pod, scratch: Path, options: tuple[str, ...]
) -> None:
    ssh_pod.put_secret("id", make_key(scratch / "key", *options, passphrase="secret").read_bytes())
    ssh_pod.bootstrap().expect(32, "encrypted")


@pytest.mark.fault("key-unusable")
def test_public_key_in_place_of_the_private_one_is_recognised(ssh_pod: Pod, ssh: SshServer) -> None:
    ssh_pod.put_secret("id", Path(f"{ssh.client_key}.pub").read_bytes())
    ssh_pod.bootstrap().expect(31, "public key")


@pytest.mark.fault("key-unusable")
def test_key_on_one_line_is_recognised(ssh_pod: Pod, ssh: SshServer) -> None:
    ssh_pod.put_secret("id", ssh.client_key.read_text().replace("\n", " "))
    ssh_pod.bootstrap().expect(31, "lost its line breaks")


@pytest.mark.fault("key-unusable")
def test_key_with_a_damaged_body_is_reported(ssh_pod: Pod, ssh: SshServer) -> None:
    lines = ssh.client_key.read_text().splitlines(keepends=True)
    ssh_pod.put_secret("id", "".join(lines[:2] + lines[-1:]))
    ssh_pod.bootstrap().expect(31, "cannot read the deploy key")


@pytest.mark.parametrize(("content", "text"), [("", "empty"), ("changeme", "not a private key")])
@pytest.mark.fault("key-unusable")
def test_something_else_in_place_of_a_key_is_recognised(
    ssh_pod: Pod, content: str, text: str
) -> None:
    ssh_pod.put_secret("id", content)
    remedy = "store the whole file that ssh-keygen wrote, with its line breaks"
    ssh_pod.bootstrap().expect(31, text, remedy, "under GIT_DEPLOY_KEY in the Secret\n")


@pytest.mark.fault("host-key-unknown")
def test_unknown_host_key_is_refused(ssh_pod: Pod) -> None:
    ssh_pod.put_known_hosts("")
    ssh_pod.bootstrap().expect(34, "host key is not known", "workspace.knownHosts")


@pytest.mark.fault("host-key-changed")
def test_changed_host_key_is_refused(ssh_pod: Pod, ssh: SshServer, scratch: Path) -> None:
    other = make_key(scratch / "other")
    forged = SshServer(ssh.port, ssh.root, other, ssh.client_key)
    ssh_pod.put_known_hosts(forged.known_hosts)
    ssh_pod.bootstrap().expect(35, "another host key")


def test_ssh_takes_nothing_from_the_volume(ssh_pod: Pod) -> None:
    """Neither configuration, keys nor host keys of the account's home, and never a question."""
    seen = ssh_pod.home / "seen"
    ssh_pod.put_program("ssh", f'printf "%s\\n" "$@" >{seen}; exit 255')
    ssh_pod.bootstrap()
    arguments = seen.read_text().splitlines()
    assert arguments[:4] == ["-F", "/dev/null", "-i", str(ssh_pod.root / "run" / "key")]
    assert {
        "StrictHostKeyChecking=yes",
        f"UserKnownHostsFile={ssh_pod.environment['GIT_KNOWN_HOSTS_FILE']}",
        "GlobalKnownHostsFile=/dev/null",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "BatchMode=yes",
        "ConnectTimeout=20",
    } <= set(arguments)


@pytest.mark.fault("no-passwd")
def test_uid_without_passwd_entry_is_explained(ssh_pod: Pod) -> None:
    ssh_pod.prefix = [program("unshare"), "--user", "--map-user=54321", "--map-group=54321"]
    ssh_pod.bootstrap().expect(33, "ssh refuses uid 54321,", "/etc/passwd")


@pytest.mark.fault("no-passwd")
def test_uid_without_passwd_entry_can_use_https(https_pod: Pod) -> None:
    https_pod.put_secret("token", TOKEN)
    https_pod.prefix = [program("unshare"), "--user", "--map-user=54321", "--map-group=54321"]
    https_pod.bootstrap().expect(0)


@pytest.mark.fault("repository-missing")
def test_missing_repository_is_reported(ssh_pod: Pod, ssh: SshServer) -> None:
    ssh_pod.bootstrap(WORKSPACE_REPOSITORY=ssh.url("nothing.git")).expect(42)


@pytest.mark.fault("server-down")
def test_closed_port_is_reported(ssh_pod: Pod) -> None:
    url = f"ssh://git@127.0.0.1:{free_port()}/project.git"
    ssh_pod.bootstrap(WORKSPACE_REPOSITORY=url).expect(41, "cannot be reached")


@pytest.mark.fault("server-down")
def test_name_that_does_not_resolve_is_reported(ssh_pod: Pod) -> None:
    url = "ssh://git@not..a..name/project.git"
    ssh_pod.bootstrap(WORKSPACE_REPOSITORY=url).expect(40, "does not resolve")
