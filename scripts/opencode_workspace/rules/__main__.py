"""`python -m opencode_workspace.rules [FILE]` writes the page about the rules."""

from __future__ import annotations

import sys
from pathlib import Path

from opencode_workspace.rules.documentation import page

if __name__ == "__main__":
    Path(*(sys.argv[1:] or ["docs/rules.md"])).write_text(page(), "utf-8")
