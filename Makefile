# runyard: `make demo` opens the console on its own mock server, `make test` runs everything CI runs.
# Both need Python >= 3.11 with venv, and a package index; nothing else.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip --disable-pip-version-check --quiet

.PHONY: demo test check format install dev lock screens bench soak clean

demo: install
	@$(BIN)/runyard demo

test: check
	$(BIN)/pytest -n auto --dist loadfile

check: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy

format: dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

install: $(VENV)/.installed
dev: $(VENV)/.dev

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "runyard needs Python 3.11 or newer; name it with make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/.python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q adapters tui
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.installed
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

# Versions and hashes only; for every Python and platform that runyard supports.
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet
lock:
	$(LOCK) --extra build --output-file requirements.lock
	$(LOCK) --extra build --extra grpc --extra dev --output-file requirements-dev.lock

screens: dev
	$(BIN)/python docs/screens.py

bench: dev
	$(BIN)/python -m bench --save bench/RESULTS.md
	PYTHONPATH=. $(BIN)/python docs/readme.py

soak: dev
	$(BIN)/python -m tests.soak

clean:
	rm -rf $(VENV) .venvs .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build
