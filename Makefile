# Every target works on a fresh clone: what it needs is installed first, once, at pinned versions,
# into .venv and .cache. `make clean` removes both.
.NOTPARALLEL:
# Where it is set, every process compiles everything anew: a fifth of the time of `make test`.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help

BIN := .venv/bin
TOOLS := .cache/tools/bin
RUN := .venv/.installed-run
DEV := .venv/.installed-dev
GO_TOOLS := $(addprefix $(TOOLS)/,helm3 helm4 ct kube-score podsecurity)

PYTEST := $(BIN)/python -m pytest
# On two cores three are a tenth faster than two: tests of the pod's scripts wait more than they compute.
JOBS ?= 3
SHELL_FILES = .ci/run $(shell find charts images tests tools -name '*.sh' 2>/dev/null)

.PHONY: help preview test test-slow test-cluster proof mutation lint tools packages packages-slow bench scale golden docs
.PHONY: lock clean
.PHONY: lint-python lint-shell lint-yaml lint-chart lint-tree

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

preview: $(RUN) ## Show what will be deployed; needs Python alone
	@$(BIN)/opencode-workspace preview

test: $(DEV) packages $(GO_TOOLS) ## Run every test that takes no cluster and no patience
	@$(PYTEST) --numprocesses $(JOBS) --dist worksteal --ignore tests/cluster -m "not slow" \
		--junitxml build/junit/quick.xml

test-slow: $(DEV) packages packages-slow $(GO_TOOLS) $(TOOLS)/checkov ## Run the tests that `make test` leaves out as too slow
	@$(PYTEST) --numprocesses $(JOBS) --dist worksteal --ignore tests/cluster -m slow \
		--junitxml build/junit/slow.xml

test-cluster: $(DEV) packages packages-slow ## Run the tests that start a cluster of their own (Linux, root)
	@$(BIN)/python -m tests.cluster

# Also after a failure: the pages say what failed, and the last line fails with them.
proof: $(DEV) ## Run every test and write docs/reliability.md and docs/proof.md from what happened
	@rm -rf build/junit
	-@$(MAKE) --keep-going test test-slow test-cluster
	@$(BIN)/python -m tests.pages

mutation: $(DEV) packages $(GO_TOOLS) ## Damage chart, scripts and generator, and see that the tests notice
	@$(BIN)/python -m tests.mutation

lint: lint-python lint-shell lint-yaml lint-chart lint-tree ## Check style, types, chart and generated files

lint-python: $(DEV)
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy

lint-shell: $(DEV)
	@PATH="$(BIN):$$PATH" shellcheck $(SHELL_FILES)
	@$(BIN)/shfmt -d -i 2 -ci -bn $(SHELL_FILES)

lint-yaml: $(DEV)
	@$(BIN)/yamllint --strict .

lint-chart: $(DEV) $(GO_TOOLS)
	@tools/lint-chart.sh

lint-tree: $(RUN)
	@$(BIN)/opencode-workspace generate --check

tools: $(RUN) $(GO_TOOLS) $(TOOLS)/checkov ## Put Helm 3, Helm 4 and the checkers of charts into .cache/tools/bin

packages:
	@tools/packages.sh

packages-slow:
	@tools/packages.sh packages-slow.txt

bench: $(DEV) $(GO_TOOLS) ## Measure generate, render and check, beside their budgets
	@$(BIN)/python -m bench.run

scale: $(DEV) packages packages-slow ## Measure 50 and 200 workspaces on a cluster (Linux, root); writes docs/scale.md
	@$(BIN)/python -m tests.cluster.scale

golden: $(DEV) $(GO_TOOLS) ## Accept what the chart and the tree render to now
	@$(PYTEST) tests/golden --update-golden

docs: $(RUN) ## Write the values table in the chart's README, and docs/rules.md
	@$(BIN)/python -m opencode_workspace.reference
	@$(BIN)/python -m opencode_workspace.rules

# UPGRADE=1 takes the newest versions pyproject.toml allows; otherwise pins stay where they are.
lock: | $(BIN)/uv ## Write requirements/*.lock from pyproject.toml (UPGRADE=1 for newest versions)
	@UPGRADE=$(UPGRADE) tools/lock.sh

clean: ## Remove everything make installed or wrote
	rm -rf .venv .cache build

# An environment is bound to the path it was made at and to the Python it was made with; a clone
# that was moved or copied, or whose Python went away, gets a new one.
ifneq ($(CURDIR),$(shell cat .venv/.path 2>/dev/null))
.PHONY: $(RUN) $(DEV)
endif
$(BIN)/python: ;
# Not $(DEV): a lock that cannot be installed any more must still be replaceable.
$(BIN)/uv:
	@tools/venv.sh dev
$(RUN): requirements/run.lock pyproject.toml tools/venv.sh $(BIN)/python
	@tools/venv.sh run
$(DEV): requirements/dev.lock pyproject.toml tools/venv.sh $(BIN)/python
	@tools/venv.sh dev

$(TOOLS)/checkov: requirements/checkov.lock tools/checkov.sh | $(RUN)
	@tools/checkov.sh

$(TOOLS)/%: tools/%/go.mod tools/%/go.sum tools/%/ldflags tools/build.sh | $(RUN)
	@tools/build.sh $*

$(TOOLS)/podsecurity: tools/podsecurity/main.go
