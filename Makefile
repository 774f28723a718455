# make demo and make test are all a newcomer needs; both set up what is missing and install nothing twice.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev

.PHONY: setup setup-dev check test fuzz demo bench docs man clean
.DEFAULT_GOAL := check

setup: $(INSTALLED)

# The switch with speech, once for each pyproject.toml.
$(INSTALLED): pyproject.toml
	@.ci/setup-venv $(PYTHON) $(VENV)
	@touch $@

setup-dev: $(INSTALLED_DEV)

# What the checks and the tests need: Python packages, and real SIP programs from Debian for tests/peers.
$(INSTALLED_DEV): $(INSTALLED)
	@.ci/setup-dev $(VENV) $@

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest -q -rs tests/unit tests/architecture tests/contract tests/fuzz

# Checks first; pytest is the last to speak, so that its closing line is the last line printed. Three workers: two
# for the tests in real time, which mostly wait, one for all others (tests/conftest.py). Their directory has a short name:
# sockets and some programs take no long one.
test: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	@directory=$$(mktemp -d) && \
	$(BIN)/pytest -rs --numprocesses 3 --dist loadscope --no-loadscope-reorder --basetemp $$directory/t; \
	status=$$?; rm -rf $$directory; exit $$status

# Mutated SIP for MINUTES in all; what is found lies in fuzz-found/.
MINUTES ?= 10
fuzz: setup-dev
	$(BIN)/python -m tests.fuzz.search --minutes $(MINUTES)

demo: setup
	$(BIN)/softswitch demo --directory demo-output

bench: setup-dev
	$(BIN)/python benchmarks/first_look.py

# A man page for each command, in man/: copy them to /usr/local/share/man/man1.
man: setup-dev
	$(BIN)/python .ci/man-pages man

# The documentation as a site, in site/.
docs: setup-dev
	$(BIN)/zensical build --clean --strict

clean:
	rm -rf $(VENV) man site .cache demo-output fuzz-found .pytest_cache .ruff_cache .hypothesis .import_linter_cache
