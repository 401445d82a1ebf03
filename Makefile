# The targets are the commands of the README. Each one makes what it needs.
PYTHON ?= python3
VENV ?= .venv
ARGS ?=
WORKERS ?= 2

.PHONY: train test lint format check gpu-check clean

train: $(VENV)/.train  ## install, then the main job: a tiny model learns to write Python
	$(VENV)/bin/python train.py $(ARGS)

test: $(VENV)/.dev  ## install, then the tests (slow, gpu and network ones are left out)
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile \
		-m "not slow and not gpu and not network" $(ARGS)

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

$(VENV)/.train: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.train
	$(VENV)/bin/pip install --quiet --editable '.[dev]'
	touch $@
