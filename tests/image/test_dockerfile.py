"""The Dockerfile: one text for every architecture, and no OpenCode but the one whose checksum is known."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

ARCHIVE = "amd64/opencode-linux-x64-1.0.0.tgz"


@pytest.fixture
def dockerfile(repository: Path) -> str:
    """The Dockerfile's instructions, without its comments."""
    text = (repository / "images/workspace/Dockerfile").read_text()
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A build context with an OpenCode of its own making, and its checksum."""
    (tmp_path / "amd64").mkdir()
    with tarfile.open(tmp_path / ARCHIVE, "w:gz") as archive:
        member = tarfile.TarInfo("package/bin/opencode")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"code"))
    checksum = hashlib.sha256((tmp_path / ARCHIVE).read_bytes()).hexdigest()
    (tmp_path / "opencode.sha256").write_text(f"{checksum}  {ARCHIVE}\n")
    return tmp_path


def unpack(dockerfile: str, context: Path, architecture: str = "amd64") -> bool:
    """Whether the instruction that unpacks OpenCode succeeds in a build context."""
    (command,) = re.findall(r"(?ms)^RUN ((?:[^\n]*\\\n)*[^\n]*chmod 0755 opencode)$", dockerfile)
    environment = {"PATH": "/usr/bin:/bin", "TARGETARCH": architecture}
    done = subprocess.run(["sh", "-c", command], cwd=context, env=environment, capture_output=True)
    return done.returncode == 0


def test_opencode_with_the_known_checksum_is_unpacked(dockerfile: str, context: Path) -> None:
    assert unpack(dockerfile, context)
    assert (context / "opencode").read_bytes() == b"code"
    assert (context / "opencode").stat().st_mode & 0o777 == 0o755


def test_opencode_with_another_checksum_stops_the_build(dockerfile: str, context: Path) -> None:
    with (context / ARCHIVE).open("ab") as archive:
        archive.write(b"\0")
    assert not unpack(dockerfile, context)
    assert not (context / "opencode").exists()


def test_architecture_without_a_checksum_stops_the_build(dockerfile: str, context: Path) -> None:
    (context / "amd64").rename(context / "arm64")
    assert not unpack(dockerfile, context, "arm64")


def test_no_instruction_is_for_one_architecture(dockerfile: str) -> None:
    assert re.findall(r"\b(?:amd64|arm64|x86_64|x64|aarch64)\b", dockerfile) == []
    assert "--platform" not in dockerfile


def test_every_stage_is_built_on_the_base_that_is_asked_for(dockerfile: str) -> None:
    bases = re.findall(r"(?m)^FROM (\S+)", dockerfile)
    assert bases == ["${BASE_IMAGE}"] * len(bases)
    assert len(bases) == 2
