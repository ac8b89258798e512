"""Programs the tests need from the operating system, and the Debian package of each."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

PACKAGES = {
    "busybox": "busybox-static",
    "bwrap": "bubblewrap",
    "chromium": "chromium",
    "curl": "curl",
    "dash": "dash",
    "git": "git",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "setpriv": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
    "unshare": "util-linux",
    "wget": "wget",
}
SEARCH_PATH = os.pathsep.join(("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"))


def program(name: str) -> str:
    """Absolute path of a program; RuntimeError naming the Debian package when it is missing."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + os.pathsep + SEARCH_PATH)
    if found is None:
        raise RuntimeError(
            f"{name} is not installed; run: apt-get install --no-install-recommends "
            f"{PACKAGES.get(name, name)}"
        )
    return found


def path_without(directory: Path, *missing: str) -> str:
    """A PATH with every program of /usr/bin and /bin but these, as links; made once in `directory`."""
    directory /= "-".join(("path-without", *sorted(missing)))
    if directory.exists():
        return str(directory)
    directory.mkdir()
    for source in (*Path("/usr/bin").iterdir(), *Path("/bin").iterdir()):
        link = directory / source.name
        if source.name not in missing and not link.is_symlink():
            link.symlink_to(source)
    return str(directory)
