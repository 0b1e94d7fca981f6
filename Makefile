# make run: the dashboard. make test: the tests. Both do all set-up on a machine with Python 3.11 or newer.
.PHONY: run test check fix bench soak pictures live lock audit clean
.DEFAULT_GOAL := run

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501
export PIP_DISABLE_PIP_VERSION_CHECK := 1

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.txt | $(BIN)/python
	$(BIN)/pip install --quiet -r requirements.txt
	touch $@

.venv/test.stamp: requirements-dev.txt requirements-server.txt .venv/run.stamp
	$(BIN)/pip install --quiet -r requirements-dev.txt
	touch $@

run: .venv/run.stamp
	$(BIN)/streamlit run app.py --server.address 127.0.0.1 --server.port $(PORT)

# Browser tests come after the others and one by one: what they wait for should not wait for another test. At most three of
# them are tried once more, for a browser on a busy machine now and then loses a press; which ones is printed.
# BEFORE_BROWSER: a command between the two, such as one that waits for what runs beside the first.
test: .venv/test.stamp
	$(BIN)/pytest -n 2 --dist worksteal -m "not browser" $(ARGS) || [ $$? -eq 5 ]
	$(BEFORE_BROWSER)
	$(BIN)/pytest -m browser --reruns 1 --max-suite-reruns 3 -r R $(ARGS) || [ $$? -eq 5 ]

check: .venv/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test

fix: .venv/test.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/test.stamp
	$(BIN)/python -m tests.bench

soak: .venv/test.stamp
	SOLAR_MINING_CASES=10000 SOLAR_MINING_MUTATIONS=10000 $(BIN)/pytest -n 2 -k "any_site_gives or a_mutated_file" \
	  tests/studies/test_projection.py tests/fetchers/test_weather_mutations.py
	$(BIN)/python -m tests.api.fuzzing
	$(BIN)/python -m tests.soak_api
	$(BIN)/python -m tests.soak_store
	$(BIN)/python -m tests.soak_backups
	$(BIN)/python -m tests.soak_release
	$(BIN)/python -m tests.soak_load

# What README and tutorial show, taken from the running app; the figures in the tutorial's tables too.
pictures: .venv/test.stamp
	$(BIN)/python -m tests.browser.pictures

live: .venv/run.stamp
	$(BIN)/python -m core live

# Tools of their own environment: what they need must not mix with what the program needs.
.venv/supply.stamp: requirements-supply.txt | $(BIN)/python
	$(PYTHON) -m venv .venv/supply
	.venv/supply/bin/pip install --quiet -r requirements-supply.txt
	touch $@

lock: .venv/supply.stamp .venv/test.stamp
	(echo '# Every package that runs with the program, for all platforms, with hashes. Made by `make lock`: do not edit.'; \
	  .venv/supply/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements-server.txt) > requirements.lock.new
	mv requirements.lock.new requirements.lock
	$(BIN)/python deploy/supply.py licences
	$(BIN)/python deploy/supply.py check

audit: .venv/supply.stamp .venv/run.stamp
	$(BIN)/python deploy/supply.py audit .venv/supply/bin/pip-audit

clean:
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis
