"""A volume that somebody has worked on: some of everything that must not be lost."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from .remotes import commit, git

LOGIN = '{"github-copilot":{"type":"oauth","refresh":"mine-0123456789","expires":0}}'


def make_used(clone: Path, home: Path) -> None:
    """Fills an empty directory with what a volume may hold that has a clone of project.git."""
    work_tree, data = home / "workspace", home / ".local/share/opencode"
    shutil.copytree(clone, work_tree)
    commit(work_tree, "mine.txt", "committed\n")
    git(work_tree, "tag", "mine")
    git(work_tree, "branch", "other")
    commit(work_tree, "mine.txt", "committed again\n")
    (work_tree / "mine.txt").write_text("put aside\n")
    git(work_tree, "stash", "--quiet")
    (work_tree / "file-000.txt").write_text("changed\n")
    (work_tree / "staged.txt").write_text("staged\n")
    git(work_tree, "add", "staged.txt")
    (work_tree / "staged.txt").write_text("changed since\n")
    (work_tree / "file-001.txt").unlink()
    (work_tree / "untracked.txt").write_text("untracked\n")
    (work_tree / ".git/info").mkdir(exist_ok=True)
    (work_tree / ".git/info/exclude").write_text("*.env\n")
    (work_tree / "ignored.env").write_text("ignored\n")
    (home / ".bash_history").write_text("make test\n")
    data.mkdir(parents=True)
    (data / "auth.json").write_text(LOGIN)
    _hold_session(data / "opencode.db")


def _hold_session(path: Path) -> None:
    """A database with a row that is in its write-ahead log alone, as OpenCode leaves it when it is killed."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA wal_autocheckpoint=0")
        database.execute("CREATE TABLE session (title TEXT)")
        database.execute("INSERT INTO session VALUES ('Kept')")
        database.commit()
        # Closing would fold the log into the database: what is there now is what a kill leaves.
        parts = {part: part.read_bytes() for part in path.parent.glob("opencode.db*")}
    for part, content in parts.items():
        part.write_bytes(content)
