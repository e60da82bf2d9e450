# `make` compiles the spec we ship; `make test` runs every check. Each sets up what it needs first.

PYTHON ?= python3
# Every worker starts a test bed of its own, and one that waits for the AWS CLI leaves its core to another.
WORKERS ?= 2

SPEC := spec/analytics.yaml
BIN := .venv/bin
PIP_FLAGS := --quiet --disable-pip-version-check --no-input

.PHONY: compile test golden bench clean
.DELETE_ON_ERROR:

compile: .venv/installed
	$(BIN)/analytics-compile $(SPEC)

test: .venv/installed-test .testbed/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/analytics-compile $(SPEC) --check
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile

# Write what the compiler makes over what the tests expect. Read the diff line by line.
golden: .venv/installed-test
	$(BIN)/python -m compiler.inline
	$(BIN)/pytest -m "not bed" --update-golden
	$(BIN)/analytics-compile $(SPEC)

bench: .venv/installed-test
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .testbed build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# Stamps: pip runs again only when what it installs from has changed.

.venv/installed: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/pip install $(PIP_FLAGS) --editable .
	@touch $@

.venv/installed-test: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/pip install $(PIP_FLAGS) --editable '.[test]'
	@touch .venv/installed $@

.testbed/installed: tests/bed/requirements.txt | .testbed/bin/python
	.testbed/bin/pip install $(PIP_FLAGS) --requirement $<
	@touch $@

.venv/bin/python .testbed/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "analytics-compile needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(@:/bin/python=)
