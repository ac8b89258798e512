"""What is in the image, and what is not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.image import inspection
from tests.image.archive import Image
from tests.opencode.pod.sandbox import Root, output

# The image is built and unpacked while the first of these waits.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

PROGRAMS = ("bash", "curl", "git", "jq", "less", "rg", "ssh", "tini")


def test_no_build_tool_is_left(image: Image) -> None:
    assert inspection.build_tools(image.folder) == []


def test_no_file_gives_another_users_rights(image: Image) -> None:
    assert inspection.privileged(image.folder) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_runs(root: Root, place: Path, program: str) -> None:
    option = "-V" if program == "ssh" else "--version"
    assert output([program, option], root, place / f"{program}.log")


def test_opencode_is_of_the_version_on_the_label(image: Image, root: Root, place: Path) -> None:
    version = image.settings["Labels"]["org.opencontainers.image.version"]
    assert output(["opencode", "--version"], root, place / "version.log").split()[-1] == version


def test_c_library_is_the_one_that_the_web_terminal_needs(root: Root, place: Path) -> None:
    assert output(["getconf", "GNU_LIBC_VERSION"], root, place / "libc.log").startswith("glibc ")


def test_certificates_of_the_known_authorities_are_there(image: Image) -> None:
    known = (image.folder / "etc/ssl/certs/ca-certificates.crt").read_text()
    assert known.count("-----BEGIN CERTIFICATE-----") > 100


def test_it_is_the_debian_that_the_dockerfile_names(image: Image, repository: Path) -> None:
    release = (image.folder / "etc/os-release").read_text()
    (name,) = re.findall(
        r"ARG BASE_IMAGE=\S+/debian:(\w+)-slim",
        (repository / "images/workspace/Dockerfile").read_text(),
    )
    assert f"VERSION_CODENAME={name}\n" in release


def test_user_is_a_number_with_a_name_and_a_home(image: Image) -> None:
    assert image.settings["User"] == "1000:1000"
    assert "opencode:x:1000:1000::/home/user:/bin/bash" in (
        (image.folder / "etc/passwd").read_text().splitlines()
    )
    home = (image.folder / "home/user").stat()
    assert (home.st_uid, home.st_gid, oct(home.st_mode)) == (1000, 0, oct(0o40770))
    assert image.settings["WorkingDir"] == image.environment["HOME"] == "/home/user"


def test_no_password_is_in_the_image(image: Image) -> None:
    """Accounts without a password that anybody could log in with."""
    shadow = (image.folder / "etc/shadow").read_text().splitlines()
    assert {line.split(":")[1] for line in shadow} <= {"*", "!", "!*"}


def test_nothing_of_the_build_is_left(image: Image) -> None:
    for folder in ("mnt", "tmp", "var/lib/apt/lists", "var/cache/apt/archives", "root/.npm"):
        path = image.folder / folder
        left = sorted(entry.name for entry in path.iterdir()) if path.exists() else []
        assert (folder, [name for name in left if name not in ("lock", "partial")]) == (folder, [])


def test_bill_of_materials_lists_what_is_installed(image: Image) -> None:
    sbom = json.loads(_sbom(image).read_text())
    assert inspection.listed(sbom, "deb") == inspection.installed(image.folder)


def test_bill_of_materials_lists_opencode_with_its_checksum(image: Image, repository: Path) -> None:
    sbom = json.loads(_sbom(image).read_text())
    ((name, version),) = inspection.listed(sbom, "npm").items()
    (package,) = (package for package in sbom["packages"] if package["name"] == name)
    (checksum,) = package["checksums"]
    known = (repository / "images/workspace/opencode.sha256").read_text()
    assert (
        f"{checksum['checksumValue']}  {image.configuration['architecture']}/{name}-{version}.tgz"
        in known
    )


def test_size_is_what_the_page_says(
    image: Image, repository: Path, record_property: Callable[[str, object], None]
) -> None:
    sizes = [status.st_size for _, status in inspection.files(image.folder)]
    opencode = (image.folder / "usr/local/bin/opencode").stat().st_size
    megabytes = [sum(sizes) // 10**6, opencode // 10**6]
    record_property("files of the image", f"{megabytes[0]} MB, of which OpenCode {megabytes[1]} MB")
    record_property("Debian packages in the image", len(inspection.installed(image.folder)))
    page = (repository / "docs/image.md").read_text()
    (said,) = re.findall(r"About (\d+) MB, of\s+which OpenCode is (\d+) MB", page)
    assert megabytes == pytest.approx([int(number) for number in said], rel=0.1)


def _sbom(image: Image) -> Path:
    label = image.settings["Labels"]["opencode-workspace.sbom"]
    return image.folder / str(label).lstrip("/")
