# Every task of the repository. Needs Python 3.11 or newer, make and git; all else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH_VENV := .venv-bench
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check

# .venv alone decides what Python sees.
unexport PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_PREFIX

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help train test hunt test-oracles bench bench-tabular lint format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile
	@echo 'Another Python: make PYTHON=python3.12 test (run "make clean" first if .venv exists)'

train: $(VENV)/installed ## Train a network on handwritten digits, on this computer, in seconds
	@$(BIN)/chainrule train digits

test: $(VENV)/installed-dev ## Run the tests
	@$(BIN)/python -m pytest --quiet --numprocesses auto

hunt: $(VENV)/installed-dev ## Run the property tests on cases never drawn before
	@$(BIN)/python -m pytest --quiet --numprocesses auto --hypothesis-profile random $(HUNT)

test-oracles: $(VENV)/installed-oracles ## Compare with PyTorch and JAX (installs both)
	@$(BIN)/python -m pytest --quiet -m oracle

bench: $(BENCH_VENV)/installed ## Measure against PyTorch, JAX, scikit-learn, NumPy (installs them apart)
	@$(BENCH_VENV)/bin/python -m benchmarks $(BENCH)

bench-tabular: $(BENCH_VENV)/installed-tabular ## Measure networks for tables against LightGBM, pytabkit, scikit-learn
	@$(BENCH_VENV)/bin/python -m benchmarks.tabular $(BENCH)

lint: $(VENV)/installed-dev ## Check format, style, types and layers
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/installed-dev ## Format the code and mend what can be mended
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

clean: ## Remove environments, caches and builds
	@rm -rf $(VENV) $(BENCH_VENV) build dist .hypothesis .import_linter_cache .pytest_cache .ruff_cache
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are files: set-up is repeated only after pyproject.toml changed.
$(VENV)/installed: pyproject.toml | $(BIN)/python
	@echo 'Installing chainrule into $(VENV)'
	@$(PIP) install --editable '.[plot]'
	@touch $@

$(VENV)/installed-dev: pyproject.toml | $(BIN)/python
	@echo 'Installing chainrule and its development tools into $(VENV)'
	@$(PIP) install --editable '.[dev]'
	@touch $(VENV)/installed $@

$(VENV)/installed-oracles: pyproject.toml | $(BIN)/python
	@echo 'Installing chainrule, its development tools, PyTorch and JAX into $(VENV)'
	@$(PIP) install --editable '.[dev,oracles]'
	@touch $(VENV)/installed $(VENV)/installed-dev $@

$(BENCH_VENV)/installed: pyproject.toml | $(BENCH_VENV)/bin/python
	@echo 'Installing chainrule, PyTorch and JAX into $(BENCH_VENV)'
	@$(BENCH_VENV)/bin/python -m pip -qq --disable-pip-version-check install --editable '.[bench]'
	@touch $@

$(BENCH_VENV)/installed-tabular: pyproject.toml | $(BENCH_VENV)/bin/python
	@echo 'Installing chainrule, PyTorch, LightGBM and pytabkit into $(BENCH_VENV)'
	@$(BENCH_VENV)/bin/python -m pip -qq --disable-pip-version-check install --editable '.[bench-tabular]'
	@touch $@

$(BIN)/python $(BENCH_VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "chainrule needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1)"; \
		echo 'Name a newer one, for example: make PYTHON=python3.12 train'; \
		exit 1; }
	@$(PYTHON) -m venv --clear $(@:/bin/python=)
