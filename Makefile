# Needs Python 3.11 or newer and make. PYTHON=python3.12 picks another interpreter.
PYTHON ?= python3
PYTEST_ARGS ?=
LOCK_ARGS ?=

BIN := .venv/bin
INSTALLED := .venv/installed
LOCK := UV_CUSTOM_COMPILE_COMMAND="make lock" UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --no-config \
	--universal --python-version 3.11 --generate-hashes --no-annotate $(LOCK_ARGS)

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help demo test lint docs lock image-test clean
.DELETE_ON_ERROR:

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null || grep '##' Makefile

demo: $(INSTALLED) ## run the connector against the sandbox and compare the result with the truth
	@$(BIN)/python tools/demo.py

test: lint ## lint, then all tests (some: PYTEST_ARGS="unit_tests -k throttle")
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(PYTEST_ARGS)

lint: $(INSTALLED) ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

docs: $(INSTALLED) ## make the reference pages in docs/ from the code
	@$(BIN)/python tools/docs.py

lock: $(INSTALLED) ## bring the lock files up to date with pyproject.toml (newest: LOCK_ARGS=--upgrade)
	@$(LOCK) pyproject.toml --output-file requirements.lock
	@$(LOCK) pyproject.toml --extra aws --extra lambda --extra otel --extra parquet --output-file requirements-runner.lock
	@$(LOCK) pyproject.toml --extra dev --output-file requirements-dev.lock
	@$(LOCK) integration_tests/pyairbyte/requirements.in --output-file integration_tests/pyairbyte/requirements.lock

image-test: ## build the image and try it
	@tools/image.sh

clean: ## remove what the other targets made
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist demo-output *.egg-info

$(INSTALLED): pyproject.toml requirements.lock requirements-dev.lock
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed: install Python 3.11 to 3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "$$($(PYTHON) --version) can't be used: name a Python 3.11 to 3.13, as in make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) has no venv: install it (Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@echo "installing into .venv"
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
