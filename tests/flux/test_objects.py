"""Do the objects of one workspace fit each other?"""

from __future__ import annotations

import re
from typing import Any

from opencode_workspace.flux import Cluster, Document, Reconciliation

UNITS = {"s": 1, "m": 60, "h": 3600}


def one(reconciliation: Reconciliation, kind: str, name: str | None = None) -> Document:
    found = [
        d
        for d in reconciliation.objects
        if d["kind"] == kind and name in (None, d["metadata"]["name"])
    ]
    assert len(found) == 1, (
        f"{len(found)} objects of kind {kind} named {name or 'anything'}, not one"
    )
    return found[0]


def flux_kustomization(reconciliation: Reconciliation) -> Any:
    return reconciliation.kustomization["spec"]


def seconds(duration: str) -> int:
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([smh])", duration))


def pod_spec(reconciliation: Reconciliation) -> Any:
    return one(reconciliation, "Deployment")["spec"]["template"]["spec"]


def test_a_workspace_is_exactly_these_objects(reconciliation: Reconciliation) -> None:
    app = reconciliation.workspace.app
    assert sorted((d["kind"], d["metadata"]["name"]) for d in reconciliation.objects) == [
        ("ConfigMap", f"{app}-scripts"),
        ("Deployment", app),
        ("ExternalSecret", f"{app}-secret"),
        ("ExternalSecret", f"{app}-volsync"),
        ("HTTPRoute", app),
        ("HelmRelease", app),
        ("Kustomization", app),
        ("NetworkPolicy", app),
        ("OCIRepository", app),
        ("PersistentVolumeClaim", app),
        ("ReplicationDestination", f"{app}-dst"),
        ("ReplicationSource", app),
        ("Service", app),
        ("ServiceAccount", app),
    ]


def test_everything_but_the_kustomization_lies_in_the_namespace(
    reconciliation: Reconciliation,
) -> None:
    assert reconciliation.kustomization["metadata"]["namespace"] == "flux-system"
    others = {d["metadata"]["namespace"] for d in reconciliation.objects[1:]}
    assert others == {"opencode"}


def test_the_pod_mounts_the_claim_that_the_template_makes(reconciliation: Reconciliation) -> None:
    claim = one(reconciliation, "PersistentVolumeClaim")["metadata"]["name"]
    volumes = [v for v in pod_spec(reconciliation)["volumes"] if v["name"] == "config"]
    assert volumes == [{"name": "config", "persistentVolumeClaim": {"claimName": claim}}]


def test_the_claim_is_locked_against_deletion_and_restored_when_new(
    reconciliation: Reconciliation,
) -> None:
    claim = one(reconciliation, "PersistentVolumeClaim")
    assert claim["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/prune"] == "disabled"
    assert claim["spec"]["dataSourceRef"] == {
        "apiGroup": "volsync.backube",
        "kind": "ReplicationDestination",
        "name": one(reconciliation, "ReplicationDestination")["metadata"]["name"],
    }


def test_the_claim_has_the_size_and_class_of_the_catalogue(reconciliation: Reconciliation) -> None:
    spec = one(reconciliation, "PersistentVolumeClaim")["spec"]
    assert spec["resources"]["requests"]["storage"] == reconciliation.workspace.volume
    assert spec["accessModes"] == ["ReadWriteOnce"]
    assert spec["storageClassName"] == "ceph-block"


def test_the_mover_runs_as_the_pod_does(reconciliation: Reconciliation) -> None:
    pod = pod_spec(reconciliation)["securityContext"]
    wanted = {key: pod[key] for key in ("runAsUser", "runAsGroup", "fsGroup")}
    for kind in ("ReplicationSource", "ReplicationDestination"):
        mover = one(reconciliation, kind)["spec"]["restic"]["moverSecurityContext"]
        assert {key: mover[key] for key in wanted} == wanted, (
            f"{kind}: restored files would belong to another user"
        )


def test_a_restore_ends_in_a_snapshot_because_nothing_else_can_fill_a_claim(
    reconciliation: Reconciliation,
) -> None:
    assert (
        one(reconciliation, "ReplicationDestination")["spec"]["restic"]["copyMethod"] == "Snapshot"
    )


def test_the_secret_has_the_keys_that_the_pod_reads_and_no_other(
    reconciliation: Reconciliation,
) -> None:
    secret = reconciliation.workspace.secret
    produced = one(reconciliation, "ExternalSecret", secret)["spec"]["target"]["template"]["data"]
    pod = pod_spec(reconciliation)
    from_volumes = {
        item["key"]
        for volume in pod["volumes"]
        if volume.get("secret", {}).get("secretName") == secret
        for item in volume["secret"]["items"]
    }
    from_env = {
        entry["valueFrom"]["secretKeyRef"]["key"]
        for container in pod["containers"] + pod["initContainers"]
        for entry in container["env"]
        if entry.get("valueFrom", {}).get("secretKeyRef", {}).get("name") == secret
    }
    assert from_volumes | from_env == set(produced)


def test_every_key_of_the_secret_is_fetched_from_the_store(reconciliation: Reconciliation) -> None:
    for secret in (d for d in reconciliation.objects if d["kind"] == "ExternalSecret"):
        templates = "".join(secret["spec"]["target"]["template"]["data"].values())
        fetched = {entry["secretKey"] for entry in secret["spec"]["data"]}
        assert set(re.findall(r"{{ \.(\w+) }}", templates)) == fetched, secret["metadata"]["name"]


def test_reloader_watches_the_secret_that_is_made(reconciliation: Reconciliation) -> None:
    annotations = one(reconciliation, "Deployment")["metadata"]["annotations"]
    assert annotations["secret.reloader.stakater.com/reload"] == reconciliation.workspace.secret


def health_expression(reconciliation: Reconciliation, kind: str) -> Any:
    """The expressions by which Flux tells whether an object of this kind is healthy."""
    found = flux_kustomization(reconciliation)["healthCheckExprs"]
    (expression,) = (each for each in found if each["kind"] == kind)
    return expression


def test_every_health_check_names_an_object_that_is_applied(reconciliation: Reconciliation) -> None:
    applied = {
        (d["apiVersion"], d["kind"], d["metadata"]["name"], d["metadata"]["namespace"])
        for d in reconciliation.applied
    }
    checks = {
        (c["apiVersion"], c["kind"], c["name"], c["namespace"])
        for c in flux_kustomization(reconciliation)["healthChecks"]
    }
    assert checks <= applied
    assert {kind for _, kind, _, _ in checks} == {"ExternalSecret", "OCIRepository", "HelmRelease"}


def test_an_external_secret_without_conditions_is_not_healthy(
    reconciliation: Reconciliation,
) -> None:
    expression = health_expression(reconciliation, "ExternalSecret")
    assert "exists(" in expression["current"]
    assert "failed" not in expression, "`failed` is true of conditions that are not there yet"


def test_a_chart_that_cannot_be_fetched_is_told_at_once(reconciliation: Reconciliation) -> None:
    expression = health_expression(reconciliation, "OCIRepository")
    assert "'FetchFailed' && e.status == 'True'" in expression["failed"]
    assert "'Ready' && e.status == 'True'" in expression["current"]


def test_the_kustomization_waits_longer_than_the_release(reconciliation: Reconciliation) -> None:
    release = reconciliation.release["spec"]
    outer = seconds(flux_kustomization(reconciliation)["timeout"])
    assert outer > seconds(release["timeout"]), "its message would hide that of the HelmRelease"


def test_a_failed_release_neither_uninstalls_nor_rolls_back(reconciliation: Reconciliation) -> None:
    release = reconciliation.release["spec"]
    for action in ("install", "upgrade"):
        assert release[action]["strategy"]["name"] == "RetryOnFailure"
        assert "remediation" not in release[action]
    assert not {"uninstall", "rollback"} & release.keys()


def test_drift_is_corrected(reconciliation: Reconciliation) -> None:
    assert reconciliation.release["spec"]["driftDetection"] == {"mode": "enabled"}


def test_the_release_takes_the_chart_from_its_own_source(reconciliation: Reconciliation) -> None:
    reference = reconciliation.release["spec"]["chartRef"]
    source = one(reconciliation, reference["kind"], reference["name"])
    assert source["spec"]["layerSelector"]["operation"] == "copy"
    assert source["spec"]["ref"]["tag"] == "0.1.0"


def test_the_route_reaches_the_service_and_never_times_out(reconciliation: Reconciliation) -> None:
    (rule,) = one(reconciliation, "HTTPRoute")["spec"]["rules"]
    (backend,) = rule["backendRefs"]
    ports = {
        port["port"] for port in one(reconciliation, "Service", backend["name"])["spec"]["ports"]
    }
    assert backend["port"] in ports
    assert rule["timeouts"] == {"request": "0s"}


def test_only_the_gateways_namespace_and_the_door_test_come_in(
    reconciliation: Reconciliation,
) -> None:
    gateway = one(reconciliation, "HTTPRoute")["spec"]["parentRefs"][0]["namespace"]
    policy = one(reconciliation, "NetworkPolicy")["spec"]
    (rule,) = policy["ingress"]
    assert rule["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": gateway}}},
        {"podSelector": {"matchLabels": {"app.kubernetes.io/component": "door-test"}}},
    ]


def test_flux_labels_its_owner_on_what_it_applies(reconciliation: Reconciliation) -> None:
    app = reconciliation.workspace.app
    for document in reconciliation.applied:
        assert document["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"] == app
    for document in reconciliation.manifests:
        assert document["metadata"]["labels"]["helm.toolkit.fluxcd.io/name"] == app


def test_two_workspaces_share_no_name_host_claim_or_secret(cluster: Cluster) -> None:
    first, second = (
        {(d["kind"], d["metadata"]["name"]) for d in r.objects} for r in cluster.reconciliations
    )
    assert not first & second
    hosts = [one(r, "HTTPRoute")["spec"]["hostnames"] for r in cluster.reconciliations]
    assert hosts == [["flux.opencode.example.com"], ["ha.opencode.example.com"]]


def test_two_workspaces_differ_only_in_name_repository_host_and_backup_minute(
    cluster: Cluster,
) -> None:
    first, second = ([str(d) for d in r.objects] for r in cluster.reconciliations)

    def neutral(text: str, *words: str) -> str:
        for word in words:
            text = text.replace(word, "·")
        return re.sub(r"'\d+ \* \* \* \*'", "schedule", text)

    a = [
        neutral(t, "OPENCODE_FLUX_", "opencode-flux", "home-kubernetes.git", "flux.opencode.")
        for t in first
    ]
    b = [
        neutral(t, "OPENCODE_HA_", "opencode-ha", "home-assistant-config.git", "ha.opencode.")
        for t in second
    ]
    assert a == b


def test_the_namespace_is_never_pruned_and_admits_restricted_pods_only(cluster: Cluster) -> None:
    (namespace,) = cluster.shared
    labels = namespace["metadata"]["labels"]
    assert labels["kustomize.toolkit.fluxcd.io/prune"] == "disabled"
    assert {
        labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")
    } == {"restricted"}
