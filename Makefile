# siftmap: `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= data
# What keeps people apart and their decisions whole: its branches are reported by themselves.
GUARDS := api/web/security.py,api/web/deps.py,api/v1/callers.py,review/permissions.py,review/events.py,$\
	review/jobs.py,review/people/*.py,review/decisions/blinding.py,review/decisions/history.py
# The fast tests of these.
GUARDS_TESTS := tests/review/decisions tests/review/people tests/review/test_events.py \
	tests/review/test_refusals.py tests/api/web tests/api/work tests/api/v1 tests/api/test_permissions.py
.DEFAULT_GOAL := help
.PHONY: help setup demo serve test test-quick coverage coverage-guards check bench soak mutants fix lock

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/ready ## Build the environment in .venv

# The lock file says what is installed, to the hash; the project itself is linked in.
$(VENV)/ready: requirements.lock pyproject.toml
	@echo "Installing into $(VENV); this takes about a minute."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Make the demonstration review and serve it (FRESH=1 starts over)
	@if [ -n "$(FRESH)" ]; then rm -rf "$(DATA)"; fi
	SIFTMAP_DATA_DIR="$(DATA)" $(BIN)/siftmap demo
	SIFTMAP_DATA_DIR="$(DATA)" $(BIN)/siftmap serve

serve: setup ## Serve what is in the data folder
	SIFTMAP_DATA_DIR="$(DATA)" $(BIN)/siftmap migrate
	SIFTMAP_DATA_DIR="$(DATA)" $(BIN)/siftmap serve

test: setup ## Run every test on SQLite and PostgreSQL, browser journeys included
	@sh .ci/needs
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-quick: setup ## Run the fast tests: SQLite alone, no browser (three minutes)
	$(BIN)/python -m pytest -n auto --dist worksteal --quick

coverage: setup ## Print the branch coverage of the fast tests, and of the modules that guard the data
	$(BIN)/python -m pytest -n auto --dist worksteal --quick -q --cov --cov-report=term
	$(BIN)/coverage report --no-skip-covered --show-missing --include="$(GUARDS)"

coverage-guards: setup ## Print the branch coverage of the modules that guard the data, by their tests
	$(BIN)/python -m pytest -n auto --dist worksteal --quick -q --cov --cov-report= $(GUARDS_TESTS)
	$(BIN)/coverage report --no-skip-covered --show-missing --include="$(GUARDS)"

check: setup ## Check everything that CI checks beside the tests; change no file
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/commit_message.py
	$(BIN)/python -m pytest -q tests/test_docs.py tests/test_tooling.py tests/soak tests/migrations

bench: setup ## Measure speed and accuracy (slow; needs the measuring data)
	$(BIN)/python tests/benchmarks/start_up.py
	$(BIN)/python tests/benchmarks/lists.py
	$(BIN)/python tests/benchmarks/read_files.py
	$(BIN)/python tests/benchmarks/read_files.py --speed 20000
	$(BIN)/python tests/benchmarks/duplicates.py
	$(BIN)/python tests/benchmarks/duplicates.py --growth
	$(BIN)/python tests/benchmarks/ranking.py
	$(BIN)/python tests/benchmarks/ranking.py --scale 10000
	$(BIN)/python tests/benchmarks/ranking.py --scale 100000
	$(BIN)/python tests/benchmarks/stopping.py
	$(BIN)/python tests/benchmarks/whole_path.py
	$(BIN)/python tests/benchmarks/decision_cost.py
	$(BIN)/python tests/benchmarks/key_to_title.py
	$(BIN)/python tests/benchmarks/public_map.py
	$(BIN)/python tests/benchmarks/load.py --minutes 2

soak: setup ## Try the goals of docs/reliability.md (ROWS=LD1,DU1: only these), then every long test
	@sh .ci/needs
	$(BIN)/python tests/soak/run.py $(ROWS)
	@if [ -z "$(ROWS)" ]; then SIFTMAP_TEST_PROFILE=soak \
		$(BIN)/python -m pytest -n auto --dist loadfile -m "soak or not soak" tests && \
		$(MAKE) mutants; fi

mutants: setup ## Change the code of decisions and the log a little, and list what no test noticed
	$(BIN)/mutmut run
	$(BIN)/mutmut results

fix: setup ## Format, and fix what a machine can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## Write requirements.lock again (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-strip-extras --extra dev --extra bench -q -o requirements.lock pyproject.toml
