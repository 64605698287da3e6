# Every target sets up what it needs in .venv, on a machine that has Python 3.11 or later and make.
# PYTHON=/path/to/python chooses the interpreter; ARGS="..." goes to pytest, mamri demo or the bench.

.DEFAULT_GOAL := help
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/core.stamp
DEV := $(VENV)/dev.stamp
PYTHON ?=
ARGS ?=
# Constraints also hold in the environment that builds the package.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# numba's cache does not notice edits of functions that a compiled one calls in other files.
FRESH := find src -name '*.nb[ic]' ! -newer "$$(ls -t $$(find src -name '*.py') | head -1)" -delete

.PHONY: help demo test check format bench docs lock clean \
	gallery check-format check-lint check-types check-layers check-spelling check-workflows check-docs

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' \
		| expand -t 16

demo: $(CORE) ## simulate one exam as DICOM, analyse it, print where the report is
	@$(FRESH)
	$(BIN)/mamri demo -o demo-output $(ARGS)

test: $(DEV) ## run every test, quick ones first; ARGS="-m 'not slow'" for the quick ones alone
	@$(FRESH)
	$(BIN)/python -m pytest $(ARGS)

check: $(DEV) ## format, lint, types, layers, spelling, workflows and docs; shows every failure
	@$(MAKE) --no-print-directory --keep-going check-format check-lint check-types check-layers \
		check-spelling check-workflows check-docs

format: $(DEV) ## rewrite the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

gallery: $(DEV) ## remake docs/gallery from simulated exams, beside real ones where they are at hand
	@$(FRESH)
	$(BIN)/python scripts/make_simulation_gallery.py $(ARGS)

bench: $(DEV) ## time and peak memory of reading and of a whole analysis, stage by stage
	PATH="$(CURDIR)/$(BIN):$$PATH" python benchmarks/analyze_exam.py $(or $(ARGS),build/benchmark)

docs: $(DEV) ## remake the pages of docs/ that are written from the code
	$(BIN)/python scripts/write_settings_page.py

check-format: $(DEV)
	$(BIN)/ruff format --check .

check-lint: $(DEV)
	$(BIN)/ruff check .

check-types: $(DEV)
	$(BIN)/mypy

check-layers: $(DEV)
	$(BIN)/lint-imports

check-spelling: $(DEV)
	$(BIN)/typos

check-workflows: $(DEV)
	$(BIN)/zizmor --offline --quiet .github/workflows

check-docs: $(DEV)
	$(BIN)/python -m pytest -q -m "not slow" tests/layout

lock: ## remake constraints.txt from the newest releases that pyproject.toml allows
	./scripts/lock_constraints.sh constraints.txt

clean: ## remove what the other targets made
	rm -rf $(VENV) demo-output build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@for candidate in $(if $(PYTHON),'$(PYTHON)',python3.13 python3.12 python3.11 python3); do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			if ! "$$candidate" -c 'import ensurepip, venv' 2>/dev/null; then \
				echo "$$candidate lacks the venv module; on Debian or Ubuntu:" \
					"apt-get install python3-venv" >&2; exit 1; \
			fi; \
			echo "making $(VENV) with $$candidate"; \
			"$$candidate" -m venv $(VENV) && exit 0 || exit 1; \
		fi; \
	done; \
	echo "mamri needs Python 3.11 or later, found none$(if $(PYTHON), at $(PYTHON), on the PATH);" \
		"install one, or name it: make PYTHON=/path/to/python3 ..." >&2; \
	exit 1

$(CORE): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev,train,predict,survival,transfer]'
	@touch $(CORE) $@
