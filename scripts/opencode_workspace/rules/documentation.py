"""The page about the rules, written from `rules.yaml`."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace.rules.finding import Rule, rules

_HEAD = """\
# Rules of `opencode-workspace check`

<!-- Written by `make docs` from rules.yaml; edit that file, not this one. -->

`opencode-workspace check [PATH]` looks for these mistakes in a folder, `flux` by default, without a cluster.
An error makes the exit code 1, a warning does not; 2 means that not everything could be looked at, because Helm or
the schemas of Kubernetes are not installed (the Python packages `helm-python-sdk` and `kubernetes-validate`) or a rule
failed. What lies elsewhere, such as a chart that is not in the repository, is a note.
Without a catalogue (`workspaces.yaml`) nobody says what the cluster provides: a reference that the folder does
not resolve is then a warning. `--format` writes `json`, annotations for `github`, or `sarif`.

The comment `# opencode-workspace: allow RULE` on the line of a finding, or alone on the line above, leaves the
finding out; several rules have commas between them. In Markdown write `<!-- opencode-workspace: allow RULE -->`.
How many findings were left out is told at the end.
"""


def page() -> str:
    """The page, Markdown."""
    return "\n".join([_HEAD, *_table(), "", *(_section(rule) for rule in rules().values())])


def _table() -> Iterator[str]:
    yield "| Rule | Severity | What it finds |"
    yield "|---|---|---|"
    for rule in rules().values():
        yield f"| [`{rule.id}`](#{rule.id}) | {rule.severity} | {rule.title} |"


def _section(rule: Rule) -> str:
    return f"## {rule.id}\n\n{rule.title}.\n\n**Why:** {rule.why}\n\n**Remedy:** {rule.remedy}.\n"
