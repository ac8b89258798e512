"""Is every key and token found by its form, wherever it lies, and are samples of them left alone?"""

from __future__ import annotations

import errno
import random
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import yamlio
from opencode_workspace.rules import material, registry, texts
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.folder import Folder
from opencode_workspace.rules.tree import Tree

SHAPES: list[dict[str, Any]] = yamlio.load_one(Path(__file__).parent / "shapes.yaml")
_SIGNS = {
    "A": string.ascii_letters + string.digits,
    "a": string.ascii_lowercase + string.digits,
    "h": "0123456789abcdef",
    "U": string.ascii_uppercase + string.digits,
    "d": string.digits,
    "b": string.ascii_letters + string.digits + "+/",
}
_PART = re.compile(r"\{(\w)(\d+)\}")


def filled(shape: str) -> str:
    """A shape with signs in place of its parts, the same in every run."""
    chance = random.Random(shape)
    return _PART.sub(
        lambda part: "".join(chance.choices(_SIGNS[part[1]], k=int(part[2]))),
        shape.replace("{k}", "PRIVATE"),
    )


def found(folder: Path) -> list[Finding]:
    return list(material.inline_secret(Tree(Folder(folder))))


def found_in(text: str) -> list[str]:
    piece = texts.Piece(text, 1, len(text))
    found = material._in_text(piece, Path("notes.md"))
    return [finding.message.removesuffix(" is committed here") for finding in found]


@pytest.mark.parametrize("case", SHAPES, ids=lambda case: case["shape"])
def test_a_credential_is_found_in_any_text(case: dict[str, Any]) -> None:
    # After the head of a key comes a line, here an escaped one.
    text = filled(case["shape"]) + ("\\n" if case["name"] == "a private key" else "")
    around = f"{text}\n  - '{text}'\nA={text}\n" + '{"a": "' + text + '"}\n'
    assert found_in(around).count(case["name"]) == 4


@pytest.mark.parametrize("case", SHAPES, ids=lambda case: case["other"])
def test_what_is_nearly_a_credential_is_none(case: dict[str, Any]) -> None:
    assert found_in(f"see {filled(case['other'])} there\n") == []


@pytest.mark.parametrize(
    "case",
    # The beginning of what is encoded has no signs to choose.
    [
        case
        for case in SHAPES
        if re.search(r"\{\w\d\d+\}", case["shape"]) and case["name"] != "a key in base64"
    ],
    ids=lambda case: case["shape"],
)
def test_a_sample_of_one_sign_is_no_credential(case: dict[str, Any]) -> None:
    sample = _PART.sub(
        lambda part: ("X" if part[1] in "AUb" else "0") * int(part[2]), case["shape"]
    )
    assert found_in(f"{sample}\n") == []


def test_every_form_has_a_shape() -> None:
    assert {case["name"] for case in SHAPES} == {one.name for one in material._credentials()}


def test_no_form_is_without_its_mark() -> None:
    for case in SHAPES:
        (form,) = {one for one in material._credentials() if one.name == case["name"]}
        assert any(mark in filled(case["shape"]) for mark in form.marks), case["name"]


@pytest.mark.parametrize("before", [0, 999_980, 1_000_000, 1_009_990, 2_500_000])
def test_a_large_file_is_searched_in_pieces(before: int, tmp_path: Path) -> None:
    token = filled("ghu_{A36}")
    (tmp_path / "dump.sql").write_text("x\n" * (before // 2) + f"{token}\n" + "y\n" * 9)
    (finding,) = found(tmp_path)
    assert (finding.message, finding.line) == ("a GitHub token is committed here", before // 2 + 1)


def test_a_file_that_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "LARGEST", 10)
    (tmp_path / "disk.img").write_text(filled("ghu_{A36}"))
    (finding,) = found(tmp_path)
    assert "too large" in finding.message
    assert finding.severity == "warning"


def test_a_file_that_cannot_be_read_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = texts.pieces

    def pieces(path: Path) -> Iterator[texts.Piece]:
        if path.name == "a":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(texts, "pieces", pieces)
    for name in ("a", "b"):
        (tmp_path / name).write_text(filled("ghu_{A36}"))
    results = list(registry.run("tree", Tree(Folder(tmp_path))))
    assert [one.path.name for one in results if isinstance(one, Finding)] == ["b"]
    assert any("cannot be read" in one for one in results if isinstance(one, str))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_a_token_is_found_in_every_encoding(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(f"schön\n{filled('ghu_{A36}')}\n".encode(encoding))
    assert [finding.line for finding in found(tmp_path)] == [2]


def test_a_token_among_bytes_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\x00\xff" + filled("ghu_{A36}").encode() + b"\x00")
    assert len(found(tmp_path)) == 1


@pytest.mark.parametrize("folder", [".github/workflows", ".private", "build"])
def test_folders_that_tools_do_not_show_are_searched(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "a").write_text(filled("ghu_{A36}"))
    assert len(found(tmp_path)) == 1


@pytest.mark.parametrize("folder", [".git", "a/node_modules/b", ".venv/lib", "__pycache__"])
def test_what_tools_install_is_not_searched(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "a").write_text(filled("ghu_{A36}"))
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    "text",
    ["[]", "{", "3", '{"a": {"type": "oauth"}}', '{"a": {"key": ""}}', "[" * 100_000],
    ids=["list", "no JSON", "number", "no login", "empty", "deep"],
)
def test_another_auth_json_is_no_login(text: str, tmp_path: Path) -> None:
    (tmp_path / "auth.json").write_text(text)
    assert found(tmp_path) == []
