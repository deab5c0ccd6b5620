# make demo   the main job, on an emulated 3CX          make test   the whole test suite
# make check  format, lint, types, imports, English      make bench  figures, beside the peer's
# make docs   the site, in site/                         make dist   what a release publishes
# make fleet  what work on many machines needs, to try it on this one
# make console  the console over emulated PBXs          make metrics  their metrics, for Prometheus
# make pictures  pictures of the console, in docs/pictures
# make n8n-test  the n8n package's own tests               make n8n-check  its lint, build and n8n's scan
# make n8n-e2e   the n8n package in a real n8n and its editor
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check

.PHONY: demo fleet console metrics pictures test coverage check bench n8n n8n-test n8n-check n8n-e2e lock catalog reference generated dist docs clean

demo: .venv/run.stamp
	@$(BIN)/trunkline demo

# Postgres comes from the system: apt install postgresql.
fleet: .venv/fleet.stamp
	@echo "Installed. Next: $(BIN)/trunkline fleet up"

console: .venv/surfaces.stamp
	@$(BIN)/python tools/showcase.py console

metrics: .venv/surfaces.stamp
	@$(BIN)/python tools/showcase.py metrics --all-profiles

test: .venv/dev.stamp n8n inspector
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

# Tracing costs half as much again on Python 3.11; from 3.14 on it is nearly free.
coverage: .venv/dev.stamp n8n inspector
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal --cov --cov-report term-missing:skip-covered

check: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/basedpyright --level error
	$(BIN)/lint-imports
	$(BIN)/python tools/english.py
	$(BIN)/python tools/n8n_catalog.py --check
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml

bench: .venv/bench.stamp
	$(BIN)/python -m benchmarks

# Each stamp says that its set of pinned packages is installed; a changed pin installs again.
.venv/run.stamp: requirements.lock pyproject.toml emulator/pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e . -e ./emulator
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.lock integrations/prefect/pyproject.toml
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation -e ./integrations/prefect
	@touch $@

# What `trunkline fleet` needs: Prefect and the driver of Postgres.
.venv/fleet.stamp: .venv/run.stamp requirements-fleet.lock
	$(PIP) install --require-hashes -r requirements-fleet.lock
	$(PIP) install --no-deps --no-build-isolation -e ./integrations/prefect
	@touch $@

# What `trunkline metrics`, `mcp` and `console` need.
.venv/surfaces.stamp: .venv/run.stamp requirements-surfaces.lock
	$(PIP) install --require-hashes -r requirements-surfaces.lock
	@touch $@

.venv/bench.stamp: .venv/dev.stamp
	-npm install --silent --no-save --prefix .venv/prism @stoplight/prism-cli@5
	@touch $@

# The packages that build and test the n8n package. Where there is no npm, or it gets none, the tests say so and are skipped.
N8N := integrations/n8n
n8n: $(N8N)/node_modules/.stamp
$(N8N)/node_modules/.stamp: $(N8N)/package-lock.json
	-cd $(N8N) && { test -L node_modules || npm ci --loglevel=error --no-audit --no-fund; } && touch node_modules/.stamp

# The MCP inspector, which the tests of `trunkline mcp` use as a client; they are skipped where it is not installed.
INSPECTOR := tests/agents/inspector
inspector: $(INSPECTOR)/node_modules/.stamp
$(INSPECTOR)/node_modules/.stamp: $(INSPECTOR)/package-lock.json
	-cd $(INSPECTOR) && npm ci --loglevel=error --no-audit --no-fund && touch node_modules/.stamp

n8n-test: .venv/dev.stamp n8n
	TRUNKLINE_N8N_TESTS=required $(BIN)/python -m pytest tests/n8n

n8n-check: n8n
	cd $(N8N) && npm run --silent check

# A real n8n, in a browser too: some minutes, and 2.3 GB in .cache/n8n (or N8N_DIR) the first time. Needs Chromium.
n8n-e2e: .venv/run.stamp n8n
	cd $(N8N)/e2e && npm ci --no-audit --no-fund && node install.mjs && node --test --test-reporter=spec all.test.mjs

# Pins and hashes of everything that the targets above install. Both packages are read here and looked up nowhere.
PIN := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-header --no-emit-options \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --build-deps-for editable \
	--constraint .venv/own.txt --unsafe-package trunkline
lock: .venv/dev.stamp
	$(PIP) install pip-tools
	echo "trunkline @ file://$(CURDIR)" > .venv/own.txt
	$(PIN) -o requirements.lock emulator/pyproject.toml
	$(PIN) -o requirements-fleet.lock emulator/pyproject.toml integrations/prefect/pyproject.toml
	$(PIN) --extra dev -o requirements-dev.lock pyproject.toml emulator/pyproject.toml integrations/prefect/pyproject.toml
	cp requirements-dev.lock requirements-surfaces.lock # one version of a package, wherever it is pinned
	$(PIN) --extra metrics --extra mcp --extra console -o requirements-surfaces.lock pyproject.toml emulator/pyproject.toml

# SPECS: the OpenAPI files that 3CX published, each named DATE_VERSION.yaml.
catalog: .venv/dev.stamp
	$(BIN)/python -m trunkline.catalog.compile $(SPECS)
	$(BIN)/python tools/stubs.py
	$(BIN)/python tools/reference.py
	$(BIN)/python tools/n8n_catalog.py

# All that is written from the catalog and the command line; a clean tree afterwards says that nothing was stale.
generated: .venv/dev.stamp
	$(BIN)/python tools/stubs.py
	$(BIN)/python tools/reference.py
	$(BIN)/python tools/schemas.py
	$(BIN)/python tools/evidence.py
	$(BIN)/python tools/n8n_catalog.py

pictures: .venv/dev.stamp
	$(BIN)/python tools/pictures.py

docs: .venv/dev.stamp
	$(BIN)/zensical build --strict

# What a release publishes.
dist: .venv/dev.stamp
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist
	cd emulator && ../$(BIN)/python -m hatchling build -t wheel -d ../dist # its version lies outside, so no sdist
	cd integrations/prefect && ../../$(BIN)/python -m hatchling build -t wheel -d ../../dist

# docs/reference, after a change of the command line.
reference: .venv/dev.stamp
	$(BIN)/python tools/reference.py

clean:
	rm -rf .venv dist site .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
