"""The uid a script runs as: never root, and with a passwd entry, because ssh wants one."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from .packages import program


@dataclass(frozen=True)
class Account:
    """uid and gid to run as; `switch` says whether the tests have to change to them."""

    uid: int
    gid: int
    switch: bool

    def own(self, path: Path) -> None:
        """Hands a file or directory over to the account."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    @property
    def prefix(self) -> tuple[str, ...]:
        """What goes before a command that is to run as the account.

        Not the options of subprocess.Popen: with them it copies the page tables of this process for each.
        """
        if not self.switch:
            return ()
        ids = (f"--reuid={self.uid}", f"--regid={self.gid}")
        return (program("setpriv"), *ids, "--clear-groups", "--")


def current_account() -> Account:
    """The user who runs the tests."""
    return Account(os.geteuid(), os.getegid(), switch=False)


def pod_account() -> Account:
    """`nobody` when the tests run as root, else the current user."""
    if os.geteuid() == 0:
        entry = pwd.getpwnam("nobody")
        return Account(entry.pw_uid, entry.pw_gid, switch=True)
    return current_account()
