# The tasks of a developer. A fresh machine needs Python 3.11 and make; the rest comes from PyPI
# (and from Debian, for root on Debian).

PYTHON ?= python3
MAIN := .venvs/main/bin
PYTEST_OPTIONS ?=
PLAIN := not kubeflow and not airflow and not torch and not cluster and not argo and not kubeflow_server
CLUSTER := PYTHONPATH=tests $(MAIN)/python -m cluster
ENVIRONMENTS := .environment-main .environment-kubeflow .environment-airflow .environment-torch

.PHONY: help demo test test-engines lint format types unit kubeflow airflow torch golden readme \
	benchmarks cluster cluster-stop conformance-argo conformance-airflow conformance-kubeflow clean

help:
	@echo "make demo        run the digits example here, on real data"
	@echo "make test        all tests, linters and type checks, in environments it makes"
	@echo "make test-engines  the tests that need a real Kubernetes, which it builds and starts (root)"
	@echo "make conformance-argo  the conformance suite on the Argo of KUBECONFIG; keeps what it gave"
	@echo "make conformance-airflow  the same on an Airflow that it starts, pods in the same cluster"
	@echo "make conformance-kubeflow  the same on the Kubeflow Pipelines at HEADRACE_KFP_HOST"
	@echo "make cluster     start one for yourself;  make cluster-stop: end it from elsewhere"
	@echo "make lint        linters and type checks;  make unit, kubeflow, airflow, torch: one suite"
	@echo "make golden      rewrite golden/ from what the compiler gives now"
	@echo "make readme      rewrite the generated parts of the README and of docs/"
	@echo "make format      format the code;  make clean: remove what these tasks made"

demo:
	@$(PYTHON) tests/environments.py demo
	.venvs/demo/bin/headrace run examples/digits.py

test: lint $(ENVIRONMENTS) unit kubeflow airflow torch

lint: .environment-main
	$(MAIN)/ruff check .
	$(MAIN)/ruff format --check .
	$(MAIN)/mypy
	$(MAIN)/lint-imports

# The frontend meets the Python files of all environments, so `test` makes them first.
unit: .environment-main
	$(MAIN)/pytest -n auto -m "$(PLAIN)" $(PYTEST_OPTIONS)

kubeflow: .environment-kubeflow .environment-torch
	.venvs/kubeflow/bin/pytest -n auto --dist worksteal -rs -m "kubeflow or kubeflow_server" $(PYTEST_OPTIONS)

airflow: .environment-airflow .environment-torch
	AIRFLOW_HOME=$(CURDIR)/.venvs/airflow/home .venvs/airflow/bin/pytest -n auto --dist worksteal -m airflow $(PYTEST_OPTIONS)

torch: .environment-torch
	.venvs/torch/bin/pytest -m torch $(PYTEST_OPTIONS)

# tests/cluster/README.md says what a machine needs. One that cannot says so, and that is no failure.
test-engines: .environment-main .environment-airflow
	$(CLUSTER) run .venvs/airflow/bin/pytest -m "cluster or argo" $(PYTEST_OPTIONS)

# CASES="a_step texts": only these; OPTIONS=--help: the options.
conformance-argo conformance-airflow: conformance-%: .environment-airflow
	PYTHONPATH=tests .venvs/airflow/bin/python -m conformance.engines $* $(OPTIONS) $(CASES)

conformance-kubeflow: .environment-kubeflow
	PYTHONPATH=tests .venvs/kubeflow/bin/python -m conformance.engines kubeflow $(OPTIONS) $(CASES)

cluster: .environment-main
	$(CLUSTER) start

cluster-stop: .environment-main
	$(CLUSTER) stop

# The run that rewrites fails, so that nobody takes it for a run that compared.
golden: .environment-main
	-$(MAIN)/pytest -m "$(PLAIN)" --update-golden -q
	git status --short golden

readme: .environment-main
	$(MAIN)/python tests/readme.py

format: .environment-main
	$(MAIN)/ruff check --fix .
	$(MAIN)/ruff format .

benchmarks: .environment-main .environment-kubeflow .environment-airflow
	PYTHONPATH=tests $(MAIN)/python -m benchmarks.measure

clean:
	rm -rf .venvs build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.PHONY: $(ENVIRONMENTS)
$(ENVIRONMENTS): .environment-%:
	@$(PYTHON) tests/environments.py $*
