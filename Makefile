# The commands of C41 Studio: `make help`.
#
#   VENV    where the Python environment lies (default .venv; any path, spaces too)
#   HOST    make run HOST=lan lets the phones and computers of the house in, over https
#   PYTHON  the Python that makes it, 3.11 or newer (default python3)
#
# Every path is quoted and no target is a file, so that folders may have spaces in their names.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.PHONY: help run install install-dev browser test test-fast lint format bench bench-gpu storybook

VENV ?= .venv
PYTHON ?= python3
export VENV PYTHON
ifeq ($(origin HOST),command line)
export C41_HOST := $(HOST)
endif

help: ## list the commands
	sed -nE 's/^([a-z-]+):.* ## /\1 /p' Makefile | while read -r name words; do printf '  make %-10s %s\n' "$$name" "$$words"; done

run: install ## install what is needed, fetch the starter models, start the studio
	starter="$${C41_STARTER:-$${C41_DATA:-$$HOME/.local/share/c41}/starter}"
	"$$VENV/bin/python" -m engines.starter fetch "$$starter" \
	  || echo "Some starter models are missing; the studio starts without them. 'make run' tries again."
	exec "$$VENV/bin/python" app.py

install:
	bash .ci/install requirements.txt

install-dev:
	bash .ci/install requirements-dev.txt

browser:
	bash .ci/browser

test: install-dev browser ## run every test, real browser included
	export TEST_RETRIES=2
	"$$VENV/bin/python" -m pytest -n 2 --dist loadfile -m "not browser"
	"$$VENV/bin/python" -m pytest -m browser

test-fast: install-dev ## run the tests that take less than two minutes together
	"$$VENV/bin/python" -m pytest -m "not slow and not browser"

lint: install-dev ## ruff, mypy, import-linter
	"$$VENV/bin/python" -m ruff check .
	"$$VENV/bin/python" -m ruff format --check .
	"$$VENV/bin/python" -m mypy
	PYTHONPATH=. "$$VENV/bin/lint-imports" --no-cache

format: install-dev ## let ruff put the code in shape
	"$$VENV/bin/python" -m ruff check --fix .
	"$$VENV/bin/python" -m ruff format .

bench: install-dev ## every benchmark, one JSON object a line
	"$$VENV/bin/python" -m bench all

bench-gpu: install-dev ## the benchmarks that need a GPU
	"$$VENV/bin/python" -m bench gpu

FOLDER ?= $(HOME)/.cache/c41-studio/storybook
SAMPLES ?= 180000
export FOLDER SAMPLES

storybook: install ## train the Storybook models in FOLDER; hours on a processor, and it goes on where it was stopped
	storybook() { "$$VENV/bin/python" -m engines.starter.storybook "$$@"; }
	storybook train "$$FOLDER" --samples "$$SAMPLES"
	storybook judge "$$FOLDER"
	storybook export "$$FOLDER" assets/starter/storybook-image
	storybook card "$$FOLDER" assets/starter/storybook-image --samples "$$SAMPLES"
	moving() { "$$VENV/bin/python" -m engines.starter.storybook.moving "$$@"; }
	moving train "$$FOLDER"
	moving judge "$$FOLDER"
	moving export "$$FOLDER" assets/starter/storybook-motion
	moving card "$$FOLDER" assets/starter/storybook-motion
