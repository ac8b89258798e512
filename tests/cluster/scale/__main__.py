"""`python -m tests.cluster.scale [--until PHASE] [RUN…]`: measures many workspaces and writes docs/scale.md.

A run is named like 50-each-stock (see `run.Plan`); without names all of RUNS are made. A result replaces
that of the same run in FIGURES, from which the page is written. Phases are those of `run.PHASES`; where one
was not made, the page has a dash. `python -m tests.cluster.scale page` writes the page alone.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from tests.cluster.__main__ import built
from tests.cluster.rig import sandbox

from . import page
from .run import Plan, measure

BUILDS = (
    "tools/packages.sh cluster/packages.txt",
    "tools/cluster/build.sh",
    "tools/build.sh external-secrets",
    "tools/build.sh helm4",
    "tools/kwok/build.sh",
)
RUNS = (
    Plan(5, "each", "stock"),
    Plan(50, "each", "stock"),
    Plan(50, "shared", "stock"),
    Plan(50, "each", "tuned"),
    Plan(200, "each", "stock"),
    Plan(200, "shared", "stock"),
    Plan(200, "each", "tuned"),
    Plan(200, "shared", "tuned"),
)


def main(arguments: list[str]) -> int:
    """Runs what is named; 2 when this machine cannot hold a cluster."""
    until = ""
    if arguments[:1] == ["inside"]:
        until, *runs = arguments[1:]
        for name in runs:
            _run(_plan(name), until)
        return 0
    if arguments != ["page"]:
        if arguments[:1] == ["--until"]:
            _, until, *arguments = arguments
        wanted = [_plan(name).name for name in arguments] or [plan.name for plan in RUNS]
        command = ["-m", "tests.cluster.scale", "inside", until, *wanted]
        if code := built(BUILDS, lambda: sandbox.enter(command)):
            return code
    try:
        page.PAGE.write_text(page.text(json.loads(page.FIGURES.read_text())))
    except ValueError as error:
        print(f"{page.PAGE} was not written: {error}.", file=sys.stderr)
        return 1
    return 0


def _plan(name: str) -> Plan:
    workspaces, layout, settings = name.split("-")
    return Plan(int(workspaces), layout, settings)


def _run(plan: Plan, until: str) -> None:
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"{plan.name} {time.monotonic() - started:6.0f} s  {what}", flush=True)

    say("a cluster")
    logs = sandbox.run_folder() / "logs" / plan.name
    found = measure(plan, sandbox.STATE / plan.name, logs, say, until)
    say("done")
    known = json.loads(page.FIGURES.read_text())
    known[plan.name] = found | {"date": time.strftime("%Y-%m-%d")}
    page.FIGURES.write_text(_compact(known))


def _compact(results: Mapping[str, Any]) -> str:
    """JSON in the order of size and name, figures to the hundredth."""
    names = sorted(results, key=lambda name: (results[name]["workspaces"], name))
    ordered = {name: results[name] for name in names}
    return json.dumps(_rounded(ordered), indent=1) + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return round(value, 2) if isinstance(value, float) else value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
