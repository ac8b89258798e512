"""Does a catalogue say what it means, and is every mistake in it told with its place?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opencode_workspace import catalogue, mistakes, yamlio
from opencode_workspace.errors import EXIT_FINDINGS, EXIT_UNUSABLE, UserError

MISTAKES = sorted((Path(__file__).parent / "mistakes").glob("*.yaml"))
BASE = """\
cluster:
  root: ./flux
  namespace: opencode
  source: {kind: GitRepository, name: home-kubernetes, namespace: flux-system}
  variables: {SECRET_DOMAIN: example.com}
  secretStore: {kind: ClusterSecretStore, name: doppler-secrets}
  gateway: {name: envoy-internal, namespace: network, certificateNames: ["*.${SECRET_DOMAIN}"]}
  volumeTemplate: ./templates/volsync
chart: {repository: oci://ghcr.io/owner/charts/opencode-workspace, version: 0.1.0, path: ../charts/opencode-workspace}
"""
GOOD = f"""{BASE}
workspaces:
  docs-site:
    repository: https://github.com/owner/docs.git
    host: docs.${{SECRET_DOMAIN}}
  notes:
    repository: git@github.com:owner/notes.git
    host: notes.${{SECRET_DOMAIN}}
"""


def parse(text: str) -> catalogue.Catalogue:
    return catalogue.parse(text, Path("flux/workspaces.yaml"))


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_each_mistake_is_told_with_its_line_and_a_remedy(path: Path) -> None:
    expected, workspaces = yamlio.parse(path.read_text(), str(path))
    text = f"{BASE}\n{path.read_text().partition('---')[2].lstrip()}"

    with pytest.raises(UserError) as caught:
        parse(text)

    message = str(caught.value)
    assert caught.value.exit_code == EXIT_FINDINGS
    assert workspaces, f"{path} has no input after its ---"
    for line in expected["expect"]:
        # A line end among the words says that nothing comes after them.
        assert line in f"{message}\n", f"{path.name}: {line!r} is not in:\n{message}"
    assert f"workspaces.yaml:{BASE.count(chr(10)) + 1 + expected['line']}" in message, message
    for secret in expected.get("silent", []):
        assert secret not in message, f"{path.name} repeats {secret!r}"


def test_a_good_catalogue_is_read_in_its_own_order() -> None:
    assert [w.app for w in parse(GOOD).workspaces] == ["opencode-docs-site", "opencode-notes"]


@pytest.mark.parametrize(
    "address",
    [
        "oci://ghcr.io/Owner/charts/opencode-workspace",
        "https://ghcr.io/owner/charts",
        "oci://ghcr.io",
    ],
)
def test_an_address_that_no_registry_has_is_refused(address: str) -> None:
    with pytest.raises(UserError, match=f"/chart/repository: '{address}' does not match"):
        parse(GOOD.replace("oci://ghcr.io/owner/charts/opencode-workspace", address))


def test_what_is_not_given_is_neither_null_nor_missing() -> None:
    read = parse(GOOD)
    workspace = read.workspaces[0]
    assert (read.values, workspace.values, workspace.image) == ({}, {}, {})
    assert (workspace.parked, workspace.branch, workspace.update) == (False, "", "none")


@pytest.mark.parametrize(
    ("name", "host_length", "told"),
    [
        ("a" * 44, 20, None),
        ("a" * 45, 20, "is longer than 53 characters"),
        ("a", 253, None),
        ("a", 254, "is not a host name"),
    ],
)
def test_a_name_and_a_host_may_be_as_long_as_kubernetes_takes_them(
    name: str, host_length: int, told: str | None
) -> None:
    host = (
        ("a" * 49 + ".") * 5 + "a" * (host_length - 250) if host_length > 250 else "a.example.com"
    )
    text = BASE.replace("*.${SECRET_DOMAIN}", host)
    text += f"\nworkspaces: {{{name}: {{repository: '', host: {host}}}}}\n"
    if told is None:
        assert parse(text).workspaces[0].host == host
    else:
        with pytest.raises(UserError, match=told):
            parse(text)


def test_a_deploy_key_may_come_from_the_workspaces_own_values() -> None:
    text = GOOD + (
        "    secretKeys: {deployKey: null}\n"
        "    values: {persistence: {deploy-key: {type: secret, name: mine}}}\n"
    )
    assert parse(text).workspaces[1].secret_keys.deploy_key is None


def test_a_text_with_an_unknown_variable_is_never_resolved() -> None:
    with pytest.raises(UserError, match="NOPE"):
        mistakes.resolved("a.${NOPE}", {"SECRET_DOMAIN": "example.com"})


def test_a_deploy_key_belongs_to_ssh_repositories_only() -> None:
    docs, notes = parse(GOOD).workspaces
    assert docs.secret_keys.deploy_key is None
    assert notes.secret_keys.deploy_key == "OPENCODE_NOTES_DEPLOY_KEY"


def test_secret_keys_can_be_renamed_and_switched_off() -> None:
    text = GOOD + "    secretKeys: {serverPassword: MINE, copilotAuth: null}\n"
    keys = parse(text).workspaces[1].secret_keys
    assert (keys.server_password, keys.copilot_auth) == ("MINE", None)


def test_all_mistakes_are_told_at_once() -> None:
    text = GOOD.replace("host: docs.", "host: a.b.").replace(
        "git@github.com:owner/notes.git", "ftp://x/y"
    )
    with pytest.raises(UserError) as caught:
        parse(text)
    assert len(str(caught.value).splitlines()) == 2


def test_a_path_outside_the_cluster_root_is_refused() -> None:
    with pytest.raises(UserError, match=r"not below the catalogue's cluster\.root"):
        parse(GOOD).resolve("./kubernetes/apps")


def test_a_flux_path_is_found_below_the_catalogue_wherever_its_folder_lies() -> None:
    moved = parse(GOOD.replace("root: ./flux", "root: ./kubernetes"))
    assert moved.resolve("./kubernetes/apps/x") == Path("flux/apps/x")


@pytest.mark.parametrize("path", ["./apps/x", "apps/x"])
def test_a_catalogue_may_lie_at_the_root_of_its_repository(path: str) -> None:
    assert parse(GOOD.replace("root: ./flux", "root: .")).resolve(path) == Path("flux/apps/x")


@pytest.mark.parametrize("path", ["../apps", "/apps"])
def test_a_path_outside_the_repository_is_refused(path: str) -> None:
    with pytest.raises(UserError, match=r"not below the catalogue's cluster\.root"):
        parse(GOOD.replace("root: ./flux", "root: .")).resolve(path)


@pytest.mark.parametrize(
    ("field", "wrong", "example"),
    [
        ("root: ./flux", "root: flux", "./kubernetes"),
        ("Template: ./templates", "Template: ../templates", "./templates/volsync"),
        ('["*.${SECRET_DOMAIN}"]', '[""]', "*.example.com"),
    ],
)
def test_a_text_in_another_form_is_refused_with_an_example(
    field: str, wrong: str, example: str
) -> None:
    with pytest.raises(UserError, match=rf"Write it like {re.escape(example)}$"):
        parse(GOOD.replace(field, wrong))


def test_certificate_names_that_cannot_be_substituted_are_told_with_their_line() -> None:
    text = GOOD.replace("*.${SECRET_DOMAIN}", "*.${OTHER}")
    with pytest.raises(UserError, match=r"workspaces\.yaml:7: certificateNames uses OTHER"):
        parse(text)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("opencode-notes", "Did you mean 'notes'?"), ("nope", "Use one of: docs-site, notes")],
)
def test_an_unknown_workspace_is_refused_with_the_names_there_are(name: str, hint: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(GOOD).select([name])
    assert caught.value.exit_code == EXIT_UNUSABLE
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "a.b.example.com", False),
        ("*.example.com", "example.com", False),
        ("a.example.com", "a.example.com", True),
        ("a.example.com", "b.example.com", False),
        ("*.Example.com", "a.example.COM", True),
    ],
)
def test_a_wildcard_covers_exactly_one_label(pattern: str, host: str, covered: bool) -> None:
    assert mistakes.covers(pattern, host) is covered


def test_the_shipped_schema_is_the_packages_own(repository: Path) -> None:
    shipped = (repository / "flux" / catalogue.SCHEMA_NAME).read_text()
    assert shipped == catalogue.schema_text(), "run `opencode-workspace generate`"


def test_a_user_name_in_an_https_url_is_not_taken_for_a_token() -> None:
    text = GOOD.replace("https://github.com/", "https://gitlab+deploy-token-1@gitlab.com/")
    assert parse(text).workspaces[0].repository.startswith("https://gitlab+deploy-token-1@")


def test_a_repository_may_name_the_clusters_domain() -> None:
    text = GOOD.replace("git@github.com:", "git@git.${SECRET_DOMAIN}:")
    notes = parse(text).workspaces[1]
    assert notes.repository == "git@git.${SECRET_DOMAIN}:owner/notes.git"
    assert notes.secret_keys.deploy_key == "OPENCODE_NOTES_DEPLOY_KEY"
