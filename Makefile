# The commands of C41 Studio: `make help`.
#
#   VENV    folder of the Python environment (default .venv; may contain spaces)
#   HOST    make run HOST=lan lets devices on your network connect, over https
#   PYTHON  the Python to create it with, 3.11 or newer (default python3)
#
# Every path is quoted and no target is a file, so that folder names may contain spaces.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.PHONY: help run install install-dev install-js browser test test-fast lint format bench bench-gpu storybook

VENV ?= .venv
PYTHON ?= python3
export VENV PYTHON
ifeq ($(origin HOST),command line)
export C41_HOST := $(HOST)
endif

node_test = "$$VENV/bin/node" --test --test-reporter=dot "tests/js/**/*.test.js"

help: ## list the commands
	sed -nE 's/^([a-z-]+):.* ## /\1 /p' Makefile | while read -r name words; do printf '  make %-10s %s\n' "$$name" "$$words"; done

run: install ## install requirements, download the starter models, start the studio
	starter="$${C41_STARTER:-$${C41_DATA:-$$HOME/.local/share/c41}/starter}"
	"$$VENV/bin/python" -m engines.starter fetch "$$starter" \
	  || echo "Some starter models could not be downloaded. The studio starts without them; 'make run' tries again."
	exec "$$VENV/bin/python" app.py

install:
	bash .ci/install requirements.txt

install-dev:
	bash .ci/install requirements-dev.txt

install-js: install-dev
	bash .ci/npm

browser:
	bash .ci/browser

test: install-dev browser ## run all tests, including those in a real browser
	$(node_test)
	"$$VENV/bin/python" -m pytest -n 2 --dist worksteal -m "not browser"
	"$$VENV/bin/python" -m pytest -n 2 --dist loadfile -m browser

test-fast: install-dev ## run the fast tests, about two minutes
	$(node_test)
	"$$VENV/bin/python" -m pytest -n 2 --dist worksteal -m "not slow and not browser"

lint: install-js ## ruff, mypy, import-linter, ESLint, tsc
	"$$VENV/bin/python" -m ruff check .
	"$$VENV/bin/python" -m ruff format --check .
	"$$VENV/bin/python" -m mypy
	PYTHONPATH=. "$$VENV/bin/lint-imports" --no-cache
	"$$VENV/bin/node" tools/js/node_modules/eslint/bin/eslint.js --config tools/js/eslint.config.js assets/js tests/js
	"$$VENV/bin/node" tools/js/node_modules/typescript/bin/tsc --project tools/js
	"$$VENV/bin/node" tools/js/node_modules/typescript/bin/tsc --project tools/js/tsconfig.tests.json

format: install-dev ## format the code with ruff
	"$$VENV/bin/python" -m ruff check --fix .
	"$$VENV/bin/python" -m ruff format .

bench: install-dev ## run every benchmark; prints one JSON object per line
	"$$VENV/bin/python" -m bench all

bench-gpu: install-dev ## run the benchmarks that need a GPU
	"$$VENV/bin/python" -m bench gpu

FOLDER ?= $(HOME)/.cache/c41-studio/storybook
SAMPLES ?= 180000
export FOLDER SAMPLES

storybook: install ## train the Storybook models in FOLDER; takes hours on a CPU, and continues where it was stopped
	storybook() { "$$VENV/bin/python" -m tools.storybook "$$@"; }
	storybook train "$$FOLDER" --samples "$$SAMPLES"
	storybook judge "$$FOLDER"
	storybook export "$$FOLDER" assets/starter/storybook-image
	storybook card "$$FOLDER" assets/starter/storybook-image --samples "$$SAMPLES"
	moving() { "$$VENV/bin/python" -m tools.storybook.moving "$$@"; }
	moving train "$$FOLDER"
	moving judge "$$FOLDER"
	moving export "$$FOLDER" assets/starter/storybook-motion
	moving card "$$FOLDER" assets/starter/storybook-motion
