"""`python -m tests.cluster [OPTION…]`: builds what a cluster needs, then tests inside a sandbox.

Options go to pytest. Without any, all tests are run, in two halves side by side, and leave their results
in build/junit. Exit codes are pytest's; 2 also when this machine cannot hold a cluster.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.cluster.rig import sandbox
from tests.cluster.rig.halves import side_by_side

REPOSITORY = Path(__file__).parents[2]
TESTS = Path("tests/cluster")
RESULTS = REPOSITORY / "build/junit"
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
# The other half is all other modules; both take about as long.
FIRST_HALF = ("test_first", "test_operations", "test_gateway", "test_faults", "test_sandbox")


def main(arguments: list[str]) -> int:
    """Runs pytest over tests/cluster; `arguments` are its options."""
    if arguments[:1] == ["inside"]:
        sandbox.settle()
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        return sandbox.reap_until_done([sys.executable, *arguments[1:]])
    if arguments[:1] == ["half"]:
        return sandbox.enter(["-m", "pytest", *arguments[1:]])
    if not arguments:
        # What is left of an earlier run must not pass for a half of this one.
        for number in range(len(halves())):
            (RESULTS / f"cluster-{number + 1}.xml").unlink(missing_ok=True)
        half = (sys.executable, "-m", "tests.cluster", "half")
        return built(BUILDS, lambda: side_by_side([(*half, *options) for options in halves()]))
    named = [argument for argument in arguments if argument.startswith(str(TESTS))]
    tests = ["-m", "pytest", *arguments, *([] if named else [str(TESTS)])]
    return built(BUILDS, lambda: sandbox.enter(tests))


def halves() -> list[list[str]]:
    """Options of pytest for each half of a whole run."""
    modules = sorted(file.stem for file in (REPOSITORY / TESTS).glob("test_*.py"))
    second = [module for module in modules if module not in FIRST_HALF]
    return [
        [
            f"--junitxml={RESULTS}/cluster-{number}.xml",
            *(f"{TESTS}/{module}.py" for module in half),
        ]
        for number, half in enumerate((FIRST_HALF, second), 1)
    ]


def built(builds: Iterable[str], run: Callable[[], int]) -> int:
    """Builds, then runs what needs a sandbox; 2 with the reason when this machine cannot hold one."""
    if os.geteuid() == 0:
        started = time.monotonic()
        for build in builds:
            if subprocess.run(build.split(), cwd=REPOSITORY).returncode != 0:
                return 2
        os.environ[sandbox.BUILD] = f"{time.monotonic() - started:.0f}"
    lacks = sandbox.missing()
    if lacks:
        print("What needs a cluster was not run:", *lacks, sep="\n  ", file=sys.stderr)
        return 2
    return run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
