# The targets are the commands of the README. Each one makes what it needs.
PYTHON ?= python3
VENV ?= .venv
ARGS ?=
WORKERS ?= 2

.PHONY: train test test-nightly lint format check gpu-check resolve clean

train: $(VENV)/.train  ## install, then the main job: a tiny model learns to write Python
	$(VENV)/bin/python train.py $(ARGS)

TESTS = $(VENV)/bin/python -m pytest -n $(WORKERS) --dist worksteal

test: $(VENV)/.dev  ## install, then the quick tests (nightly, slow, gpu and network ones are left out)
	$(TESTS) -m "not nightly and not slow and not gpu and not network" $(ARGS)

test-nightly: $(VENV)/.dev  ## the further cases of what the quick tests cover
	$(TESTS) -m "nightly and not slow and not gpu and not network" $(ARGS)

lint: $(VENV)/.dev  ## ruff and the strict type checker
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: $(VENV)/.dev
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

check: lint test

gpu-check: $(VENV)/.train  ## on a machine with a GPU: eight minutes, a table in benchmarks/README.md
	$(VENV)/bin/python benchmarks/gpu_check.py $(ARGS)

clean:  ## the virtual environment and tool caches; never outputs/
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

resolve: $(VENV)/.train  ## before a release: does everything that can be installed resolve?
	$(VENV)/bin/pip install --quiet 'uv~=0.13.9'
	$(VENV)/bin/python .ci/resolve.py

# Said before anything is made or downloaded.
$(VENV)/.train: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
		echo 'PYTHON=$(PYTHON) is no Python 3.11, 3.12 or 3.13, which Whetstone needs.'; \
		echo 'Name one: make $(MAKECMDGOALS) PYTHON=python3.12'; exit 2; } >&2
	@$(PYTHON) -c 'import venv, ensurepip' || { \
		echo 'PYTHON=$(PYTHON) cannot make a virtual environment.'; \
		echo 'Debian and Ubuntu have that in a package: sudo apt install python3-venv'; exit 2; } >&2
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.train
	$(VENV)/bin/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
