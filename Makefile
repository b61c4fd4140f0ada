# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := demo
PORT ?= 8321
JOBS ?= 2

.PHONY: help run demo test soak check docs bench wheel clean
.DEFAULT_GOAL := help

help:
	@echo "make run    set up, build the example workspace, ask it three questions, serve it"
	@echo "make test   set up and run the tests"
	@echo "make check  ruff, mypy, import-linter, wheel build and a smoke test of the installed wheel"
	@echo "make soak   the long tests: every failpoint on every engine, long edit histories"
	@echo "make docs   refill the generated parts of docs/"
	@echo "make bench  every speed claim, beside its peers"

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with PYTHON=…"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[all]" --group dev
	@touch $@

run: demo
	@$(BIN)/headrace --workspace $(DEMO) serve --port $(PORT)

demo: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/tour.sh $(DEMO)

test: $(READY)
	$(BIN)/python -m pytest -n $(JOBS) -m "not soak"

soak: $(READY)
	HEADRACE_SOAK=1 $(BIN)/python -m pytest -n $(JOBS) -m soak

check: $(READY)
	$(BIN)/ruff check src tests bench scripts
	$(BIN)/ruff format --check src tests bench scripts
	$(BIN)/mypy
	$(BIN)/lint-imports
	sh scripts/check_wheel.sh $(BIN)/python

docs: $(READY)
	$(BIN)/python scripts/build_docs.py

bench: $(READY)
	$(BIN)/python bench/retrieval.py
	$(BIN)/python bench/search.py
	$(BIN)/python bench/privacy.py
	$(BIN)/python bench/startup.py
	$(BIN)/python bench/prompts.py
	$(BIN)/python bench/gates.py
	$(BIN)/python bench/quality.py
	$(BIN)/python bench/ingest.py

wheel: $(READY)
	$(BIN)/python -m build --wheel --outdir dist

clean:
	rm -rf $(VENV) $(DEMO) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
