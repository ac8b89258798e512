"""`python -m tests.cluster [OPTION…]`: builds what a cluster needs, then tests inside a sandbox.

Options go to pytest. Without any, all tests are run, in three parts side by side, and leave their
results in build/junit. Exit codes are pytest's; 2 also when this machine cannot hold a cluster.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.cluster.rig import sandbox
from tests.cluster.rig.sidebyside import side_by_side

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
# Parts of a whole run, each with a cluster of its own; all other modules are one more. They take about
# as long as each other.
PARTS = (
    ("test_first", "test_operations", "test_door", "test_isolation", "test_drift", "test_growth"),
    ("test_gateway", "test_faults", "test_restarts", "test_sandbox"),
)


def main(arguments: list[str]) -> int:
    """Runs pytest over tests/cluster; `arguments` are its options."""
    if arguments[:1] == ["inside"]:
        sandbox.settle()
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        return sandbox.reap_until_done([sys.executable, *arguments[1:]])
    if arguments[:1] == ["part"]:
        return sandbox.enter(["-m", "pytest", *arguments[1:]])
    if not arguments:
        # What is left of an earlier run must not pass for a part of this one.
        for name in parts():
            (RESULTS / f"{name}.xml").unlink(missing_ok=True)
        return built(BUILDS, lambda: side_by_side([_command(*part) for part in parts().items()]))
    named = [argument for argument in arguments if argument.startswith(str(TESTS))]
    tests = ["-m", "pytest", *arguments, *([] if named else [str(TESTS)])]
    return built(BUILDS, lambda: sandbox.enter(tests))


def parts() -> dict[str, list[str]]:
    """The name of each part of a whole run, and its modules."""
    modules = sorted(file.stem for file in (REPOSITORY / TESTS).glob("test_*.py"))
    rest = [module for module in modules if not any(module in part for part in PARTS)]
    return {f"cluster-{number}": [*part] for number, part in enumerate((*PARTS, rest), 1)}


def _command(name: str, modules: Iterable[str]) -> list[str]:
    files = [f"{TESTS}/{module}.py" for module in modules]
    results = f"--junitxml={RESULTS}/{name}.xml"
    return [sys.executable, "-m", "tests.cluster", "part", results, *files]


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
