"""A Git server: repositories over HTTP for Flux, and over ssh for workspaces, one deploy key each."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.quietserver import QuietServer
from workbench.gitbackend import GitHandler
from workbench.packages import program
from workbench.remotes import commit, git
from workbench.sshd import make_key

from .processes import Process, listens
from .sandbox import ADDRESS

USER = "root"
# Runs for a client that came with the deploy key of the repository in argv[1].
GATE = """
import os, shlex, sys
wanted = shlex.split(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
allowed = sys.argv[1]
if len(wanted) != 2 or wanted[0] not in ("git-upload-pack", "git-receive-pack"):
    sys.exit("This key is for Git alone.")
if wanted[1].lstrip("/") != allowed:
    sys.exit("ERROR: Repository not found.")  # as forges say, which do not tell what there is
folder = os.path.join(sys.argv[2], allowed)
os.execvp("git", ["git", wanted[0].removeprefix("git-"), folder])
"""


@dataclass
class Forge:
    """`fault` is an HTTP status that every HTTP request gets, 0 for none; `asked` counts requests.

    Requests wait while `open` is not set.
    """

    root: Path
    keys: Path
    host_key: Path
    port: int = 0
    fault: int = 0
    asked: int = 0
    open: threading.Event = field(default_factory=threading.Event)

    @property
    def known_hosts(self) -> str:
        """The line that makes ssh trust this server."""
        kind, key, *_ = Path(f"{self.host_key}.pub").read_text().split()
        return f"{ADDRESS} {kind} {key}\n"

    def ssh_url(self, repository: str) -> str:
        """What a person would copy from the forge."""
        return f"{USER}@{ADDRESS}:{repository}"

    def http_url(self, repository: str) -> str:
        """For Flux."""
        return f"http://127.0.0.1:{self.port}/{repository}"

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Every HTTP request waits until the block ends."""
        self.open.clear()
        try:
            yield
        finally:
            self.open.set()

    def create(self, repository: str) -> str:
        """Makes a repository with one commit; gives its deploy key."""
        bare = self.root / repository
        bare.parent.mkdir(parents=True, exist_ok=True)
        git(self.root, "init", "--quiet", "--bare", "--initial-branch", "main", str(bare))
        work = self.root / "scratch" / repository
        work.parent.mkdir(parents=True, exist_ok=True)
        git(self.root, "clone", "--quiet", str(bare), str(work))
        git(work, "checkout", "--quiet", "-B", "main")
        commit(work, "README.md", f"This is {repository}\n")
        git(work, "push", "--quiet", "origin", "main")
        return self.new_key(repository)

    def new_key(self, repository: str) -> str:
        """A new deploy key for a repository, in place of all it had; gives the private key."""
        name = repository.replace("/", "-")
        for old in self.keys.glob(f"{name}*"):
            old.unlink()
        key = make_key(self.keys / name)
        self._write_authorized()
        return key.read_text()

    def replace_key(self, repository: str, public: str) -> None:
        """Takes a public key that somebody has made as the one deploy key of a repository."""
        (self.keys / f"{repository.replace('/', '-')}.pub").write_text(public)
        self._write_authorized()

    def _write_authorized(self) -> None:
        lines = []
        for line in sorted(self.keys.glob("*.pub")):
            repository = next(
                str(bare.relative_to(self.root))
                for bare in self.root.glob("*/*.git")
                if str(bare.relative_to(self.root)).replace("/", "-") == line.stem
            )
            gate = f"{sys.executable} {self.keys / 'gate.py'} {repository} {self.root}"
            lines.append(f'restrict,command="{gate}" {line.read_text().strip()}\n')
        (self.keys / "authorized_keys").write_text("".join(lines))


def _serve(forge: Forge) -> type[GitHandler]:
    class Handler(GitHandler):
        def answer(self) -> None:
            body = self.read_body()
            forge.asked += 1
            forge.open.wait()
            if forge.fault:
                self.refuse(forge.fault)
            else:
                self.pass_on(forge.root, body)

    return Handler


def _sshd(forge: Forge, folder: Path, logs: Path) -> Process:
    settings = {
        "Port": 22,
        "ListenAddress": ADDRESS,
        "HostKey": forge.host_key,
        "AuthorizedKeysFile": forge.keys / "authorized_keys",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "UseDNS": "no",
        "AuthenticationMethods": "publickey",
        "PermitRootLogin": "prohibit-password",
        "AcceptEnv": "GIT_PROTOCOL",
        "LogLevel": "VERBOSE",
    }
    configuration = folder / "sshd_config"
    configuration.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    command = [program("sshd"), "-D", "-e", "-f", configuration]
    return Process("sshd", command, logs, listens(22, ADDRESS))


@contextmanager
def forge(folder: Path, logs: Path) -> Iterator[Forge]:
    """An empty forge in `folder` until the block ends."""
    for part in (folder, folder / "repositories", folder / "keys"):
        part.mkdir()
    made = Forge(folder / "repositories", folder / "keys", make_key(folder / "host_key"))
    (made.keys / "gate.py").write_text(GATE)
    (made.keys / "authorized_keys").write_text("")
    with (
        _sshd(made, folder, logs),
        QuietServer(("127.0.0.1", 0), _serve(made)) as server,
    ):
        made.port = server.server_address[1]
        made.open.set()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
