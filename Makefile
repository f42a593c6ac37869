# `make run` serves the explorer; `make test` runs every test, the browser's too.
# Either sets up what it needs in .venv, from no more than Python 3.11+ and pip.
PYTHON := .venv/bin/python
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore

run: .venv/app
	$(PYTHON) -m app

test: .venv/test
	$(PYTHON) -m tests.browser
	$(PYTHON) -m pytest -n 2

check: .venv/test .venv/lint
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	PATH=".venv/bin:$$PATH" npm ci --no-audit --no-fund --ignore-scripts
	PATH=".venv/bin:$$PATH" npx tsc

.venv/app: pyproject.toml hatch_build.py package.json package-lock.json
	python3 -m venv --without-pip .venv
	python3 -m pip --python $(PYTHON) install --quiet --upgrade pip
	$(PIP) --editable .
	touch $@

.venv/test: .venv/app
	$(PIP) --group test
	touch $@

.venv/lint: .venv/app
	$(PIP) --group lint
	touch $@

.PHONY: run test check
