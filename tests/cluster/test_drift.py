"""What somebody changes by hand is put back."""

from __future__ import annotations

from tests.cluster.rig.api import wait_for
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.workspace import NAMESPACE

NAME = "opencode-ha"


def test_an_edited_deployment_is_put_back(cluster: Cluster) -> None:
    def grace() -> int:
        spec = cluster.api.read("Deployment", NAME, NAMESPACE)["spec"]["template"]["spec"]
        return int(spec["terminationGracePeriodSeconds"])

    wanted = grace()
    edit = {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": wanted + 7}}}}
    cluster.api.patch("Deployment", NAME, NAMESPACE, edit)
    cluster.reconcile("HelmRelease", NAME, NAMESPACE)
    wait_for(lambda: grace() == wanted, "corrected Deployment")
    cluster.workspace("ha").wait_pod()


def test_a_deleted_service_comes_back(cluster: Cluster) -> None:
    cluster.api.delete("Service", NAME, NAMESPACE)
    cluster.reconcile("HelmRelease", NAME, NAMESPACE)
    wait_for(lambda: cluster.api.get("Service", NAME, NAMESPACE), "restored Service")
    wait_for(lambda: cluster.workspace("ha").get()[0] == 401, "page behind the restored Service")


def test_a_deleted_route_comes_back(cluster: Cluster) -> None:
    cluster.api.delete("HTTPRoute", NAME, NAMESPACE)
    cluster.reconcile("HelmRelease", NAME, NAMESPACE)
    wait_for(lambda: cluster.api.get("HTTPRoute", NAME, NAMESPACE), "restored HTTPRoute")
