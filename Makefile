# Every target sets up .venv by itself. Needs Python 3.11 or newer and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check bench bench-diagnosis bench-gate bench-plan bench-targeting bench-recipes bench-teacher bench-verifiers bench-contamination bench-collapse lock clean

demo: $(READY)  ## the whole loop on a real student: 20 to 30 minutes on 2 cores, no key, no GPU
	$(BIN)/weakspot run -c demo.yaml

test: $(READY)  ## all tests, the real student included
	$(BIN)/python -m pytest

check: $(READY)  ## style and types
	$(BIN)/ruff check agent probes curricula tests bench
	$(BIN)/mypy

bench: $(READY)  ## paired ratios, into bench/results/
	$(BIN)/python -m bench

bench-gate: $(READY)  ## the gate over thousands of simulated runs, into bench/results/gate.json; half a minute
	$(BIN)/python -m bench.gate

bench-teacher: $(READY)  ## the teacher engine against a provider that misbehaves, and a plain litellm loop, into bench/results/teacher_engine.json; about 7 minutes
	$(BIN)/python -m bench.teacher_engine

bench-plan: $(READY)  ## does the plan find the better strategy, in simulation, into bench/results/plan.json; about 15 minutes
	$(BIN)/python -m bench.plan

bench-targeting: $(READY)  ## targeted against untargeted lessons on the real student, into bench/results/targeting.json; over an hour, resumable
	$(BIN)/python -m bench.targeting $(ARGS)

bench-recipes: $(READY)  ## the same lessons under several recipes, gate and protected suite, into bench/results/recipes.json; 5 to 10 minutes a recipe on one core, resumable
	$(BIN)/python -m bench.recipes $(ARGS)

bench-verifiers: $(READY)  ## how often the verifiers are wrong, on HumanEval, GSM8K and real documents: about 15 minutes
	$(BIN)/python -m bench.verifiers

bench-diagnosis: $(READY)  ## planted weaknesses: ours against other clusterings, into bench/results/diagnosis.json
	$(BIN)/python -m bench.diagnosis

bench-contamination: $(READY)  ## planted leaks and duplicates on public data, 100,000 lessons against 10,000 probes: about 5 minutes
	$(BIN)/python -m bench.contamination
	$(BIN)/python -m bench.contamination --scale
	$(BIN)/python -m bench.duplicates

bench-collapse: $(READY)  ## ten generations of a small model on its own text, five policies, into bench/results/collapse.json: about 12 minutes a seed (ARGS="--seeds 1" for one), resumable
	$(BIN)/python -m bench.collapse $(ARGS)

lock: $(READY)  ## write requirements.lock from what is installed
	(echo "# Exact versions of everything, as tested. Made by: make lock"; \
	 $(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//') > requirements.lock

clean:  ## remove the environment; state/ stays
	rm -rf $(VENV)

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "weakspot needs Python 3.11 or newer, found " + sys.version.split()[0])'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	touch $@
