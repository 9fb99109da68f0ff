# Two commands for a fresh machine: make demo, make test. Everything lies in .venv and out; make clean removes both.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
FAILED_AGAIN := $(BIN)/python -m pytest --last-failed --last-failed-no-failures none
NOTEBOOK := examples/01-first-steps.ipynb

.PHONY: demo lab test soak lint bench bench-readme commands examples pictures clean

demo: .venv/demo
	@$(BIN)/python examples/run.py $(NOTEBOOK) out

lab: .venv/demo
	$(BIN)/python -m pip install --quiet 'jupyterlab>=4.2'
	@mkdir -p out && cp -n $(NOTEBOOK) out/
	$(BIN)/jupyter lab $$([ "$$(id -u)" != 0 ] || echo --allow-root) out/$(notdir $(NOTEBOOK))

# The linters come first, so that pytest's summary is the last thing printed; while they work on one core, another one
# compiles the tests. These mostly wait for boards: six at once take a quarter of the time on two cores. They start
# hundreds of kernels and boards, which compile the package each time where Python is told not to keep what it compiled.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/dev
	@$(BIN)/python -m pytest --collect-only --quiet >/dev/null 2>&1 & $(MAKE) --no-print-directory lint; status=$$?; wait; exit $$status
	@sh tests/programs.sh
	$(BIN)/python -m pytest --numprocesses 6 --dist loadfile --no-loadscope-reorder $(if $(AGAIN),|| $(FAILED_AGAIN))

# The long form: thousands of faults and a heavy load, with counts at the end; see RELIABILITY.md.
soak: .venv/dev
	@sh tests/programs.sh
	$(BIN)/python -m pytest -m soak --numprocesses 4 --dist worksteal

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# About a quarter of an hour. What it writes to out can be put into benchmarks/README.md afterwards.
bench: .venv/dev
	$(BIN)/python -m benchmarks --json out/benchmarks.json --picture out/benchmarks.svg

bench-readme: .venv/dev
	$(BIN)/python -m benchmarks --load out/benchmarks.json --readme

# The reference of the commands, from the magics' own help.
commands: .venv/dev
	$(BIN)/python docs/generate_commands.py

# The committed notebooks with fresh outputs; one of them wants a WebREPL, which the tests' server is.
examples: .venv/dev
	@$(BIN)/python -m tests.webrepl_server 8266 python & server=$$!; trap "kill $$server" EXIT; sleep 3; \
	for notebook in examples/*.ipynb; do $(BIN)/python examples/run.py $$notebook examples >/dev/null || exit 1; done

# The documentation's screenshots, which the browser's test takes.
pictures: .venv/dev
	@sh tests/programs.sh
	@mkdir -p examples/pictures
	PICTURES=$(CURDIR)/examples/pictures $(BIN)/python -m pytest -m "soak or not soak" tests/test_lab.py

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name it as in: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/demo: .venv/bin/python pyproject.toml
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable '.[stubs,virtual]' nbclient jupyter-console
	$(BIN)/python -m metakernel_micropython install --sys-prefix
	@touch $@

.venv/dev: .venv/bin/python pyproject.toml
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable '.[dev]'
	$(BIN)/python -m metakernel_micropython install --sys-prefix
	@touch $@

clean:
	rm -rf .venv out build dist *.egg-info
