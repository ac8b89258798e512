"""Does images/workspace/build.sh give docker and buildah what the Dockerfile needs?

The tools are stand-ins that write down what they were asked; no image is built here.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

NPM = """
[ "$1 $2 $3" = "pack --loglevel=error --pack-destination" ] || exit 9
name=${5%@*} version=${5#*@}
case $name in *"$NPM_LACKS"*) echo "npm error 404 $5" >&2; exit 1 ;; esac
: > "$4/$name-$version.tgz"
echo "$name-$version.tgz"
"""
# The context is the last argument of a build, and is gone afterwards.
TOOL = """
case "$*" in 'buildx version') exit "${BUILDX_MISSING:-0}" ;; esac
echo "${0##*/} $*" >> "$ASKED"
case $2,$1 in build,buildx | *,build) ;; *) exit ;; esac
for context; do :; done
(cd "$context" && find . -type f | sort) > "$SEEN"
[ -z "${BUILD_FAILS-}" ] || exit "$BUILD_FAILS"
"""


@dataclass(frozen=True)
class Run:
    """code: exit code; log: stderr; asked: the commands docker and buildah got; seen: the context's files."""

    code: int
    log: str
    asked: list[str]
    seen: set[str]


@dataclass(frozen=True)
class Bench:
    """A machine with npm, docker and buildah, as far as build.sh can see."""

    script: Path
    root: Path

    def build(self, *options: str, **environment: str) -> Run:
        """build.sh with these options; `environment` is what the stand-ins look at."""
        asked, seen = self.root / "asked", self.root / "seen"
        for file in (asked, seen):
            file.write_text("")
        run = subprocess.run(
            [self.script, *options],
            env={
                "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}",
                "TMPDIR": str(self.root / "tmp"),
                "NPM_LACKS": "nothing",
                "ASKED": str(asked),
                "SEEN": str(seen),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return Run(
            run.returncode,
            run.stderr,
            asked.read_text().splitlines(),
            set(seen.read_text().splitlines()),
        )

    @property
    def leftovers(self) -> list[Path]:
        """What the builds left in the folder for temporary files."""
        return list((self.root / "tmp").iterdir())


@pytest.fixture
def bench(repository: Path, tmp_path: Path) -> Bench:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "bin").mkdir()
    for name, text in {"npm": NPM, "docker": TOOL, "buildah": TOOL}.items():
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{text}")
        program.chmod(0o755)
    return Bench(repository / "images/workspace/build.sh", tmp_path)


def test_context_holds_opencode_for_each_architecture(bench: Bench) -> None:
    run = bench.build("--tag", "x:1", "--arch", "amd64,arm64")
    packages = {Path(file).parent.name for file in run.seen if file.endswith(".tgz")}
    assert packages == {"amd64", "arm64"}, run.log
    assert {"./opencode.sha256", "./sbom.sh"} < run.seen


def test_docker_gets_every_platform_in_one_build(bench: Bench) -> None:
    run = bench.build(
        "--tool", "docker", "--tag", "x:1", "--arch", "amd64,arm64", "--base", "b:1", "--push"
    )
    assert run.code == 0, run.log
    (command,) = run.asked
    assert command.startswith("docker buildx build --tag x:1 --push ")
    assert " --platform linux/amd64,linux/arm64 " in command
    assert " --build-arg BASE_IMAGE=b:1 " in command


def test_options_after_the_dashes_reach_the_tool_as_they_are(bench: Bench) -> None:
    run = bench.build("--tag", "x:1", "--arch", "amd64", "--", "--network", "host")
    assert " --network host /" in run.asked[0]


def test_default_base_image_is_the_dockerfiles(bench: Bench) -> None:
    assert "BASE_IMAGE" not in bench.build("--tag", "x:1").asked[0]


def test_buildah_is_taken_where_docker_has_no_buildx(bench: Bench) -> None:
    run = bench.build("--tag", "x:1", "--arch", "amd64", BUILDX_MISSING="1")
    assert run.asked[0].startswith("buildah build --tag x:1 "), run.log


def test_buildah_pushes_all_architectures_under_one_name(bench: Bench) -> None:
    run = bench.build("--tool", "buildah", "--tag", "x:1", "--arch", "amd64,arm64", "--push")
    assert "buildah build --manifest x:1 " in run.asked[1]
    assert run.asked[2:] == ["buildah manifest push --all x:1 docker://x:1"]


@pytest.mark.parametrize(
    ("tool", "asked"),
    [
        ("docker", "docker save --output /o.tar x:1"),
        ("buildah", "buildah push x:1 docker-archive:/o.tar:x:1"),
    ],
)
def test_archive_is_one_that_docker_and_containerd_load(
    bench: Bench, tool: str, asked: str
) -> None:
    run = bench.build("--tool", tool, "--tag", "x:1", "--arch", "amd64", "--archive", "/o.tar")
    assert run.asked[-1].startswith(asked), run.log


@pytest.mark.parametrize("environment", [{}, {"BUILD_FAILS": "7"}, {"NPM_LACKS": "opencode"}])
def test_no_context_stays_behind(bench: Bench, environment: dict[str, str]) -> None:
    bench.build("--tag", "x:1", **environment)
    assert bench.leftovers == []


def test_exit_code_of_a_failed_build_is_the_tools(bench: Bench) -> None:
    assert bench.build("--tag", "x:1", BUILD_FAILS="7").code == 7


def test_a_failed_build_is_not_pushed(bench: Bench) -> None:
    run = bench.build("--tool", "buildah", "--tag", "x:1", "--push", BUILD_FAILS="7")
    assert not any(" push " in command for command in run.asked)


def test_a_version_the_registry_lacks_is_named(bench: Bench) -> None:
    run = bench.build("--tag", "x:1", "--arch", "arm64", NPM_LACKS="arm64")
    assert (run.code, run.asked) == (2, [])
    assert "npm cannot fetch opencode-linux-arm64@" in run.log


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "--tag is missing"),
        (["--tag"], "--tag needs a value"),
        (["--tag", "x:1", "--pus"], "unknown option '--pus'"),
        (["--tag", "x:1", "--tool", "kaniko"], "--tool 'kaniko' is neither docker nor buildah"),
        (["--tag", "x:1", "--arch", "riscv64"], "for architecture 'riscv64'"),
        (["--tag", "x:1", "--arch", "amd64 arm64"], "is not a list such as amd64,arm64"),
        (["--tag", "x:1", "--arch", "amd64,arm64", "--archive", "o"], "--archive holds one"),
    ],
)
def test_a_mistake_is_named_before_anything_is_built(
    bench: Bench, options: list[str], message: str
) -> None:
    run = bench.build(*options)
    assert run.code == 2
    assert message in run.log
    assert run.asked == []
