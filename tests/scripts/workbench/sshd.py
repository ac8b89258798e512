"""A real sshd on loopback that offers the bare repositories to one key."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .packages import program
from .relay import relay


@dataclass(frozen=True)
class SshServer:
    """host_key and client_key are private key files; the public ones lie beside them as .pub."""

    port: int
    root: Path
    host_key: Path
    client_key: Path

    @property
    def known_hosts(self) -> str:
        """The line a client needs to trust this server."""
        kind, key, *_ = Path(f"{self.host_key}.pub").read_text().split()
        return f"[127.0.0.1]:{self.port} {kind} {key}\n"

    def url(self, repository: str) -> str:
        """ssh:// URL of a bare repository below `root`."""
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{self.root}/{repository}"


def make_key(path: Path, *options: str, passphrase: str = "") -> Path:
    """Generates an ed25519 key pair, or what ssh-keygen's options say; gives the private key's path."""
    command = [program("ssh-keygen"), "-q", "-N", passphrase, "-C", "test", "-f", str(path)]
    subprocess.run([*command, *(options or ("-t", "ed25519"))], check=True)
    return path


def free_port() -> int:
    """A loopback port nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = 10) -> None:
    """Returns once something listens; TimeoutError otherwise."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"nothing listens on port {port}")


def _configuration(directory: Path, port: int, host_key: Path, client_key: Path) -> Path:
    allowed = directory / "authorized_keys"
    git_shell = f'{program("git")} shell -c \\"$SSH_ORIGINAL_COMMAND\\"'
    public = Path(f"{client_key}.pub").read_text()
    allowed.write_text(f'restrict,command="{git_shell}" {public}')
    path = directory / "sshd_config"
    path.write_text(
        f"Port {port}\n"
        "ListenAddress 127.0.0.1\n"
        f"HostKey {host_key}\n"
        f"AuthorizedKeysFile {allowed}\n"
        "PidFile none\n"
        "StrictModes no\n"
        "UsePAM no\n"
        "UseDNS no\n"
        "AuthenticationMethods publickey\n"
        "PermitRootLogin prohibit-password\n"
        "AcceptEnv GIT_PROTOCOL\n"
        "SetEnv SHLVL=2\n"
        "KexAlgorithms curve25519-sha256\n"
        "MaxStartups 100\n"
        "LogLevel ERROR\n"
    )
    return path


@contextmanager
def ssh_server(directory: Path, root: Path) -> Iterator[SshServer]:
    """sshd for the repositories below `root`, its files in `directory`, until the block ends."""
    directory.mkdir()
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    host_key = make_key(directory / "host_key")
    client_key = make_key(directory / "client_key")
    port = free_port()
    configuration = _configuration(directory, port, host_key, client_key)
    log = directory / "log"
    with log.open("w") as output:
        daemon = subprocess.Popen(
            [program("sshd"), "-D", "-e", "-f", str(configuration)], stderr=output
        )
    try:
        wait_for_port(port)
        # Without this wire, ssh and sshd would wait for each other's acknowledgements.
        with relay(port) as wire:
            yield SshServer(wire.port, root, host_key, client_key)
    except TimeoutError as error:
        raise RuntimeError(f"sshd did not start: {log.read_text()}") from error
    finally:
        daemon.terminate()
        daemon.wait(timeout=10)
