"""Workspaces as a browser reaches them: by host name, through Envoy Gateway and Envoy."""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pytest
import yaml

from opencode_workspace.mistakes import covers, resolved
from tests.cluster.conftest import WORKSPACES
from tests.cluster.rig import sandbox
from tests.cluster.rig.api import wait_for
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.fleet import DOMAIN
from tests.cluster.rig.gateway import Gateway
from tests.cluster.rig.gateway import gateway as start_gateway
from tests.cluster.rig.streams import Stream, listen, listen_over_http2
from tests.cluster.rig.workspace import DIRECTORY, NAMESPACE
from tests.support.opencode import Client, Place, read_until

IDLE_SECONDS = 30
# Envoy's limit for a whole answer, when a route sets none, is 15 s.
CUT_SECONDS = 45
CONTROL = "opencode-without-timeouts"


@dataclass(frozen=True)
class Minute:
    """What goes on beside the other tests, because it takes a minute. events: streams by path."""

    events: dict[str, Future[Stream]]
    terminal: Future[str]


def host_of(workspace: str) -> str:
    return f"{workspace}.opencode.{DOMAIN}"


def opens(client: Client) -> bool:
    return client.ask("/").status == 200


def type_after_a_rest(client: Client) -> str:
    with client.terminal(DIRECTORY) as terminal:
        time.sleep(IDLE_SECONDS)
        terminal.send("echo answer-$((6 * 7))\n")
        return read_until(terminal, "answer-42")


@contextmanager
def route(gateway: Gateway, name: str, host: str, timeouts: bool = True) -> Iterator[None]:
    """One more route to workspace flux, as its own but for the host."""
    spec = gateway.api.read("HTTPRoute", "opencode-flux", NAMESPACE)["spec"] | {"hostnames": [host]}
    for rule in spec["rules"] if not timeouts else ():
        assert rule.pop("timeouts"), "the workspace's own route has no timeouts"
    document = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }
    gateway.api.apply([document])
    try:
        gateway.wait_accepted(name, NAMESPACE)
        yield
    finally:
        gateway.api.delete("HTTPRoute", name, NAMESPACE)


@pytest.fixture(scope="module")
def gateway(cluster: Cluster, times: dict[str, float]) -> Iterator[Gateway]:
    """The gateway with a certificate for the names that the catalogue gives."""
    catalogue = yaml.safe_load(cluster.fleet.catalogue.read_text())["cluster"]
    names = catalogue["gateway"]["certificateNames"]
    names = [resolved(name, catalogue["variables"]) for name in names]
    logs = sandbox.run_folder() / "logs"
    began = time.monotonic()
    with start_gateway(sandbox.STATE / "gateway", logs, cluster.api, names) as started:
        times["gateway"] = time.monotonic() - began
        for name in WORKSPACES:
            started.wait_accepted(f"opencode-{name}", NAMESPACE)
        yield started


@pytest.fixture(scope="module", autouse=True)
def minute(cluster: Cluster, gateway: Gateway) -> Iterator[Minute]:
    """Begins with the first test of this module, so that the others need not wait for it.

    They change workspace ha and its route meanwhile: what is open to workspace flux stays open.
    """
    word, workspace = cluster.password, cluster.workspace("flux")
    front = gateway.front(host_of("flux"))
    bare = gateway.front(f"without-timeouts.opencode.{DOMAIN}")
    places: tuple[Place, ...] = (front, bare, workspace.place)
    client, control, inside = (Client(place, word) for place in places)
    with route(gateway, CONTROL, bare.host, timeouts=False), ThreadPoolExecutor(6) as threads:
        for each in (client, control, inside):
            wait_for(partial(opens, each), f"page at {each.place.authority}")
        start = threads.submit
        yield Minute(
            {
                "through the gateway": start(listen, client, DIRECTORY),
                "through the gateway over HTTP/2": start(listen_over_http2, front, word, DIRECTORY),
                "through the Service": start(listen, inside, DIRECTORY),
                "without timeouts": start(listen, control, DIRECTORY),
                "without timeouts over HTTP/2": start(listen_over_http2, bare, word, DIRECTORY),
            },
            start(type_after_a_rest, client),
        )


@pytest.fixture
def own_password(cluster: Cluster) -> Iterator[str]:
    """The password that workspace ha alone has; afterwards it has the shared one again."""
    key, word = "OPENCODE_HA_SERVER_PASSWORD", secrets.token_urlsafe(12)
    cluster.doppler.secrets[key] = word
    keys = {"secretKeys": {"serverPassword": key}}
    with cluster.changed(lambda catalogue: catalogue["workspaces"]["ha"].update(keys)):
        cluster.synchronise("opencode-ha-secret")
        cluster.workspace("ha").restart()
        yield word
    cluster.synchronise("opencode-ha-secret")
    cluster.workspace("ha").restart()
    del cluster.doppler.secrets[key]


@pytest.mark.parametrize("name", WORKSPACES)
def test_gateway_accepts_the_route_and_finds_what_it_names(gateway: Gateway, name: str) -> None:
    verdict = gateway.verdict(f"opencode-{name}", NAMESPACE)
    assert verdict == {"Accepted": "True", "ResolvedRefs": "True"}


@pytest.mark.parametrize("name", WORKSPACES)
def test_page_asks_for_the_password_under_its_host_name_and_opens_with_it(
    cluster: Cluster, gateway: Gateway, name: str
) -> None:
    place = gateway.front(host_of(name))
    stranger = Client(place).ask("/")
    assert stranger.status == 401
    assert stranger.headers["www-authenticate"].startswith("Basic ")
    page = Client(place, cluster.password).ask("/")
    assert page.status == 200
    assert b"<html" in page.body


def test_a_host_name_leads_to_its_own_workspace(cluster: Cluster, gateway: Gateway) -> None:
    browser = Client(gateway.front(host_of("ha")), cluster.password)
    session = browser.ask("/session", method="POST", body={}, directory=DIRECTORY).json["id"]
    behind = {
        name: Client(cluster.workspace(name).place, cluster.password)
        .ask(f"/session/{session}", directory=DIRECTORY)
        .status
        for name in WORKSPACES
    }
    assert behind == {"flux": 404, "ha": 200}


def test_password_of_one_workspace_does_not_open_the_other(
    cluster: Cluster, gateway: Gateway, own_password: str
) -> None:
    shared = cluster.password
    opened = {
        (name, kind): Client(gateway.front(host_of(name)), word).ask("/").status
        for name in WORKSPACES
        for kind, word in (("shared", shared), ("of ha", own_password))
    }
    assert opened == {
        ("flux", "shared"): 200,
        ("flux", "of ha"): 401,
        ("ha", "shared"): 401,
        ("ha", "of ha"): 200,
    }


def test_a_deleted_route_comes_back_and_leads_there_again(
    cluster: Cluster, gateway: Gateway
) -> None:
    client = Client(gateway.front(host_of("ha")))
    cluster.api.delete("HTTPRoute", "opencode-ha", NAMESPACE)
    wait_for(lambda: client.ask("/").status == 404, "gateway without the route")
    cluster.reconcile("HelmRelease", "opencode-ha", NAMESPACE)
    gateway.wait_accepted("opencode-ha", NAMESPACE)
    wait_for(lambda: client.ask("/").status == 401, "page behind the restored route")


@pytest.mark.parametrize("host", [*map(host_of, WORKSPACES), f"notes.{DOMAIN}"])
def test_client_accepts_a_name_that_the_catalogue_says_is_covered(
    gateway: Gateway, host: str
) -> None:
    assert any(covers(name, host) for name in gateway.names)
    gateway.front(host).connect().close()


@pytest.mark.parametrize("host", [f"deep.ha.opencode.{DOMAIN}", f"notes.other.{DOMAIN}"])
def test_client_refuses_a_name_that_the_catalogue_does_not_say_is_covered(
    gateway: Gateway, host: str
) -> None:
    assert not any(covers(name, host) for name in gateway.names)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        gateway.front(host).connect()


def test_gateway_accepts_a_route_whose_name_the_certificate_does_not_cover(
    gateway: Gateway,
) -> None:
    host = f"deep.flux.opencode.{DOMAIN}"
    with route(gateway, "opencode-uncovered", host):
        verdict = gateway.verdict("opencode-uncovered", NAMESPACE)
        assert verdict == {"Accepted": "True", "ResolvedRefs": "True"}
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            Client(gateway.front(host)).ask("/")


def test_terminal_that_rested_for_half_a_minute_still_answers(minute: Minute) -> None:
    assert "answer-42" in minute.terminal.result()


@pytest.mark.parametrize(
    "path", ["through the gateway", "through the gateway over HTTP/2", "through the Service"]
)
def test_events_stream_for_a_minute(
    minute: Minute, path: str, record_property: Callable[[str, object], None]
) -> None:
    stream = minute.events[path].result()
    record_property(f"event stream {path} was open for", f"{stream.seconds:.0f} s")
    assert not stream.end, f"cut after {stream.seconds:.0f} s: {stream.end}"
    assert stream.kinds[0] == "server.connected"
    assert stream.kinds.count("server.heartbeat") >= 2, stream.kinds


@pytest.mark.parametrize("path", ["without timeouts", "without timeouts over HTTP/2"])
def test_events_are_cut_on_a_route_without_timeouts(
    minute: Minute, path: str, record_property: Callable[[str, object], None]
) -> None:
    stream = minute.events[path].result()
    record_property(f"event stream on a route {path} was open for", f"{stream.seconds:.0f} s")
    assert stream.kinds[0] == "server.connected"
    assert stream.end, "Envoy has no limit of its own any more: the chart need not lift one"
    assert "timed out" not in stream.end
    assert stream.seconds < CUT_SECONDS
