# Python's own venv and make are all a machine needs; uv comes into the venv for speed.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

install: $(STAMP) ## the virtual environment, from requirements.lock

demo: $(STAMP) ## the whole system on this machine with sample data; Ctrl-C ends it
	$(BIN)/dsr demo

test: $(STAMP) ## all tests that fit in ten minutes on two cores
	$(BIN)/python -m pytest

test-long: $(STAMP) ## the tests that take longer: a kill at each boundary that only one flow has, 500 random databases …
	$(BIN)/python -m pytest -m "long and not exhaustive"

test-all: test test-long $(STAMP) ## every test: a kill at every boundary of every flow, on PostgreSQL too
	$(BIN)/python -m pytest -m exhaustive

demo-auto: $(STAMP) ## the demo, played by itself to the downloaded bundle; fails if anything is missing
	$(BIN)/dsr demo --auto

check: $(STAMP) ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(STAMP) ## benchmarks, as ratios
	$(BIN)/python -m bench

bench-mail: $(STAMP) ## how well messages are understood, measured on a corpus of letters, and how fast
	$(BIN)/python -m bench.mail

lock: $(STAMP) ## compile requirements.lock anew, hashed, without index addresses
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock

clean: ## the virtual environment and all local state
	rm -rf $(VENV) .dsr .dsr-demo *.egg-info

.PHONY: help install demo demo-auto test test-long test-all check bench bench-mail lock clean
