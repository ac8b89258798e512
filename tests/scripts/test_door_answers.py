"""door.sh with a client that gives the answers of a table: what no server at hand would answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.packages import path_without
from workbench.pod import DASH, Pod

URL = "https://workspace.example.com"


def knocked(pod: Pod, *answers: str, url: str = URL) -> tuple[int, str, list[str]]:
    """Exit code, log, and what was asked for, when a client gives `answers`, the last one for ever."""
    asked = pod.home / "asked"
    lines = "\n".join(f"{number}) printf {code} ;;" for number, code in enumerate(answers, 1))
    pod.put_program(
        "curl",
        f'for last; do :; done\necho "$last" >>{asked}\n'
        f"case $(wc -l <{asked}) in\n{lines}\n*) printf {answers[-1]} ;;\nesac",
    )
    pod.set_constant("door.sh", "pause_seconds", 0)
    result = pod.finish(pod.start("door.sh", DOOR_URL=url))
    return result.code, result.log, asked.read_text().split() if asked.exists() else []


pytestmark = pytest.mark.parametrize("shell", [DASH], ids=["dash"])


@pytest.mark.parametrize("url", [URL, f"{URL}/", "http://workspace"])
def test_door_that_answers_and_is_locked_is_asked_twice(pod: Pod, url: str) -> None:
    code, log, asked = knocked(pod, "200", "401", url=url)
    base = url.rstrip("/")
    assert (code, asked) == (0, [f"{base}/site.webmanifest", f"{base}/"])
    assert log == f"door: {base} answers\ndoor: {base} is locked\n"


def test_door_is_asked_ten_times(pod: Pod) -> None:
    code, log, asked = knocked(pod, "000")
    assert (code, len(asked)) == (1, 10)
    assert "does not answer" in log


def test_door_that_answers_late_is_waited_for(pod: Pod) -> None:
    assert knocked(pod, *["000"] * 9, "200", "401")[0] == 0


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (("200", "000"), "stopped answering"),
        (("200", "200"), "is open: / gave 200"),
        (("200", "404"), "/ gave 404 instead of 401"),
        (("404",), "site.webmanifest gave 404 instead of 200"),
    ],
)
def test_other_answers_fail_with_what_they_mean(
    answers: tuple[str, ...], says: str, pod: Pod
) -> None:
    code, log, _ = knocked(pod, *answers)
    assert code == 1
    assert says in log


@pytest.mark.parametrize("url", ["", "ftp://a", "https://", "workspace", "http://a@b"])
def test_what_is_no_address_of_a_door_is_not_asked(pod: Pod, url: str) -> None:
    code, _, asked = knocked(pod, "200", url=url)
    assert (code, asked) == (2, [])


@pytest.mark.parametrize(
    ("client", "knows", "given"),
    [
        ("curl", "", "--max-time 10"),
        ("wget", "  -T SEC  seconds", "-T 10 -S -t 1 -O /dev/null"),
        ("wget", "  -S  headers", "-S -t 1 -O /dev/null"),
    ],
)
def test_client_is_given_ten_seconds_when_it_can_count_them(
    pod: Pod, bench: Path, client: str, knows: str, given: str
) -> None:
    pod.environment["PATH"] = path_without(bench, "curl")
    seen = pod.home / "seen"
    answer = "printf 200; echo HTTP/1.1 200 >&2"
    pod.put_program(
        client, f'[ "$1" != --help ] || exec echo "{knows}"; echo "$*" >>{seen}; {answer}'
    )
    pod.finish(pod.start("door.sh", DOOR_URL=URL)).expect(1, "is open")
    arguments = seen.read_text().splitlines()[0]
    assert given in arguments if client == "curl" else arguments.startswith(given)


def test_three_seconds_pass_between_two_knocks(pod: Pod) -> None:
    seen = pod.home / "seen"
    pod.put_program("sleep", f'echo "$1" >>{seen}')
    pod.put_program("curl", "printf 000")
    pod.finish(pod.start("door.sh", DOOR_URL=URL)).expect(1, "does not answer")
    assert seen.read_text().split() == ["3"] * 9


def test_proxies_are_not_asked(pod: Pod) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        pod.environment |= {name: "http://proxy", name.upper(): "http://proxy"}
    seen = pod.home / "seen"
    pod.put_program("curl", f"env >{seen}; printf 200")
    pod.finish(pod.start("door.sh", DOOR_URL=URL))
    assert "proxy" not in seen.read_text()
