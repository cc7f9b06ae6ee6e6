# Tenor: everything a newcomer, an operator or CI runs. `make help` lists it.
PYTHON := $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
CODE := $(wildcard core accounting actors adapters loadtests cli.py)
.DEFAULT_GOAL := help
.PHONY: help setup run serve test check fmt properties sim bench load lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 14

setup: .venv/.ready ## make .venv with everything pinned (again only when the lock or pyproject.toml change)

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Tenor needs Python 3.11: install it, then run make setup PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

run: setup ## a day in the life of a lender on 10,000 real loans, with an HTML report
	$(BIN)/tenor demo

serve: setup ## serve the book that settings and environment name
	$(BIN)/tenor serve

test: setup ## the whole test suite
	$(BIN)/pytest

check: setup ## format, lint, types and import rules, as CI runs them
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict $(CODE) tests
	$(BIN)/lint-imports

fmt: setup ## format and sort imports
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

properties: setup ## the property tests with many more examples
	HYPOTHESIS_PROFILE=thorough $(BIN)/pytest tests/properties

sim: setup ## seeded simulation of crashes, delays and day cuts: make sim SEED=123 (the tests read SEED)
	$(BIN)/pytest tests/simulation

bench: setup ## durable repayments a second, then a day close
	$(BIN)/tenor bench repay
	$(BIN)/tenor bench close

load: setup ## Locust, headless, against an embedded system
	$(BIN)/tenor bench load

lock: setup ## pin the newest versions that pyproject.toml allows, with their hashes
	$(BIN)/uv pip compile --quiet --upgrade --all-extras --generate-hashes --no-header --no-emit-index-url \
		--strip-extras --python-version 3.11 -o requirements.lock pyproject.toml

clean: ## remove the environment, caches and build outputs (a book in .tenor stays)
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
