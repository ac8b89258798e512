"""Is every phrase that bootstrap.sh listens for heard when it is all that git says?"""

from __future__ import annotations

import shlex
from pathlib import Path

import yaml

from workbench.pod import Pod

PHRASES: dict[int, list[str]] = yaml.safe_load(
    (Path(__file__).parent / "cases/git-phrases.yaml").read_text()
)
HARMLESS: list[str] = yaml.safe_load(
    (Path(__file__).parent / "cases/harmless-settings.yaml").read_text()
)


def called(pod: Pod, function: str, arguments: list[str], *before: str) -> list[str]:
    """What bootstrap.sh's `function` ends with for each of `arguments`, a code a line.

    before: commands that set what the function reads; `$1` is the argument.
    """
    path = pod.script("bootstrap.sh")
    text, main, rest = path.read_text().rpartition("\nmain\n")
    assert main, "the script does not end with a call of main"
    assert not rest
    lines = [
        "set -- " + shlex.join(arguments),
        "while [ $# -gt 0 ]; do",
        *before,
        f'({function} "$1" >/dev/null 2>&1 3>&1) && code=$? || code=$?',
        "echo $code; shift",
        "done",
    ]
    path.write_text("\n".join([text, *lines, ""]))
    result = pod.finish(pod.start("bootstrap.sh"))
    result.expect(0)
    return result.log.split()


def test_each_phrase_alone_gives_its_exit_code(pod: Pod) -> None:
    phrases = [(phrase, code) for code, found in PHRASES.items() for phrase in found]
    codes = called(
        pod,
        "explain_git",
        [phrase for phrase, _ in phrases],
        f"stage= home={pod.home} directory={pod.home} errors={pod.root}/run/errors",
        'printf "%s\\n" "$1" >"$errors"',
    )
    expected = [(phrase, str(code)) for phrase, code in phrases]
    assert [(p, c) for (p, _), c in zip(phrases, codes, strict=True)] == expected


def test_configuration_that_runs_nothing_does_not_stop_an_update(pod: Pod) -> None:
    """A fake git tells one name at a time; what only some versions of git know needs no such git."""
    pod.put_program("git", 'case "$*" in *--name-only*) cat "$HOME/name" ;; esac')
    names = [*HARMLESS, "core.sshcommand", "core.pager", "filter.a.smudge"]
    codes = called(
        pod,
        "allowed",
        names,
        f"directory={pod.home} errors={pod.root}/run/errors answer={pod.root}/run/answer",
        'echo "$1" >"$HOME/name"',
        "allowed() { leave() { exit 3; }; check_configuration; }",
    )
    refused = [name for name, code in zip(names, codes, strict=True) if code != "0"]
    assert refused == ["core.sshcommand", "core.pager", "filter.a.smudge"]
