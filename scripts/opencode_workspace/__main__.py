"""The command `opencode-workspace`, also as `python -m opencode_workspace`."""

from __future__ import annotations

import sys
from typing import NoReturn

from opencode_workspace import interruption


def main() -> NoReturn:
    """Loads the command and runs it; Ctrl-C while it loads is told as Ctrl-C while it works."""
    try:
        from opencode_workspace import cli

        cli.main()
    except KeyboardInterrupt:
        print(f"error: {interruption.message()}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
