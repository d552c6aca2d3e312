# Each target sets up what it needs (.ci/bootstrap) and passes ARGS on: make test ARGS="-k raw"
.DEFAULT_GOAL := help
.PHONY: help demo dev dashboard notebook test test-fast test-spark4 soak bench check format clean

BIN := .venv/bin
# The stamps that .ci/bootstrap leaves; the second environment is the first plus the development tools.
RUN := .venv/.ready-run
DEV := .venv/.ready-dev
SPARK4 := .venv-spark4/.ready-dev
# dg with an instance of its own, in which telemetry is off: its default one is in the user's home, with telemetry on.
DG := VIRTUAL_ENV=$(CURDIR)/.venv DAGSTER_HOME=$(CURDIR)/.venv/dagster PYTHONWARNINGS=ignore $(BIN)/dg

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

# make dev PROFILE=s3local, and the same with demo: what a profile needs is installed with it, and only then.
PROFILE :=
S3LOCAL := .venv/.ready-s3local
NOTEBOOK := .venv/.ready-notebook
READY := $(if $(filter s3local,$(PROFILE)),$(S3LOCAL),$(RUN))
WITH := $(if $(PROFILE),--profile $(PROFILE))

demo: $(READY) ## Sample MongoDB -> every table built and checked -> some questions answered
	@$(BIN)/fq demo $(WITH) $(ARGS)

dev: $(READY) ## The same stack left running, with the Dagster UI, schedules and sensors on
	@$(BIN)/fq dev $(WITH) $(ARGS)

dashboard: $(RUN) ## The analyses and the accounting marts in a browser; `make dev` has it too
	@$(BIN)/fq dashboard $(ARGS)

notebook: $(NOTEBOOK) ## A guided tour of the tables in JupyterLab, to run and to change
	@$(BIN)/fq notebook $(ARGS)

# Two processes, each with servers and a JVM of its own: much of the time one of them waits.
IN_TWO := --numprocesses 2 --dist loadfile --no-loadscope-reorder
test: $(DEV) ## All tests, on a real MongoDB server, Spark, catalogs, S3 server and browser
	@$(BIN)/pytest $(IN_TWO) $(ARGS)

test-fast: $(DEV) ## The quick tests: no server, JVM or browser, no long series of examples
	@$(BIN)/pytest $(IN_TWO) -m "not services and not exhaustive" $(ARGS)

test-spark4: $(SPARK4) ## All tests on Spark 4.1, in an environment of its own; needs a full JDK 17
	@.venv-spark4/bin/pytest $(IN_TWO) $(ARGS)

soak: $(DEV) ## 60 simulated days of source activity against the real daemons, and figures; takes more than an hour
	@$(BIN)/python -W ignore -m fq_platform_tests.soak $(ARGS)

bench: $(DEV) ## Measure extraction against its targets: a table, and JSON in benchmarks/results
	@$(BIN)/python -m benchmarks $(ARGS)

check: $(DEV) ## Format, lint, types, lock file, Dagster definitions, file sizes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	.ci/bootstrap uv lock --check
	@mkdir -p .venv/dagster && cp dagster.yaml .venv/dagster/
	$(DG) check toml
	$(DG) check yaml
	$(DG) check defs
	@large=$$(git ls-files -z -- ':!uv.lock' | xargs -0 sh -c 'find "$$@" -size +1024k' sh); \
		[ -z "$$large" ] || { echo "Larger than 1 MiB, keep out of git: $$large" >&2; exit 1; }

format: $(DEV) ## Format the code and apply the safe fixes of the linter
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove environments and caches of the checkout; data in .fq stay
	rm -rf .venv .venv-spark4 .bootstrap .pytest_cache .mypy_cache .ruff_cache .hypothesis dist spark-warehouse
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): uv.lock pyproject.toml .ci/bootstrap .ci/uv.txt
	@.ci/bootstrap run

$(S3LOCAL): uv.lock pyproject.toml .ci/bootstrap .ci/uv.txt
	@.ci/bootstrap run s3local

$(NOTEBOOK): uv.lock pyproject.toml .ci/bootstrap .ci/uv.txt
	@.ci/bootstrap run notebook

$(DEV): uv.lock pyproject.toml .ci/bootstrap .ci/uv.txt
	@.ci/bootstrap dev

$(SPARK4): uv.lock pyproject.toml .ci/bootstrap .ci/uv.txt .ci/spark4.txt
	@.ci/bootstrap spark4
