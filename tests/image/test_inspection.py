"""Would the looks into the image find what is wrong?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.image import inspection


@pytest.mark.parametrize(
    "path", ["usr/bin/gcc", "usr/bin/x86_64-linux-gnu-ld", "usr/bin/python3.13", "opt/bin/npm"]
)
def test_build_tool_would_be_found(tmp_path: Path, path: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).touch(mode=0o755)
    assert inspection.build_tools(tmp_path) == [f"/{path}"]


@pytest.mark.parametrize("mode", [0o4755, 0o2755])
def test_file_with_another_users_rights_would_be_found(tmp_path: Path, mode: int) -> None:
    (tmp_path / "su").touch()
    (tmp_path / "su").chmod(mode)
    assert inspection.privileged(tmp_path) == ["/su"]


def test_package_that_the_bill_of_materials_lacks_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").write_text(
        "Package: git\nStatus: install ok installed\nVersion: 1:2\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
    )
    assert inspection.installed(tmp_path) == {"git": "1:2"}
    assert inspection.listed({"packages": []}, "deb") == {}
