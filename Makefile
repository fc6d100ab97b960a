# Verbs of this project; `make` alone lists them.
# Stamps in .make/ let a verb that has nothing to do end at once.

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# A lock is complete and pinned by hash: there is nothing to resolve, and bytecode is made on
# all cores afterwards (a package may carry a file that does not compile; that is its affair).
INSTALL = $(PIP) install --require-hashes --no-deps --no-compile --only-binary :all: -r
COMPILE = $(BIN)/python -W ignore -m compileall -q -j 0 $(VENV)/lib >/dev/null || true
# Bytecode that nobody keeps would be made again in every process that tests start.
TESTED := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m
PYTEST := $(TESTED) pytest
SOURCES := $(wildcard src agents tools evals tests benchmarks)

# Stamps without the environment they speak of are void.
ifeq ($(wildcard $(BIN)/python),)
$(shell rm -rf .make)
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help setup demo test check test-slow mutants bench lock clean

help: ## list the verbs
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | \
		awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

setup: .make/runtime ## make .venv ready to run Makegood

demo: .make/runtime ## a rainstorm over a district, live (ARGS="--port 8080 --speed 60")
	@$(BIN)/makegood demo $(ARGS)

test: .make/dev ## every fast test on both databases, and the browser test where Chromium is
	@$(TESTED) tests.warm
	@$(PYTEST) -m "not slow or browser" -n $(JOBS) $(ARGS)

check: .make/dev ## format, lint, types, import contracts, fast tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@# Kernels are compiled on the core that the type checker leaves idle.
	@$(TESTED) tests.warm & $(BIN)/basedpyright && $(BIN)/lint-imports && wait $$!
	@$(PYTEST) -m "not slow" -n $(JOBS) $(ARGS)

test-slow: .make/dev ## the tests that take longer
	@$(TESTED) tests.warm
	@$(PYTEST) -m slow -n $(JOBS) --timeout=1800 $(ARGS)

mutants: .make/dev ## take each invariant's guard away and show that its test fails
	@$(BIN)/python -m tests.mutants $(ARGS)

bench: .make/dev ## measure, and write benchmarks/README.md
	@$(BIN)/python -m benchmarks $(ARGS)

LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
	--no-emit-index-url --generate-hashes --custom-compile-command "make lock" --quiet

lock: .make/dev ## compile both locks anew from pyproject.toml (ARGS=--upgrade renews all)
	@$(LOCK) $(ARGS) -o requirements.lock
	@$(LOCK) $(ARGS) --group dev -c requirements.lock -o requirements-dev.lock

clean: ## take away everything that was made here, .venv included
	@rm -rf $(VENV) .make dist build .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what the verbs stand on ---------------------------------------------------------------

.make/venv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
		echo "Makegood needs Python 3.11 to 3.13, and '$(PYTHON)' is not one of them." >&2; \
		echo "Install one and name it: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.11" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
		echo "This Python cannot make virtual environments: install its venv package" >&2; \
		echo "(python3-venv on Debian), or name another: PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@mkdir -p .make && touch $@

.make/locked: .make/venv requirements.lock
	@echo "Installing what Makegood needs ..."
	@$(INSTALL) requirements.lock
	@$(COMPILE)
	@touch $@

.make/runtime: .make/locked pyproject.toml
	@$(PIP) install --no-deps --editable .
	@touch $@

.make/dev: .make/runtime requirements-dev.lock
	@echo "Installing what its tests need ..."
	@$(INSTALL) requirements-dev.lock
	@$(COMPILE)
	@touch $@
