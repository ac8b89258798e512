"""A folder of tests and the results of a run of them, as small as they can be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pages.results import Run, read

MODULE = '''"""Pods come and go. More is said here, and belongs on no page."""

import pytest


@pytest.mark.fault("killed")
def test_git_is_kept_when_a_pod_s_killed(): ...


@pytest.mark.slow
@pytest.mark.fault("killed")
def test_not_run_yet(): ...


def helper(): ...
'''
RESULTS = """<testsuites><testsuite time="75.2" timestamp="2026-03-07T{start}+00:00">
<properties>{facts}</properties>{cases}</testsuite></testsuites>"""
CASE = '<testcase classname="area.test_pods" name="{name}" time="1.5">{inside}</testcase>'


@pytest.fixture
def area(tmp_path: Path) -> Path:
    """A folder with MODULE in it."""
    folder = tmp_path / "area"
    folder.mkdir()
    (folder / "test_pods.py").write_text(MODULE)
    return folder


@pytest.fixture
def run_of(tmp_path: Path) -> Callable[..., Run]:
    """run_of((name, XML inside), …, facts=…): the results of these cases, written and read."""

    def make(*cases: tuple[str, str], facts: str = "", start: str = "10:00:00.5") -> Run:
        file = tmp_path / "results.xml"
        written = "".join(CASE.format(name=name, inside=inside) for name, inside in cases)
        file.write_text(RESULTS.format(cases=written, facts=facts, start=start))
        return read([file])

    return make
