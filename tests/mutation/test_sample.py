"""A few mutants, one of every file, and the harness that judges them: does it tell them apart?

Which ones follows from SEED: the same in every run. `make mutation` tries all.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutation import equivalents, targets, trial
from tests.mutation.choice import Choice
from tests.mutation.mutant import Change, Mutant, mutants
from tests.mutation.targets import Group
from tests.mutation.workers import Pool, pool

SEED = 20261123
SIZE = {"chart": 2, "values": 1, "flux": 3, "scripts": 1, "python": 2}
# The quick ones among the tests of each group, by how their names begin.
GOLDEN = "tests/golden/test_goldens.py::test_the_release_is_the_one_that_was_kept"
TESTS = {
    "chart": (GOLDEN, "tests/chart"),
    "values": (GOLDEN, "tests/chart"),
    "flux": ("tests/flux/test_volsync.py",),
    "scripts": ("tests/scripts/test_serve_start.py", "tests/scripts/test_serve.py"),
    "python": ("tests/package/test_kept_trees.py",),
}
FILES = {
    "python": ("scripts/opencode_workspace/tree.py",),
    "scripts": ("charts/opencode-workspace/files/serve.sh",),
}
COMMENTS = {
    "chart": ("charts/opencode-workspace/templates/service.yaml", "{{/* a comment */}}\n"),
    "flux": ("flux/templates/volsync/claim.yaml", "# a comment\n"),
    "scripts": ("charts/opencode-workspace/files/serve.sh", "# a comment\n"),
    "python": ("scripts/opencode_workspace/plain.py", "# a comment\n"),
}

Trials = list[tuple[Group, Mutant]]


def groups() -> dict[str, Group]:
    return {
        group.name: dataclasses.replace(
            group,
            tests=TESTS[group.name],
            files=FILES.get(group.name, group.files),
            # What reaches a mutant would have to be found out first.
            trace="",
        )
        for group in targets.GROUPS
        if group.name in SIZE
    }


@pytest.fixture(scope="module")
def workers(repository: Path) -> Iterator[Pool]:
    tests = dict.fromkeys(test.partition("::")[0] for names in TESTS.values() for test in names)
    with pool(repository, list(tests), 1) as made:
        yield made


def verdicts(workers: Pool, trials: Trials) -> dict[str, str]:
    choice = Choice(workers.names, workers.words)
    return {
        str(result.mutant): f"{result.verdict} {result.test}"
        for result in trial.judge(workers, trials, choice, equivalents.load())
    }


def sample(root: Path) -> Trials:
    listed = equivalents.load()
    chance = random.Random(SEED)
    found: Trials = []
    for name, group in groups().items():
        candidates = [mutant for mutant in group.mutants(root) if mutant.key not in listed]
        found += [(group, mutant) for mutant in chance.sample(candidates, SIZE[name])]
    return found


def test_the_tests_notice_every_mutant_of_a_sample(workers: Pool) -> None:
    found = verdicts(workers, sample(workers.root))
    survivors = [mutant for mutant, verdict in found.items() if not verdict.startswith("killed")]
    assert not survivors, "make mutation tells what to do about\n" + "\n".join(survivors)


@pytest.mark.slow
@pytest.mark.parametrize("group", targets.GROUPS, ids=lambda group: group.name)
def test_the_tests_notice_a_mutant_of_every_file(group: Group, repository: Path) -> None:
    # To find out first which tests reach what would take longer than to try them.
    untraced = dataclasses.replace(group, trace="")
    with pool(repository, list(group.tests), 1) as workers:
        found = verdicts(
            workers, [(untraced, mutant) for mutant in of_each_file(untraced, workers)]
        )
    survivors = [mutant for mutant, verdict in found.items() if not verdict.startswith("killed")]
    assert not survivors, "make mutation tells what to do about\n" + "\n".join(survivors)


def of_each_file(group: Group, workers: Pool) -> list[Mutant]:
    """A mutant of each of the group's files, in a seeded choice."""
    listed = equivalents.load()
    files: dict[str, list[Mutant]] = {}
    for mutant in group.mutants(workers.root):
        if mutant.key not in listed:
            files.setdefault(mutant.file, []).append(mutant)
    chance = random.Random(SEED)
    return [chance.choice(found) for found in files.values()]


@pytest.mark.slow
def test_a_comment_more_is_noticed_by_no_test(workers: Pool) -> None:
    trials: Trials = []
    for name, (file, comment) in COMMENTS.items():
        text = (workers.root / file).read_text()
        (mutant,) = mutants(file, text, [Change("add a comment", len(text), len(text), comment)])
        group = dataclasses.replace(groups()[name], tests=TESTS[name][:1])
        trials.append((group, mutant))
    found = verdicts(workers, trials)
    assert set(found.values()) == {"survived "}, found


@pytest.mark.slow
def test_a_mutant_of_the_chart_takes_no_server_from_the_scripts(repository: Path) -> None:
    files = {"chart": GOLDEN, "scripts": "tests/scripts/test_bootstrap_restart.py"}
    with pool(repository, [test.partition("::")[0] for test in files.values()], 1) as workers:
        for name, test in files.items():
            file, comment = COMMENTS[name]
            text = (workers.root / file).read_text()
            (mutant,) = mutants(
                file, text, [Change("add a comment", len(text), len(text), comment)]
            )
            group = dataclasses.replace(groups()[name], tests=(test,))
            assert verdicts(workers, [(group, mutant)]) == {str(mutant): "survived "}


def test_a_mutant_leaves_nothing_behind(workers: Pool) -> None:
    group = groups()["flux"]
    file = "flux/templates/volsync/claim.yaml"
    before = (workers.root / file).read_bytes()
    text = before.decode()
    broken = list(mutants(file, text, [Change("break", 0, len(text), "]")]))
    verdicts(workers, [(group, mutant) for mutant in broken])
    assert (workers.root / file).read_bytes() == before


def test_a_process_that_tried_a_broken_chart_takes_the_next_one_for_what_it_is(
    workers: Pool,
) -> None:
    group = dataclasses.replace(groups()["chart"], tests=(GOLDEN,))
    assert group.lasting, "every mutant has a process of its own"
    changes = {
        COMMENTS["chart"][0]: ("{{ break }}\n", "killed"),
        f"{targets.CHART}/values.yaml": ("{{ break }}\n", "killed"),
        f"{targets.CHART}/templates/deployment.yaml": ("{{/* a comment */}}\n", "survived"),
    }
    trials: Trials = []
    for file, (more, _) in changes.items():
        text = (workers.root / file).read_text()
        made = mutants(file, text, [Change("add", len(text), len(text), more)])
        trials += [(group, mutant) for mutant in made]
    found = [verdict.partition(" ")[0] for verdict in verdicts(workers, trials).values()]
    assert found == [verdict for _, verdict in changes.values()]
