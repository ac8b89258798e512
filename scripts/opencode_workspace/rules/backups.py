"""Do VolSync's backups run, and into a repository of their own?"""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace.rules.deployment import Applied, Deployment
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.products import secret_products
from opencode_workspace.rules.registry import also, check
from opencode_workspace.rules.schedules import problem
from opencode_workspace.rules.source import Document, mapping
from opencode_workspace.violation import Steps

_SCHEDULE: Steps = ("spec", "trigger", "schedule")
_MANUAL: Steps = ("spec", "trigger", "manual")
_NEEDED = ("RESTIC_REPOSITORY", "RESTIC_PASSWORD")
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
