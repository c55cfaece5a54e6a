# `make run` opens the app, `make test` runs what CI runs. Each target sets up what it needs in .venv by itself.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8501
ADDRESS ?= 127.0.0.1
WORKERS ?= 2
export TF_CPP_MIN_LOG_LEVEL ?= 3
export TF_ENABLE_ONEDNN_OPTS ?= 1

.PHONY: scenes-setup scenes-test scenes-samples setup setup-dev run test check bench browser format clean

setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@ $(VENV)/.installed

# Opens a browser where there is a screen to open it on; elsewhere the address is printed.
HEADLESS ?= $(if $(DISPLAY)$(WAYLAND_DISPLAY)$(filter Darwin,$(shell uname -s)),false,true)
run: setup
	$(BIN)/streamlit run app.py --server.address $(ADDRESS) --server.port $(PORT) --server.headless $(HEADLESS) --server.showEmailPrompt false

# A Chromium for the browser tests: the one that is there, else Debian's where we may install it.
browser:
	@sh tools/ensure_chromium.sh

# The browser tests come after the others and one by one: an app, a Chromium and a second of both would share two cores.
test: setup-dev browser
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -q --ignore tests/browser
	$(BIN)/python -m pytest -q tests/browser -m "not soak"

check: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Blender (requirements-scenes.txt, Python 3.11) has an environment of its own and is not in CI: run this by hand after
# changing tools/scenes. `make test` covers everything there that needs no Blender.
scenes-setup: .venv-scenes/.installed
.venv-scenes/.installed: requirements-scenes.txt
	$(PYTHON) -m venv .venv-scenes
	.venv-scenes/bin/python -m pip install --quiet -r requirements-scenes.txt pytest
	@touch $@

scenes-test: scenes-setup
	.venv-scenes/bin/python -W ignore -m pytest -q -p no:cacheprovider -c /dev/null --rootdir . tools/scenes/blender_tests

scenes-samples: scenes-setup
	.venv-scenes/bin/python -W ignore -m tools.scenes samples
	.venv-scenes/bin/python -W ignore -m tools.scenes mini

bench: setup-dev browser
	$(BIN)/python -m benchmarks
# The random kills of tests/faults for longer (UNET_EXPLORER_SOAK_KILLS sets how many), and a whole training in the browser.
soak: setup-dev browser
	$(BIN)/python -m pytest tests/faults tests/browser -q -m soak

# The Ray launcher against a real head; its 382 MB live in an environment of their own.
test-ray: setup-dev .venv-ray/.installed
	UNET_EXPLORER_RAY=$(CURDIR)/.venv-ray/bin/ray $(BIN)/python -m pytest tests/faults/test_ray.py -q -m ray
.venv-ray/.installed: requirements-ray.txt
	$(PYTHON) -m venv .venv-ray
	.venv-ray/bin/python -m pip install --quiet -r requirements-ray.txt
	@touch $@

# Every page, light, dark and narrow, into docs/screenshots: look at them after changing anything that shows.
screenshots: setup-dev browser
	$(BIN)/python -m tools.screenshots

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis
