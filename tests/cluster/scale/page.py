"""docs/scale.md from what was measured: every figure in it is worked out here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from .growth import Line, Result, curve, line
from .run import PHASES
from .settings import SETTINGS

TEMPLATE = Path(__file__).with_name("page.md.j2")
FIGURES = Path(__file__).with_name("figures.json")
PAGE = Path(__file__).parents[3] / "docs" / "scale.md"
# What the generator writes, and what it is compared with.
LAYOUTS = {"each": "one each", "shared": "one for all"}
# Helm, inside helm-controller, has no name of its own.
FLUX = ("source-controller", "kustomize-controller", "helm-controller", "Go-http-client")
SIZES = (1_000, 10_000)
HOUR, MINUTES = 3600, 60
# Rounds an hour at the intervals of the tree: 15m, and 1h for the volume template's ExternalSecret.
SOURCE_ROUNDS = 4
SECRET_ROUNDS = {"own": 4, "volume": 1}
# What Doppler's API reference grants a token, in requests a minute.
DOPPLER_LIMIT = 240
# A shard's kustomize-controller, on one core, works through a commit in so many seconds.
SHARD_SECONDS = 120


def amount(value: float) -> str:
    """A figure as a reader wants it: two or three digits that count, thousands apart."""
    if value == int(value) and abs(value) < 1000:
        return str(int(value))
    if abs(value) >= 100:
        digits = max(0, len(str(int(abs(value)))) - 3)
        return f"{round(value, -digits):,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2g}"


@dataclass(frozen=True)
class Row:
    """A line of a table. of: takes a result, gives the figure."""

    what: str
    of: Callable[[Result], float]


def seconds(phase: str) -> Callable[[Result], float]:
    """How long a phase took."""
    return lambda result: float(result["phases"][phase]["seconds"])


def requests(phase: str, *clients: str) -> Callable[[Result], float]:
    """Requests to the API server in a phase, by these clients or by Flux."""
    return lambda result: sum(
        result["phases"][phase]["requests"].get(client, 0) for client in clients or FLUX
    )


def cpu(phase: str, *programs: str) -> Callable[[Result], float]:
    """CPU-seconds of programs in a phase."""
    return lambda result: sum(result["phases"][phase]["cpu"][program] for program in programs)


def memory(program: str) -> Callable[[Result], float]:
    """Megabytes that a program held at most."""
    return lambda result: float(result["memory"][program])


def counted(phase: str, what: str) -> Callable[[Result], float]:
    """Another count of a phase: polls, pulls or secrets."""
    return lambda result: float(result["phases"][phase][what])


TIME_ROWS = (
    Row("push → half of the releases Ready, s", lambda result: result["ready"]["half"]),
    Row("push → all Ready, s", seconds("first")),
    Row("a newer chart everywhere, s", seconds("bump")),
    Row("a commit that changes no workspace, s", seconds("unrelated")),
    Row("one more workspace Ready, s", seconds("one more")),
)
MEMORY_ROWS = (
    Row("memory of source-controller at most, MB", memory("source-controller")),
    Row("memory of kustomize-controller at most, MB", memory("kustomize-controller")),
    Row("memory of helm-controller at most, MB", memory("helm-controller")),
)
LAYOUT_ROWS = (
    *TIME_ROWS,
    Row("API requests of Flux, first push", requests("first")),
    Row("… of these by source-controller", requests("first", "source-controller")),
    Row("API requests of Flux, newer chart", requests("bump")),
    Row("API requests of Flux, unrelated commit", requests("unrelated")),
    Row("API requests of Flux, a round of the chart's sources", requests("sources")),
    Row("CPU of source-controller, first push, s", cpu("first", "source-controller")),
    Row("CPU of kustomize-controller, first push, s", cpu("first", "kustomize-controller")),
    Row("CPU of helm-controller, first push, s", cpu("first", "helm-controller")),
    *MEMORY_ROWS,
    Row("chart downloads, first push", counted("first", "pulls")),
    Row("chart downloads, newer chart", counted("bump", "pulls")),
    Row("questions to the registry, a round of sources", counted("sources", "polls")),
    Row("etcd in use at the end, MB", lambda result: result["etcd"]),
)
SETTING_ROWS = (
    *TIME_ROWS,
    Row("CPU of kustomize-controller, first push, s", cpu("first", "kustomize-controller")),
    Row("CPU of helm-controller, first push, s", cpu("first", "helm-controller")),
    *MEMORY_ROWS,
)
COST_ROWS = (
    Row("API requests of Flux: come up", requests("first")),
    Row("API requests of Flux: a commit to anything", requests("unrelated")),
    Row("API requests of Flux: a newer chart", requests("bump")),
    Row("API requests of Flux: an hourly look at the release", requests("releases")),
    Row("CPU of helm-controller: come up, s", cpu("first", *FLUX[2:3])),
    Row("CPU of helm-controller: a newer chart, s", cpu("bump", *FLUX[2:3])),
    Row("etcd in use, MB", lambda result: result["etcd"]),
    Row("requests to the secret store: come up", counted("first", "secrets")),
)


def table(rows: Iterable[Row], results: Mapping[str, Result]) -> str:
    """A Markdown table, one column for each result, its keys as headings."""
    lines = [f"| | {' | '.join(results)} |", f"|---|{'---:|' * len(results)}"]
    lines += [
        f"| {row.what} | {' | '.join(_cell(row, result) for result in results.values())} |"
        for row in rows
    ]
    return "\n".join(lines)


def _cell(row: Row, result: Result) -> str:
    try:
        return amount(row.of(result))
    except KeyError:  # the run ended before that phase
        return "-"


def hourly(of_kustomizations: Line, of_releases: Line, of_sources: Line) -> Line:
    """What a cluster at rest does in an hour, at the intervals that the tree gives."""
    return Line(
        of_kustomizations.base + of_releases.base + SOURCE_ROUNDS * of_sources.base,
        of_kustomizations.each + of_releases.each + SOURCE_ROUNDS * of_sources.each,
    )


def costs(small: Result, large: Result) -> str:
    """A Markdown table of what each further workspace costs, and where a line leads."""
    sizes = [f"{size:,}" for size in SIZES]
    head = f"| | one more workspace | {' | '.join(sizes)} |"
    lines = [head, f"|---|{'---:|' * (1 + len(sizes))}"]
    for row in COST_ROWS:
        found = line(row.of, small, large)
        figures = [found.each, *(found.at(size) for size in SIZES)]
        lines.append(f"| {row.what} | {' | '.join(amount(figure) for figure in figures)} |")
    return "\n".join(lines)


def secrets(small: Result, large: Result) -> dict[str, Any]:
    """Requests to the secret store, and what a limit on them allows."""
    each = line(counted("first", "secrets"), small, large).each
    # Three keys in a workspace's own ExternalSecret, four in that of its volume.
    an_hour = 3 * SECRET_ROUNDS["own"] + 4 * SECRET_ROUNDS["volume"]
    return {
        "each": each,
        "hourly": an_hour,
        "limit": DOPPLER_LIMIT,
        "minute": [an_hour * size / MINUTES for size in SIZES],
        "workspaces": DOPPLER_LIMIT * MINUTES // an_hour,
    }


def _name(result: Result, **other: str) -> str:
    """Name of the run, or of the one that differs from it in layout or settings."""
    return "{workspaces}-{layout}-{settings}".format_map({**result, **other})


def facts(results: Mapping[str, Result]) -> dict[str, Any]:
    """What the template says, from the results by run; ValueError when too few runs were made."""
    compared = [
        (result["workspaces"], result["settings"])
        for result in results.values()
        if result["layout"] == "each" and _name(result, layout="shared") in results
    ]
    whole = [
        result
        for result in results.values()
        if (result["layout"], result["settings"]) == ("each", "stock")
        and result["phases"].keys() >= PHASES.keys()
    ]
    paired = [each for each in whole if _name(each, layout="shared") in results]
    if not paired or len(whole) < 3:
        raise ValueError("it needs both layouts of one size, and three sizes of one layout")
    small, middle, large = whole[0], *whole[-2:]
    tuned = results[_name(large, settings="tuned")]
    each, shared = paired[-1], results[_name(paired[-1], layout="shared")]

    def through(of: Callable[[Result], float]) -> Line:
        return line(of, small, large)

    commit = curve(cpu("unrelated", "kustomize-controller"), middle, large)
    rest = hourly(
        through(requests("unrelated")), through(requests("releases")), through(requests("sources"))
    )
    shard = int(round(commit.affordable(SHARD_SECONDS), -1))
    artifact = through(lambda result: float(result["artifact"]))
    return {
        "small": small,
        "middle": middle,
        "large": large,
        "most": max(result["workspaces"] for result in results.values()),
        "layouts": table(
            LAYOUT_ROWS,
            {
                f"{workspaces} {settings}, {what}": results[f"{workspaces}-{layout}-{settings}"]
                for workspaces, settings in compared
                for layout, what in LAYOUTS.items()
            },
        ),
        "each": each,
        "shared": shared,
        "saved": {
            phase: round(100 - 100 * requests(phase)(shared) / requests(phase)(each))
            for phase in ("first", "bump")
        },
        "settings": table(
            SETTING_ROWS,
            {
                f"{result['workspaces']}, {result['settings']}": result
                for result in results.values()
                if result["layout"] == "each" and result["workspaces"] > small["workspaces"]
            },
        ),
        "tuned": "\n".join(SETTINGS["tuned"]),
        "costs": costs(small, large),
        "shard": shard,
        "shard_seconds": SHARD_SECONDS,
        "shards": [math.ceil(size / shard) for size in SIZES],
        "traffic": [size * artifact.at(size) / 1e6 for size in SIZES],
        "rest": [rest.at(size) / HOUR for size in SIZES],
        "shard_requests": through(requests("unrelated")).at(shard),
        "commit": commit,
        "commit_cpu": {
            result["workspaces"]: cpu("unrelated", "kustomize-controller")(result)
            for result in (middle, large)
        },
        "uncut": [commit.at(size) for size in SIZES],
        "memory": [tuned["memory"][name] for name in FLUX[:3]],
        "polls": [SOURCE_ROUNDS * size for size in SIZES],
        "etcd": [through(lambda result: result["etcd"]).at(size) / 1e3 for size in SIZES],
        "movers": [size / MINUTES for size in SIZES],
        "secrets": secrets(small, large),
        "rates": [
            f"{amount(60 * found['secrets'] / found['seconds'])} times a minute"
            f" ({result['workspaces']} workspaces, {result['settings']})"
            for result in results.values()
            if result["layout"] == "each" and result["workspaces"] > small["workspaces"]
            for found in [result["phases"]["unrelated"]]
        ],
        "loads": [result["load"] for result in results.values()],
        "cores": large["cores"],
        "date": max(result["date"] for result in results.values()),
    }


def text(results: Mapping[str, Result]) -> str:
    """The page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE.parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["amount"] = amount
    return environment.get_template(TEMPLATE.name).render(facts(results))
