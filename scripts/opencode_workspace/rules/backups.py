"""Do VolSync's backups run, and into a repository of their own?"""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace.rules.deployment import Applied, Deployment, Fact
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.products import remote, secret_products
from opencode_workspace.rules.registry import also, check
from opencode_workspace.rules.schedules import problem
from opencode_workspace.rules.source import Document, items, mapping
from opencode_workspace.rules.templates import filled, uses
from opencode_workspace.violation import Steps

_SCHEDULE: Steps = ("spec", "trigger", "schedule")
_MANUAL: Steps = ("spec", "trigger", "manual")
_REPOSITORY = "RESTIC_REPOSITORY"
_NEEDED = (_REPOSITORY, "RESTIC_PASSWORD")
# The others listen all the time, or are not VolSync's own.
_TRIGGERED = ("restic", "rclone")


@also("missing-secret-key", "deployment")
def missing_restic_key(deployment: Deployment) -> Iterator[Finding]:
    """Keys without which VolSync refuses the Secret of a restic repository."""
    movers = deployment.of_kind("ReplicationSource", "ReplicationDestination")
    if not movers:
        return
    made = secret_products(deployment)
    for name in dict.fromkeys(str(mapping(m.spec.get("restic")).get("repository")) for m in movers):
        product = made.get(name)
        if product is None or product.keys is None:
            continue
        for key in _NEEDED:
            if key not in product.keys:
                yield _missing(product.makers[0], key)


def _missing(maker: Applied, key: str) -> Finding:
    pointer: Steps = ("data",)
    if maker.kind == "ExternalSecret":
        template = mapping(mapping(maker.spec.get("target")).get("template"))
        is_templated = bool(mapping(template.get("data")))
        pointer = ("spec", "target", "template", "data") if is_templated else ("spec", "data")
    # Without a name: one template makes the Secrets of all workspaces.
    message = f"VolSync needs {key} in its Secret, which this {maker.kind} does not make"
    return maker.finding(message, pointer)


@check("refused-schedule", "deployment")
def refused_schedule(deployment: Deployment) -> Iterator[Finding]:
    """Schedules that VolSync's definition refuses, or the library it reads them with."""
    for mover in deployment.of_kind("ReplicationSource", "ReplicationDestination"):
        schedule = mapping(mover.spec.get("trigger")).get("schedule")
        if not isinstance(schedule, str) or "${" in schedule:
            continue
        found = problem(schedule)
        if found and not deployment.is_guess(mover, _SCHEDULE):
            message = f"the schedule {schedule!r}: {found}"
            yield deployment.origin(mover, _SCHEDULE, message)


@check("unscheduled-backup", "deployment")
def unscheduled_backup(deployment: Deployment) -> Iterator[Finding]:
    """Backups that stand still, that run once, and that never rest."""
    # Without a name: one template makes the backups of all workspaces.
    for backup in deployment.of_kind("ReplicationSource"):
        trigger = mapping(backup.spec.get("trigger"))
        if backup.spec.get("paused") is True:
            yield deployment.origin(backup, ("spec", "paused"), "the backup is paused")
        if deployment.is_guess(backup, _MANUAL):
            continue
        if trigger.get("manual"):
            beside = ", whatever its schedule" if trigger.get("schedule") else ""
            message = f"the backup runs once for each value of trigger.manual{beside}"
            yield deployment.origin(backup, _MANUAL, message)
        elif _never_rests(backup, trigger) and not deployment.may_be_patched:
            message = "the backup has no schedule: VolSync begins again as soon as it is done"
            yield backup.finding(message, ("spec", "trigger"))


def _never_rests(backup: Applied, trigger: Document) -> bool:
    return trigger.get("schedule") is None and any(one in backup.spec for one in _TRIGGERED)


def facts(deployment: Deployment) -> Iterator[Fact]:
    """The repositories that a workspace is backed up into."""
    sources = deployment.of_kind("ReplicationSource")
    named = {str(mapping(one.spec.get("restic")).get("repository")) for one in sources}
    for name, product in secret_products(deployment).items() if named else ():
        for applied in product.makers if name in named else ():
            yield from _repository(deployment, applied)


def _repository(deployment: Deployment, applied: Applied) -> Iterator[Fact]:
    """By its address, with what is fetched for it: two names may stand for one value of the store."""
    spec, entry = applied.spec, deployment.entry
    pointer, text = _address(applied)
    if not isinstance(text, str):
        return
    fetched = {str(one.get("secretKey")): remote(applied, one) for one in items(spec.get("data"))}
    value = filled(text, fetched)
    if spec.get("dataFrom"):
        value += f"|{applied.namespace}|{spec.get('secretStoreRef')}|{spec['dataFrom']}"
    is_guess = any(deployment.is_guess(applied, at) for at in _made_of(applied, pointer, text))
    if is_guess:
        # The same names are the same values only if they come from the same place.
        value += f"|{entry.namespace}|{mapping(entry.spec.get('postBuild')).get('substituteFrom')}"
    severity = "warning" if is_guess or entry.spec.get("patches") else ""
    place = applied.finding(entry.name, pointer, severity=severity)
    yield Fact("repository", value, entry.identity, place)


def _made_of(applied: Applied, pointer: Steps, text: str) -> Iterator[Steps]:
    """The places that make an address: its own, and those of the remote keys that it uses."""
    yield pointer
    for index, entry in enumerate(items(applied.spec.get("data"))):
        if str(entry.get("secretKey")) in uses(text).words:
            yield ("spec", "data", index, "remoteRef", "key")
            yield ("spec", "data", index, "remoteRef", "property")


def _address(applied: Applied) -> tuple[Steps, object]:
    """Where the address of a restic repository is written, and its text; as a template, if it is fetched."""
    if applied.kind == "Secret":
        written = mapping(applied.document.get("stringData"))
        return ("stringData", _REPOSITORY), written.get(_REPOSITORY)
    template = mapping(mapping(applied.spec.get("target")).get("template"))
    written = mapping(template.get("data"))
    if _REPOSITORY in written:
        return ("spec", "target", "template", "data", _REPOSITORY), written[_REPOSITORY]
    for index, entry in enumerate(items(applied.spec.get("data"))):
        if entry.get("secretKey") == _REPOSITORY:
            return ("spec", "data", index, "remoteRef", "key"), f"{{{{ .{_REPOSITORY} }}}}"
    return (), None
