"""`python -m opencode_workspace` is the command `opencode-workspace`."""

from opencode_workspace.cli import main

main()
