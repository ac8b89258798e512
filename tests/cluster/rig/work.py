"""What a user would miss: sessions, commits, work that is not committed, and the login."""

from __future__ import annotations

import json
from dataclasses import dataclass

from .workspace import DIRECTORY, Workspace

LOGIN = "/home/user/.local/share/opencode/auth.json"
DRAFT = f"{DIRECTORY}/draft.txt"


@dataclass(frozen=True)
class Work:
    """Ids of a session and of a commit, the text of a file that is in no commit, and the login."""

    session: str
    commit: str
    draft: str
    login: str


def work_in(workspace: Workspace, password: str, title: str) -> Work:
    """Does some work in a workspace; `title` is in all of it."""
    session = workspace.post("/session", password, {"title": title})
    git = ("git", "-C", DIRECTORY)
    workspace.run(*git, "commit", "--quiet", "--allow-empty", "--message", title)
    workspace.run("sh", "-c", f"echo '{title}' > {DRAFT}")
    commit = workspace.run(*git, "rev-parse", "HEAD").strip()
    return Work(str(session["id"]), commit, f"{title}\n", workspace.run("cat", LOGIN))


def found_in(workspace: Workspace, password: str, work: Work) -> Work:
    """As much of the work as is there; "" for what is not the same."""
    status, answer = workspace.get(f"/session?directory={DIRECTORY}", password)
    sessions = [each["id"] for each in json.loads(answer)] if status == 200 else []
    return Work(
        work.session if work.session in sessions else "",
        workspace.run("git", "-C", DIRECTORY, "rev-parse", "HEAD").strip(),
        workspace.run("cat", DRAFT),
        workspace.run("cat", LOGIN),
    )
