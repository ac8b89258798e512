"""What on a volume is the user's: it was there before a start, so it has to be there after it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .remotes import git

# What bootstrap.sh makes for itself and may take away, as paths from the volume.
_OURS = re.compile(
    r"(.*/)?\.opencode-(clone\.[^/]{6}/.*|probe\.[^/]*)"
    r"|\.local/state/opencode-workspace/.*"
    r"|\.local/share/opencode/\.auth\.json\.[^/]{6}"
    r"|\.local/share/opencode/log/opencode\.log"
)
# What git writes anew when it fetches or fast-forwards, and can make again from the rest.
_GITS = re.compile(r".*/\.git/(modules/.*/)?(FETCH_HEAD|ORIG_HEAD|shallow|refs/remotes/.*)")
_LOGIN = re.compile(r"\.local/share/opencode/auth\.json(\.[^.].*)?")
_INDEX = re.compile(r"(?P<work_tree>.*)/\.git/index")
_HEADS = re.compile(r"(?P<work_tree>.*)/\.git/refs/heads/.*")

# What a person would miss, in words, and which files tell of it.
KINDS = {
    "commits": _HEADS,
    "files": re.compile(r"(?!\.)(?!.*/\.(git/|opencode-)).*"),
    "sessions": re.compile(r"\.local/share/opencode/(?!auth\.json).*"),
    "login": _LOGIN,
}


@dataclass(frozen=True)
class Belongings:
    """Every file of a volume by its path from there: its bytes, or where it leads if it is a link."""

    home: Path
    files: dict[str, bytes]

    @property
    def kinds(self) -> set[str]:
        """What there is of the user's: some of KINDS."""
        return {kind for kind, pattern in KINDS.items() if any(map(pattern.fullmatch, self.files))}

    def lost(self, after: Belongings) -> list[str]:
        """What is not there any more, a sentence each. `after`: the volume later."""
        return [
            f"{path} was {'changed' if path in after.files else 'removed'}"
            for path, content in self.files.items()
            if after.files.get(path) != content and not self._may_change(path, content, after)
        ]

    def _may_change(self, path: str, content: bytes, after: Belongings) -> bool:
        if _OURS.fullmatch(path) or _GITS.fullmatch(path):
            return True
        now = after.files.get(path, b"")
        if "/.git/logs/" in path:
            return now.startswith(content)
        if _LOGIN.fullmatch(path):
            return not content or content in after._logins()
        if heads := _HEADS.fullmatch(path):
            return _is_ancestor(self.home / heads["work_tree"], content, now)
        if index := _INDEX.fullmatch(path):
            return _is_staged_still(self.home / index["work_tree"], content)
        if "/.git/" in path:
            return not self._has_commit(path.partition("/.git/")[0])
        return _is_committed(self.home / path, content)

    def _logins(self) -> list[bytes]:
        return [content for path, content in self.files.items() if _LOGIN.fullmatch(path)]

    def _has_commit(self, work_tree: str) -> bool:
        made = (f"{work_tree}/.git/{name}" for name in ("refs/heads/", "packed-refs", "logs/"))
        return any(path.startswith(tuple(made)) for path in self.files)


def look(home: Path) -> Belongings:
    """What is on the volume now; files that the tests may not read or that vanish are left out."""
    return Belongings(home, dict(_contents(home)))


def _contents(home: Path) -> Iterator[tuple[str, bytes]]:
    for folder, folders, names in os.walk(home):
        for name in (*folders, *names):
            path = Path(folder, name)
            with contextlib.suppress(OSError):
                if path.is_symlink():
                    yield str(path.relative_to(home)), str(path.readlink()).encode()
                elif path.is_file():
                    yield str(path.relative_to(home)), path.read_bytes()


def _is_ancestor(work_tree: Path, old: bytes, new: bytes) -> bool:
    command = ("merge-base", "--is-ancestor", old.decode().strip(), new.decode().strip())
    return _succeeds(work_tree, *command)


def _is_committed(path: Path, content: bytes) -> bool:
    """Whether a commit has this content of a file of its work tree: a newer one may replace it."""
    directory = next(parent for parent in path.parents if parent.is_dir())
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() in _committed(directory)


def _is_staged_still(work_tree: Path, index: bytes) -> bool:
    """Whether what was staged is staged or committed now."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(index)
        file.flush()
        before = git(work_tree, "ls-files", "--stage", environment={"GIT_INDEX_FILE": file.name})
    now = set(git(work_tree, "ls-files", "--stage").splitlines())
    gone = {line.split()[1] for line in before.splitlines() if line not in now}
    return gone <= _committed(work_tree)


def _committed(directory: Path) -> set[str]:
    """Ids of everything that a branch or tag leads to; nothing outside of a repository."""
    try:
        found = git(directory, "rev-list", "--objects", "--all", "--missing=allow-any")
    except subprocess.CalledProcessError:
        return set()
    return {line.split()[0] for line in found.splitlines()}


def _succeeds(directory: Path, *arguments: str) -> bool:
    try:
        git(directory, *arguments)
    except subprocess.CalledProcessError:
        return False
    return True
