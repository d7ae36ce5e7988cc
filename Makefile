# make reports   set up, run every notebook at the quick preset, build reports/index.html
# make test      set up, then format, lint, types, import contracts and tests
PYTHON ?= python3
PRESET ?= quick
JOBS ?= 0
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := lab,logic,spiking,quantum,text,rl,series,cluster,dev
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup reports test test-full lint lab bench kill-test lock clean

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## make .venv and install the locked versions

$(READY): pyproject.toml constraints.txt benchmarks/peers.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"nsai needs Python 3.11 or newer; $(PYTHON) is {v.major}.{v.minor}. Try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@# not compiled here: most files of the packages are never imported
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[$(EXTRAS)]'
	$(BIN)/python -m pip install --quiet --no-compile --no-deps --requirement benchmarks/peers.txt
	@touch $@

reports: $(READY)  ## run what is missing or stale (PRESET=full for the big ones), build the site
	@$(BIN)/nsai report --preset $(PRESET) --jobs $(JOBS)

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/nsai check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint  ## format, lint, types, import contracts, tests and doctests
	$(BIN)/pytest -n auto

test-full: lint  ## the same with the long checks, and Triton's interpreter for the GPU's kernels
	$(BIN)/python -m pip install --quiet --no-deps triton==3.9.0
	$(BIN)/pytest -n auto -m "long or not long" --timeout 3600

lab: $(READY)  ## open JupyterLab on the notebooks
	$(BIN)/jupyter lab --notebook-dir notebooks

bench: $(READY)  ## time ours and its peers side by side
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --requirement benchmarks/peers/requirements.txt
	.venv-peers/bin/python -m pip install --quiet --no-deps --ignore-requires-python lava-nc==0.10.0
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

kill-test: $(READY)  ## kill batches at 20 random moments and resume them
	$(BIN)/python tests/kill_batches.py 20

lock: pyproject.toml  ## pin the whole tree anew in constraints.txt
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet 'torch==2.13.0' && .venv-lock/bin/python -m pip install --quiet --editable '.[$(EXTRAS),bench]'
	.venv-lock/bin/python -m pip freeze --exclude-editable | sed 's/^\(torch==[^+]*\)+.*/\1/' > constraints.txt
	rm -rf .venv-lock

clean:  ## remove the environment and everything that reports wrote
	rm -rf $(VENV) .venv-lock .venv-peers reports/runs reports/pages reports/*.html reports/.staging reports/.locks reports/batch.json
