"""`python -m tests.cluster [OPTION…]`: builds what a cluster needs, then tests inside a sandbox.

Options go to pytest. Exit codes are pytest's; 2 also when this machine cannot hold a cluster.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.cluster.rig import sandbox

REPOSITORY = Path(__file__).parents[2]
BUILDS = (
    "tools/packages.sh cluster/packages.txt",
    "tools/cluster/build.sh",
    "tools/backup/build.sh",
    "tools/build.sh apiserver-oldest",
    "tools/build.sh external-secrets",
    "tools/build.sh envoy-gateway",
    "tools/build.sh helm4",
    "tools/image.sh",
)


def main(arguments: list[str]) -> int:
    """Runs pytest over tests/cluster; `arguments` are its options."""
    if arguments[:1] == ["inside"]:
        sandbox.settle()
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        return sandbox.reap_until_done([sys.executable, *arguments[1:]])
    named = [argument for argument in arguments if argument.startswith("tests/")]
    results = f"--junitxml={REPOSITORY / 'build/junit/cluster.xml'}"
    tests = ["-m", "pytest", results, *arguments, *([] if named else ["tests/cluster"])]
    return in_sandbox("The cluster tests", BUILDS, tests)


def in_sandbox(what: str, builds: Iterable[str], arguments: list[str]) -> int:
    """Builds, then runs `python ARGUMENTS` in a sandbox; 2 with the reason when it cannot."""
    if os.geteuid() == 0:
        for build in builds:
            if subprocess.run(build.split(), cwd=REPOSITORY).returncode != 0:
                return 2
    lacks = sandbox.missing()
    if lacks:
        print(f"{what} were not run:", *lacks, sep="\n  ", file=sys.stderr)
        return 2
    return sandbox.enter(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
