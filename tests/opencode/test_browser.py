"""The workspace as a browser shows it: the question for the password, then OpenCode's page."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from tests.opencode.pod.browser import Page, browser
from tests.opencode.pod.figures import BUILD
from tests.opencode.pod.workspace import PASSWORD, Served

pytestmark = pytest.mark.slow

PAGE = "http://localhost:4096"


@pytest.fixture(scope="module")
def new_page(served: Served) -> Iterator[Callable[[], Page]]:
    """Opens a tab that remembers nothing of the others."""
    with browser(served.pod.first) as make:
        yield make


def outside(page: Page) -> set[str]:
    """What the page asked other machines for."""
    return {url for url in page.requested if urlsplit(url).hostname not in ("localhost", None)}


def test_browser_asks_for_the_password(new_page: Callable[[], Page]) -> None:
    page = new_page()
    page.open(PAGE)
    assert page.asked == [(PAGE, "basic")]
    assert not page.value("document.querySelector('script')"), "the page came without the password"


def test_page_loads_with_the_password_and_asks_no_other_machine(
    served: Served, new_page: Callable[[], Page]
) -> None:
    session = {"title": "Seen in the browser"}
    made = served.client.ask(
        "/session", method="POST", body=session, directory=served.directory
    ).json
    page = new_page()
    page.credentials = ("opencode", PASSWORD)
    # OpenCode's address of a directory.
    project = base64.urlsafe_b64encode(served.directory.encode()).decode().rstrip("=")
    page.open(f"{PAGE}/{project}/session/{made['id']}")
    page.wait(f"document.body.innerText.includes('{session['title']}')")
    page.screenshot(BUILD / "opencode.png")
    assert any("/event" in url for url in page.requested), "the page does not listen for events"
    assert outside(page) == set()


def test_request_to_another_machine_would_be_seen(new_page: Callable[[], Page]) -> None:
    page = new_page()
    page.credentials = ("opencode", PASSWORD)
    page.open(f"{PAGE}/site.webmanifest")
    page.value("fetch('https://elsewhere.example/x').catch(() => 0)")
    page.wait("true")
    assert outside(page) == {"https://elsewhere.example/x"}
