#!/bin/sh
# Usage: tools/lint-chart.sh
# Lints the chart as chart-testing does (Chart.yaml, YAML, `helm lint` with every ci/*-values.yaml),
# once under each Helm. `helm lint` succeeds on a template that calls `fail`, so each is rendered too.
set -eu
cd "$(dirname "$0")/.."
chart=charts/opencode-workspace
log=$(mktemp)
trap 'rm -f "$log"' EXIT

quietly() {
  if ! "$@" >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    echo "Failed with $("$helm" version --short): $*" >&2
    exit 1
  fi
}

path=$PATH
for link in helm3 helm4; do
  # ct runs whichever `helm` comes first on PATH, and yamale and yamllint beside it.
  helm=$PWD/.cache/tools/bin/$(readlink ".cache/tools/bin/$link")
  PATH=${helm%/*}:$PWD/.venv/bin:$path
  # Naming the chart turns off the comparison with the target branch, which a tree under work fails.
  quietly .cache/tools/bin/ct lint --config ct.yaml --charts "$chart"
  for values in "$chart"/ci/*-values.yaml; do
    quietly "$helm" template ci "$chart" --values "$values"
  done
done
