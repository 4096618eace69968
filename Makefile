# Everything here needs only Python 3.11 or later and make; the rest goes into .venv.
# `make test PYTHON=python3.13` uses an environment of its own, and so does DEPENDENCIES=lowest. COVERAGE=1 measures
# coverage, which takes half as long again. EXAMPLES=1 tries each property on as many examples as it names.
PYTHON ?= python3
DEPENDENCIES ?= highest
SECONDS ?= 60
COVERAGE ?=
EXAMPLES ?= 0.5
# One more than the cores of the smallest machine that has to be quick enough: a quarter of the time, tests wait.
WORKERS ?= 3
MODULE ?= bbquery/semantics/evaluator.py
ifneq ($(filter-out python3,$(PYTHON))$(filter lowest,$(DEPENDENCIES)),)
  SUFFIX := -$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')$(filter lowest,$(DEPENDENCIES))
endif
VENV := .venv$(SUFFIX)
BIN := $(VENV)/bin
RUN := PYTHONPATH= $(BIN)/
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help demo check test test-fast test-spark fuzz mutants bench vscode docs pictures api release fmt clean
.DELETE_ON_ERROR:

help: ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

# A stamp for each set of dependencies, remade when pyproject.toml changes.
$(VENV)/%.stamp: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
ifeq ($(DEPENDENCIES),lowest)
	@$(BIN)/python .ci/lowest_versions.py pyproject.toml > $(VENV)/lowest.txt
	@$(INSTALL) --constraint $(VENV)/lowest.txt --editable '.[$*]'
else
	@$(INSTALL) --editable '.[$*]'
endif
	@touch $@

demo: $(VENV)/cli,emulator.stamp ## run a query against the emulator
	@$(BIN)/bbquery sessions --emulator --table "user_metadata['client']:'acme'"

# Format, lint and types are judged by the newest tools and by the newest types of the libraries: with the lowest, only the
# code is run.
check: $(VENV)/dev.stamp ## look at format, lint, types and our own queries
ifneq ($(DEPENDENCIES),lowest)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
endif
	$(BIN)/bbquery check

test: check ## run `check` and every test
	@PYTHONPATH=tests $(BIN)/python -m support.browser
	@PYTHONPATH=tests $(BIN)/python -m support.node_modules
	@PYTHONPATH=tests $(BIN)/python -m support.prometheus
	$(BIN)/coverage erase
	BBQUERY_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -n $(WORKERS) $(if $(COVERAGE),--cov --cov-report=term)

test-fast: $(VENV)/dev.stamp ## run most tests, with fewer examples, in less than a minute
	BBQUERY_EXAMPLES=0.03 $(BIN)/python -m pytest -n auto -q -m "not slow"

test-spark: $(VENV)/dev,spark.stamp ## run the tests that need Spark and Java
	BBQUERY_SPARK=1 $(BIN)/python -m pytest -n 0 tests/archive/test_spark.py

fuzz: $(VENV)/dev.stamp ## run the properties on new random examples for SECONDS=60
	@PYTHONPATH=tests $(BIN)/python tests/fuzz.py --seconds $(SECONDS)

mutants: $(VENV)/mutants.stamp ## change MODULE=bbquery/… in small ways, and list the changes that no test notices
	@PYTHONPATH=tests $(BIN)/python tests/mutants.py $(MODULE)

bench: $(VENV)/bench.stamp ## measure against other tools
	$(BIN)/python -m benchmarks

vscode: $(VENV)/dev.stamp ## build the extension for VS Code, editors/vscode/bbquery.vsix
	$(RUN)python editors/textmate.py
	cp LICENSE editors/vscode/LICENSE
	cd editors/vscode && npm ci --no-audit --no-fund && npm run package

docs: $(VENV)/dev.stamp ## make the website, build/website/site
	$(RUN)python docs/website.py

pictures: $(VENV)/dev.stamp ## take the pictures of the documentation anew
	$(RUN)python docs/pictures.py

api: $(VENV)/dev.stamp ## compare the public API with that of the latest release
	$(RUN)python .ci/public_api.py

release: $(VENV)/dev.stamp ## build VERSION= into dist/, as it is published, and check it
	rm -rf dist
	$(if $(VERSION),$(BIN)/hatchling version $(VERSION))
	$(BIN)/python -m build --outdir dist .
	$(BIN)/twine check --strict dist/*

fmt: $(VENV)/dev.stamp ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove everything that is made
	rm -rf .venv* dist build editors/vscode/node_modules editors/vscode/out .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache mutants
