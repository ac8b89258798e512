"""One pod: its volume, secrets and environment, and the scripts run in it as the kubelet would."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .account import Account, current_account
from .belongings import Belongings, look
from .packages import program
from .sshd import SshServer

FILES = Path(__file__).resolve().parents[3] / "charts" / "opencode-workspace" / "files"
SCRIPTS = ("bootstrap.sh", "serve.sh", "door.sh")
# Exit codes that the script's header, and with it docs/exit-codes.md, explains.
DOCUMENTED = {
    int(code) for code in re.findall(r"(?m)^#   (\d+) ", (FILES / "bootstrap.sh").read_text())
}
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Shell:
    """A shell the scripts have to work under; busybox also brings its own small tools."""

    name: str

    @property
    def command(self) -> list[str]:
        """Command that runs a script given as its argument."""
        return [program("dash")] if self.name == "dash" else [program("busybox"), "sh"]


DASH, BUSYBOX = Shell("dash"), Shell("busybox")

# The shell of the image the chart names, for tests of what Git does rather than of the script.
chart_shell = pytest.mark.parametrize("shell", [BUSYBOX], ids=[BUSYBOX.name])


@dataclass(frozen=True)
class Result:
    """code: exit code, negative for a signal; log: stdout and stderr in order."""

    code: int
    log: str

    def expect(self, code: int, *texts: str) -> None:
        """AssertionError unless the script ended with this code and said all of the texts."""
        assert self.code == code, f"exit code {self.code} instead of {code}; log:\n{self.log}"
        for text in texts:
            assert text in self.log, f"the log does not say {text!r}:\n{self.log}"


@dataclass
class Pod:
    """The pod's paths below `root` and what the chart puts into the init container.

    ends: exit codes of the scripts that ran. kept: kinds of what was on the volume before bootstrap.sh,
    and, as every end of it is looked at, after it.
    """

    root: Path
    account: Account
    shell: Shell
    environment: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=lambda: {PASSWORD})
    prefix: list[str] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    _before: dict[int, Belongings] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root.mkdir()
        self.root.chmod(0o755)
        for name in ("home", "run", "secrets", "scripts"):
            (self.root / name).mkdir(mode=0o755)
            self.account.own(self.root / name)
        for script in SCRIPTS:
            shutil.copy(FILES / script, self.script(script))
        self.git_configuration = self.root / "gitconfig"
        self.git_configuration.write_text(
            "[user]\n\tname = OpenCode\n\temail = opencode@localhost\n"
            f"[safe]\n\tdirectory = {self.directory}\n"
        )
        self.environment |= {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.home),
            "GIT_CONFIG_SYSTEM": str(self.git_configuration),
            "OPENCODE_SERVER_PASSWORD": PASSWORD,
            "WORKSPACE_REPOSITORY": "",
            "WORKSPACE_BRANCH": "",
            "WORKSPACE_DIRECTORY": str(self.directory),
            "WORKSPACE_UPDATE": "none",
            "WORKSPACE_CLONE_DEPTH": "0",
            "WORKSPACE_CLONE_FILTER": "",
            "WORKSPACE_CLONE_SUBMODULES": "false",
            "WORKSPACE_RUN_DIRECTORY": str(self.root / "run"),
            "GIT_DEPLOY_KEY_FILE": str(self.root / "secrets" / "id"),
            "GIT_TOKEN_FILE": str(self.root / "secrets" / "token"),
            "GIT_KNOWN_HOSTS_FILE": str(self.root / "scripts" / "known_hosts"),
            "AUTH_SEED": "if-changed",
            "AUTH_SEED_FILE": str(self.root / "secrets" / "auth.json"),
        }

    @property
    def home(self) -> Path:
        """The volume."""
        return self.root / "home"

    @property
    def directory(self) -> Path:
        """Where the repository goes."""
        return self.home / "workspace"

    @property
    def auth(self) -> Path:
        """OpenCode's logins."""
        return self.home / ".local" / "share" / "opencode" / "auth.json"

    def script(self, name: str) -> Path:
        """The pod's copy of a script."""
        return self.root / "scripts" / name

    def set_constant(self, script: str, name: str, value: int) -> None:
        """Changes a time limit at the top of a script, so that a test need not wait for it."""
        path = self.script(script)
        text, count = re.subn(rf"^{name}=\d+$", f"{name}={value}", path.read_text(), flags=re.M)
        assert count == 1, f"{script} has no constant {name}"
        path.write_text(text)

    def adopt_orphans(self) -> None:
        """From here on a script gets the orphans below it, as PID 1 does."""
        self.account = current_account()  # another uid may not be allowed to run this Python
        self.prefix = [sys.executable, str(Path(__file__).with_name("reaper.py"))]

    def put_secret(self, name: str, content: str | bytes) -> None:
        """Stores a key of the Secret: id, token or auth.json."""
        path = self.root / "secrets" / name
        data = content.encode() if isinstance(content, str) else content
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        path.chmod(0o440)
        self.account.own(path)
        lines = data.decode(errors="replace").splitlines()
        self.secrets |= {line.strip() for line in lines if len(line.strip()) > 20}
        self.secrets = {secret for secret in self.secrets if "-----" not in secret}

    def put_program(self, name: str, script: str) -> None:
        """Puts a shell script, given without its first line, before all other programs of that name.

        Busybox's shell takes its own for those that it brings itself.
        """
        path = self.root / "bin" / name
        if not path.parent.exists():
            path.parent.mkdir()
            self.environment["PATH"] = f"{path.parent}:{self.environment['PATH']}"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def put_known_hosts(self, content: str) -> None:
        """Replaces the host keys that are trusted."""
        (self.root / "scripts" / "known_hosts").write_text(content)

    def write(self, path: Path, content: str | bytes, mode: int = 0o644) -> None:
        """Writes a file on the volume as the pod's uid."""
        for directory in reversed([p for p in path.parents if self.home in p.parents]):
            if not directory.exists():
                directory.mkdir()
                self.account.own(directory)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        self.account.own(path)

    def make_directory(self, path: Path) -> None:
        """Makes a directory on the volume as the pod's uid."""
        path.mkdir()
        self.account.own(path)

    def copy(self, source: Path, target: Path) -> None:
        """Copies a directory onto the volume as the pod's uid."""
        subprocess.run([*self.account.prefix, "cp", "-R", str(source), str(target)], check=True)

    def start(self, script: str, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """Starts a script with exactly the pod's environment, in a session of its own."""
        before = look(self.home) if script == "bootstrap.sh" else None
        shell = (*self.account.prefix, *self.prefix, *self.shell.command)
        process = subprocess.Popen(
            [*shell, str(self.script(script)), *arguments],
            env={**self.environment, **settings},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        if before:
            self._before[process.pid] = before
        return process

    def finish(self, process: subprocess.Popen[str], seconds: float = 60) -> Result:
        """Waits for a script; AssertionError when its log holds a secret.

        Of bootstrap.sh also when something is lost, or when it fails without an explanation.
        """
        try:
            log, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill(process)
            log, _ = process.communicate()
            raise AssertionError(f"still running after {seconds} s; log:\n{log}") from None
        for secret in self.secrets:
            assert secret not in log, f"the log shows a secret:\n{log}"
        self.ends.append(process.returncode)
        if before := self._before.pop(process.pid, None):
            self._compare(before, log)
            self._judge_end(process.returncode, log)
        return Result(process.returncode, log)

    def _compare(self, before: Belongings, log: str) -> None:
        lost = before.lost(look(self.home))
        assert not lost, "\n".join([*lost, f"log:\n{log}"])
        self.kept.update(before.kinds)

    def _judge_end(self, code: int, log: str) -> None:
        if code > 0:
            last = log.splitlines()[-1] if log else ""
            explained = code in DOCUMENTED or "please report it" in last
            assert explained, f"exit code {code} is not documented; log:\n{log}"
            assert last.startswith("bootstrap: "), f"the last line does not explain it:\n{log}"

    def kill(self, process: subprocess.Popen[str]) -> None:
        """SIGKILL to a script and everything it started, as when a container is killed."""
        process.kill()
        # Once more for those that were started while the others were looked for.
        while self._kill_each():
            pass

    def _kill_each(self) -> int:
        mark = f"HOME={self.home}".encode()
        killed = 0
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    os.kill(int(entry.name), signal.SIGKILL)
                    killed += 1
        return killed

    def bootstrap(self, **settings: str) -> Result:
        """Runs bootstrap.sh to its end; `settings` are environment variables for this run."""
        return self.finish(self.start("bootstrap.sh", **settings))

    def leftovers(self) -> list[str]:
        """What a run should not have left: stages, probes, and files in the run directory."""
        found = [*self.home.rglob(".opencode-*"), *(self.root / "run").iterdir()]
        return sorted(str(path.relative_to(self.root)) for path in found)


def connect(pod: Pod, server: SshServer, repository: str = "project.git") -> Pod:
    """Gives a pod the key and host key of an sshd, and one of its repositories."""
    pod.put_secret("id", server.client_key.read_bytes())
    pod.put_known_hosts(server.known_hosts)
    pod.environment["WORKSPACE_REPOSITORY"] = server.url(repository)
    return pod
