# Everything here needs only Python 3.11 or later and make; the rest goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := PYTHONPATH= $(BIN)/

.PHONY: demo test bench docs fmt clean
.DELETE_ON_ERROR:

# A stamp for each set of dependencies, remade when pyproject.toml changes.
$(VENV)/%.stamp: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

demo: $(VENV)/cli,emulator.stamp
	@$(BIN)/bbquery sessions --emulator --table "user_metadata['client']:'acme'"

test: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/bbquery check
	$(BIN)/coverage erase
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term

bench: $(VENV)/bench.stamp
	$(BIN)/python -m benchmarks

docs: $(VENV)/dev.stamp
	$(RUN)python docs/pictures.py

fmt: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) dist build .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
