"""Many workspaces: `python -m tests.cluster.scale`."""

import sys
from pathlib import Path

# The rig uses helpers of tests/scripts, whose place pytest knows from pyproject.toml.
sys.path.append(str(Path(__file__).parents[2] / "scripts"))
