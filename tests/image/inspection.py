"""What the tests look for in a root file system."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_COMPILERS = ("as", "c++", "cargo", "cc", "clang", "cpp", "g++", "gcc", "go", "ld", "rustc")
_BUILDERS = ("cmake", "dpkg-buildpackage", "gyp", "make", "meson", "ninja")
_INSTALLERS = ("node", "npm", "npx", "pip", "pip3", "python3", "yarn")
BUILD_TOOLS = frozenset((*_COMPILERS, *_BUILDERS, *_INSTALLERS))

# x86_64-linux-gnu-gcc-14, python3.13
_VERSIONED = re.compile(r"(.*-gnu-)?(?P<name>.+?)(-\d+(\.\d+)*|\.\d+)?")


def files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Path from / and status of everything below `root`, links as links."""
    for folder, names, others in os.walk(root):
        for name in (*names, *others):
            path = Path(folder, name)
            yield f"/{path.relative_to(root)}", path.lstat()


def build_tools(root: Path) -> list[str]:
    """Programs of BUILD_TOOLS, also under names such as gcc-14 or x86_64-linux-gnu-ld."""
    return sorted(
        path
        for path, status in files(root)
        if not stat.S_ISDIR(status.st_mode) and status.st_mode & 0o111 and _is_build_tool(path)
    )


def _is_build_tool(path: str) -> bool:
    match = _VERSIONED.fullmatch(path.rpartition("/")[2])
    return match is not None and match["name"] in BUILD_TOOLS


def privileged(root: Path) -> list[str]:
    """Files with a set-uid or set-gid bit."""
    bits = stat.S_ISUID | stat.S_ISGID
    return sorted(
        path
        for path, status in files(root)
        if stat.S_ISREG(status.st_mode) and status.st_mode & bits
    )


def installed(root: Path) -> dict[str, str]:
    """Version of each Debian package whose files are there, from dpkg's own record."""
    versions = {}
    for record in (root / "var/lib/dpkg/status").read_text().split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in record.splitlines() if ": " in line and line[0] != " "
        )
        if fields.get("Status") == "install ok installed":
            versions[fields["Package"]] = fields["Version"]
    return versions


def listed(sbom: Mapping[str, Any], kind: str) -> dict[str, str]:
    """Version of each package of `kind`, deb or npm, in an SPDX document."""
    return {
        package["name"]: package["versionInfo"]
        for package in sbom["packages"]
        if any(
            reference["referenceLocator"].startswith(f"pkg:{kind}/")
            for reference in package["externalRefs"]
        )
    }
