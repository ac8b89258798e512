"""Are the generated documents the smallest that say what the catalogue says?"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from opencode_workspace import catalogue, schema, tree
from opencode_workspace.chart import Chart
from opencode_workspace.values import difference, workspace_values

WORKSPACE = """
workspaces:
  docs:
    repository: https://github.com/owner/docs.git
    host: docs.example.com
"""


@pytest.fixture(scope="module")
def chart(repository: Path) -> Chart:
    return Chart(repository / "charts/opencode-workspace")


@pytest.fixture(scope="module")
def head(repository: Path) -> str:
    """The shipped catalogue without its workspaces."""
    return (repository / "flux/workspaces.yaml").read_text().partition("\nworkspaces:\n")[0]


def read(head: str, extra: str = "") -> tuple[catalogue.Catalogue, catalogue.Workspace]:
    loaded = catalogue.parse(f"{head}\n{WORKSPACE}{extra}", Path("flux/workspaces.yaml"))
    return loaded, loaded.workspaces[0]


def release_values(head: str, chart: Chart, extra: str = "") -> dict[str, Any]:
    loaded, workspace = read(head, extra)
    values: dict[str, Any] = tree.helm_release(loaded, workspace, chart.values)["spec"]["values"]
    return values


@pytest.mark.parametrize(
    ("defaults", "wanted", "needed"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, {"a": {"c": 3}}),
        ({"a": [1, 2]}, {"a": [1]}, {"a": [1]}),
        ({"a": 1}, {"a": True}, {"a": True}),
        ({"a": {"b": 1}}, {"a": {"b": None}}, {"a": {"b": None}}),
        ({}, {"a": {}}, {"a": {}}),
        (
            {"image": {"repository": "a", "tag": "1"}},
            {"image": {"repository": "b", "tag": "1"}},
            {"image": {"repository": "b", "tag": "1"}},
        ),
    ],
)
def test_only_what_differs_is_written(
    defaults: dict[str, Any], wanted: dict[str, Any], needed: dict[str, Any]
) -> None:
    assert difference(defaults, wanted) == needed


def test_what_differs_merges_back_to_what_was_wanted(head: str, chart: Chart) -> None:
    loaded, workspace = read(head, "    values: {workspace: {update: fetch}}\n")
    wanted = workspace_values(loaded, workspace, chart.values)
    needed = difference(chart.values, wanted)
    assert schema.coalesce(chart.values, needed) == schema.coalesce(chart.values, wanted)


def test_a_public_repository_needs_neither_key_nor_token(head: str, chart: Chart) -> None:
    persistence = release_values(head, chart)["persistence"]
    assert persistence["deploy-key"] == {"enabled": False}
    assert persistence["git-token"] == {"enabled": False}


def test_a_token_named_in_the_catalogue_reaches_secret_and_pod(head: str, chart: Chart) -> None:
    extra = "    secretKeys: {gitToken: DOCS_TOKEN}\n"
    loaded, workspace = read(head, extra)
    secret = tree.external_secret(loaded, workspace)["spec"]
    assert secret["target"]["template"]["data"]["GIT_TOKEN"] == "{{ .DOCS_TOKEN }}"
    assert "git-token" not in release_values(head, chart, extra)["persistence"]


def test_a_key_used_twice_is_fetched_once(head: str) -> None:
    loaded, workspace = read(head, "    secretKeys: {gitToken: SAME, serverPassword: SAME}\n")
    fetched = [e["secretKey"] for e in tree.external_secret(loaded, workspace)["spec"]["data"]]
    assert fetched == ["OPENCODE_COPILOT_AUTH_JSON", "SAME"]


def test_a_parked_workspace_has_no_replica(head: str, chart: Chart) -> None:
    values = release_values(head, chart, "    parked: true\n")
    assert values["controllers"]["workspace"]["replicas"] == 0


def test_values_of_the_workspace_win_over_all_others(head: str, chart: Chart) -> None:
    extra = "    values: {persistence: {config: {existingClaim: mine}}}\n"
    assert release_values(head, chart, extra)["persistence"]["config"] == {"existingClaim": "mine"}


def test_another_gateway_namespace_is_let_in_by_the_network_policy(head: str, chart: Chart) -> None:
    values = release_values(head.replace("namespace: network", "namespace: gateways"), chart)
    (rule,) = values["networkpolicies"]["app"]["rules"]["ingress"]
    labels = rule["from"][0]["namespaceSelector"]["matchLabels"]
    assert labels == {"kubernetes.io/metadata.name": "gateways"}


def test_backups_start_at_a_minute_that_depends_on_the_name_alone() -> None:
    minutes = {tree.backup_schedule(f"opencode-{n}") for n in range(200)}
    assert tree.backup_schedule("opencode-flux") == "28 * * * *"
    assert len(minutes) > 50, "the backups would start together"


def test_the_catalogue_deploys_the_chart_that_lies_beside_it(
    repository: Path, chart: Chart
) -> None:
    shipped = catalogue.load(repository / "flux/workspaces.yaml")
    assert shipped.chart["version"] == chart.version


def test_the_namespace_of_the_proxies_is_let_in_where_it_is_another_one(
    head: str, chart: Chart
) -> None:
    text = head.replace(
        "    sectionName: https", "    sectionName: https\n    proxyNamespace: proxies"
    )
    values = release_values(text, chart)
    (rule,) = values["networkpolicies"]["app"]["rules"]["ingress"]
    labels = rule["from"][0]["namespaceSelector"]["matchLabels"]
    assert labels == {"kubernetes.io/metadata.name": "proxies"}
    assert "proxyNamespace" not in values["route"]["app"]["parentRefs"][0]


def test_an_image_by_digest_does_not_bear_the_tag_of_the_charts(head: str, chart: Chart) -> None:
    digest = "sha256:" + "0" * 64
    extra = f"    image: {{repository: ghcr.io/me/tools, digest: {digest!r}}}\n"
    containers = release_values(head, chart, extra)["controllers"]["workspace"]["containers"]
    assert containers["app"]["image"] == {
        "tag": None,
        "repository": "ghcr.io/me/tools",
        "digest": digest,
    }


def test_a_null_takes_away_a_default_of_the_catalogue(head: str, chart: Chart) -> None:
    extra = "    values: {controllers: {workspace: {pod: {hostname: null}, labels: {a: null}}}}\n"
    defaults = "  values: {controllers: {workspace: {pod: {hostname: x}, labels: {a: b}}}}\n"
    values = release_values(head.rstrip() + "\n" + defaults, chart, extra)
    controller = values["controllers"]["workspace"]
    assert (controller.get("pod", {}), controller.get("labels", {})) == ({}, {})


def test_a_null_still_takes_away_a_default_of_the_chart(head: str, chart: Chart) -> None:
    extra = "    values: {defaultPodOptions: {hostUsers: null, securityContext: null}}\n"
    defaults = "  values: {defaultPodOptions: {securityContext: {fsGroup: 7}}}\n"
    values = release_values(head.rstrip() + "\n" + defaults, chart, extra)
    assert values["defaultPodOptions"]["securityContext"] is None


def test_a_null_that_takes_nothing_away_is_left_for_the_schema_to_refuse(
    head: str, chart: Chart
) -> None:
    loaded, workspace = read(head, "    values: {persistance: null}\n")
    assert workspace_values(loaded, workspace, chart.values)["persistance"] is None


@pytest.mark.parametrize(
    ("kind", "field"), [("Kustomization", "resources"), ("Component", "components")]
)
def test_the_volume_template_is_listed_by_its_kind(kind: str, field: str, head: str) -> None:
    loaded, workspace = read(head)
    folder = PurePosixPath("apps/opencode") / workspace.app
    assert "../../../../templates/volsync" in tree.resources(loaded, folder, kind)[field]


def test_the_volume_template_may_lie_anywhere(head: str) -> None:
    folder = "apps/opencode/opencode-docs/app/volume"
    loaded, workspace = read(head.replace("./templates/volsync", f"./{folder}"))
    listed = tree.resources(loaded, PurePosixPath("apps/opencode") / workspace.app, "Kustomization")
    assert listed["resources"][-1] == "volume"


@pytest.mark.parametrize(("before", "ours"), [(0, True), (1, False)])
def test_a_file_is_generated_when_it_says_so_in_its_first_kilobyte(
    before: int, ours: bool, head: str
) -> None:
    loaded, _ = read(head)
    said = tree.header(loaded).encode()
    padding = b"#" * (1023 - len(said) + before) + b"\n"
    assert tree.is_generated(loaded, padding + said) is ours


def test_a_private_registry_has_its_secret(head: str) -> None:
    private = head.replace("  version: 0.1.0\n", "  version: 0.1.0\n  secretRef: {name: ghcr}\n")
    assert tree.oci_repository(read(private)[0], "x")["spec"]["secretRef"] == {"name": "ghcr"}
    assert "secretRef" not in tree.oci_repository(read(head)[0], "x")["spec"]
