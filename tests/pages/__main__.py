"""`python -m tests.pages [FOLDER]`: writes reliability.md and proof.md from the results in build/junit.

FOLDER is docs/ by default. Exit codes: 1 when a page has a row that did not pass, 2 when there are no
results to write a page from.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.pages import proof, reliability
from tests.pages.claims import ROOT, Claim
from tests.pages.results import Run, read

JUNIT = ROOT / "build/junit"


def main(arguments: Sequence[str]) -> int:
    """Writes the pages for which there are results; tells what did not pass."""
    folder = Path(arguments[0]) if arguments else ROOT / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    written = [_write_proof(folder), _write_reliability(folder)]
    unproven = [line for lines in written if lines for line in lines]
    print(*unproven, sep="\n", end="\n" if unproven else "")
    return 2 if None in written else 1 if unproven else 0


def _write_proof(folder: Path) -> list[str] | None:
    files = _results(proof.RESULTS)
    if not files:
        return None
    listed, run = proof.scenarios(), read(files)
    (folder / "proof.md").write_text(proof.text(listed, run))
    return [*proof.unproven(listed, run), *_others(listed, run)]


def _write_reliability(folder: Path) -> list[str] | None:
    files = _results(reliability.RESULTS)
    if not files:
        return None
    listed, tests, run = reliability.faults(), reliability.injections(), read(files)
    absent = [name for name in reliability.RESULTS if JUNIT / f"{name}.xml" not in files]
    (folder / "reliability.md").write_text(reliability.text(listed, tests, run, absent))
    told = [f"The {name} tests were not run" for name in absent]
    return [*reliability.unproven(listed, tests, run), *told, *_others(tests, run)]


def _others(claims: Sequence[Claim], run: Run) -> list[str]:
    failed = run.failed_besides(claim.test for claim in claims)
    return [f"Other tests: {failed} failed"] if failed else []


def _results(names: Sequence[str]) -> list[Path]:
    """Files of these runs; those that are not there are told."""
    files = [JUNIT / f"{name}.xml" for name in names]
    for file in files:
        if not file.exists():
            print(f"{file} is missing: run `make proof`", file=sys.stderr)
    return [file for file in files if file.exists()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
