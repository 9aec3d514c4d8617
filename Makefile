# Two commands from a clone: make setup, make demo. Needs Python 3.11 or later and make; nothing else is installed before.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
READY := .venv/ready
NAME ?=
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test unit check soak bench lock format up clean

help: ## List what there is to say
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make the environment .venv from requirements.lock

# Done again only when what is installed would change. uv goes inside: nothing of the machine's Python is touched.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Laurels needs Python 3.11 or later, and $(PYTHON) is not: make setup PYTHON=python3.12, say" >&2; exit 1; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@$(UV) --version 2>/dev/null | grep -q ' $(UV_VERSION)' || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(UV) pip sync --python $(BIN)/python --compile-bytecode requirements.lock
	$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## Show everything once, with servers of its own
	$(BIN)/python -m deployments.demo

test: check ## Check, then run all tests but the long ones, in JOBS processes (2)
	$(BIN)/python -m pytest -m "not soak" -n $(JOBS) --no-loadscope-reorder

unit: $(READY) ## Run the tests that need no server
	$(BIN)/python -m pytest tests/unit

check: $(READY) ## Format, lint, types, import contracts, schema against migrations
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/laurels schema check --fresh

soak: $(READY) ## Run the long tests
	$(BIN)/python -m pytest -m soak

bench: $(READY) ## Run one benchmark: make bench NAME=...
	@test -n "$(NAME)" || { echo "say which: make bench NAME=..., one of:"; \
	  ls benchmarks/*.py | sed -n 's|.*/\(.*\)\.py|\1|p' | grep -v -e __init__ -e measure; exit 2; }
	$(BIN)/python -m benchmarks.$(NAME)

lock: $(READY) ## Resolve pyproject.toml anew into requirements.lock
	$(UV) pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra dev \
	  --no-header pyproject.toml -o requirements.lock

format: $(READY) ## Put the code in form
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

up: $(READY) ## Start the servers and keep them up
	$(BIN)/laurels up

clean: ## Stop the servers; delete their data and keys (.laurels), the environment and all caches
	@test ! -e $(READY) || $(BIN)/python -c \
	  'from laurels import embedded, settings; embedded.remove(settings.Settings())'
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
