"""What kustomize does to the namespaces of a role binding's subjects.

Its namespace transformer moves subjects of the name `default`; its name reference transformer then makes
every other subject follow the ServiceAccount of the same build that it names, if that was moved. Neither
looks at the subject's kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opencode_workspace.errors import UserError
from opencode_workspace.identity import resource_id

Document = dict[str, Any]

BINDINGS = ("RoleBinding", "ClusterRoleBinding")
_GROUP = "rbac.authorization.k8s.io"


def move_default(document: Document, namespace: str) -> None:
    """Puts the subjects `default` of a role binding into `namespace`."""
    for subject in _subjects(document):
        if subject.get("name") == "default":
            subject["namespace"] = namespace


def follow_accounts(documents: Sequence[Document], moved: Mapping[int, str], source: str) -> None:
    """Puts the subjects of all role bindings where the ServiceAccounts that they name have gone.

    moved: the namespace from before the first change of each object that a namespace was set on, `default`
    for none, by `id()` of the document. source: the kustomization file, for messages.

    Raises UserError when a subject could be any of several accounts.
    """
    for document in documents:
        identity = resource_id(document)
        if identity.group != _GROUP or identity.kind not in BINDINGS:
            continue
        reachable = [one for one in documents if _can_name(document, one)]
        for subject in _subjects(document):
            found = {
                _namespace(one)
                for one in _candidates(subject, reachable, moved)
                if id(one) in moved and _is_account(one, subject.get("name"))
            }
            if len(found) > 1:
                raise UserError(
                    f"found multiple possible referrals: {identity} could mean the ServiceAccount "
                    f"{subject.get('name')} in {' or '.join(sorted(found))}",
                    source,
                    "Write the namespace of the subject",
                )
            for namespace in found:
                subject["namespace"] = namespace


def _subjects(document: Document) -> Iterator[Document]:
    subjects = document.get("subjects")
    if isinstance(subjects, list):
        yield from (subject for subject in subjects if isinstance(subject, dict))


def _candidates(
    subject: Document, documents: Sequence[Document], moved: Mapping[int, str]
) -> Sequence[Document]:
    """Objects of the subject's namespace as it was; if there was none, as it is."""
    if "namespace" not in subject:
        return documents
    namespace = subject["namespace"]
    before = [one for one in documents if moved.get(id(one), _namespace(one)) == namespace]
    return before or [one for one in documents if _namespace(one) == namespace]


def _can_name(binding: Document, other: Document) -> bool:
    if binding["kind"] == "ClusterRoleBinding" or _namespace(binding) == _namespace(other):
        return True
    named = {
        subject.get("namespace")
        for subject in _subjects(binding)
        if subject.get("kind") == "ServiceAccount"
    }
    return other["metadata"].get("namespace") in named - {None}


def _is_account(document: Document, name: Any) -> bool:
    identity = resource_id(document)
    kind = (identity.group, identity.version, identity.kind)
    return kind == ("", "v1", "ServiceAccount") and identity.name == name


def _namespace(document: Document) -> str:
    return str(document["metadata"].get("namespace") or "default")
