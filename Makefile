# Thin on purpose: every target is one command. The virtual environment is made on first use and again when the
# lock file or pyproject.toml changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_BENCH := $(VENV)/.ready-bench
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help demo mention-demo serve test check format crash faults bench lock clean

help:
	@echo "make demo    search the documentation of the Python that runs it"
	@echo "make mention-demo   a page that knows people by their mentions"
	@echo "make serve   serve ./data with Qdrant's REST API on port 6333"
	@echo "make test    lint, types, floors, tests"
	@echo "make check   lint, types, floors only"
	@echo "make format  rewrite the sources in the house format"
	@echo "make crash   kill a writing process 200 times; nothing acknowledged may be missing"
	@echo "make faults  50 schedules of faults on three real nodes, 2,000 simulated ones"
	@echo "make bench   the measured comparisons"
	@echo "make lock    renew the lock files from pyproject.toml"

demo: $(READY)
	$(BIN)/tamis demo

mention-demo: $(READY)
	$(BIN)/mention serve --path ./mention-data --sample

serve: $(READY)
	$(BIN)/tamis serve --path ./data

test: check
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

crash: $(READY)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.crash.kill_loop --kills 200

faults: $(READY)
	$(BIN)/python -m tests.cluster.simulation --schedules 2000
	$(BIN)/python -m tests.cluster.schedule --schedules 50

bench: $(READY_BENCH)
	@for question in unfiltered filtered ingest served soak cluster; do echo "== $$question"; $(BIN)/python bench/$$question.py || exit 1; done

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("tamis needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --requirement requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(READY_BENCH): $(READY) requirements-bench.lock
	$(PIP) install --requirement requirements-bench.lock
	@touch $@

# A fresh environment, the newest versions the bounds allow, and what that gave.
lock:
	rm -rf $(VENV)-lock
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip --disable-pip-version-check install --editable '.[demo,dev]'
	$(VENV)-lock/bin/python -m pip freeze --exclude-editable > requirements-dev.lock
	$(VENV)-lock/bin/python -m pip --disable-pip-version-check install --editable '.[demo,dev,bench]'
	$(VENV)-lock/bin/python -m pip freeze --exclude-editable > requirements-bench.lock
	rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
