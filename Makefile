# `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BIND ?= 127.0.0.1
PORT ?= 8000
# What pytest runs instead of all: `make test TESTS=tests/site`.
TESTS ?=
# Much of the tests' time is waiting: one process more than there are cores, and none idle at the end.
PARALLEL := -n $(shell expr $$(nproc) + 1) --dist worksteal
# What `make messages` writes, and where it finds no texts.
LANGUAGES := de es fr ja pt_BR zh_Hans
NO_TEXTS := $(VENV) $(VENV)-newest $(VENV)-sites .nox tests build dist mutants var
# How many inputs each fuzz test tries: `make fuzz FUZZ=100000`.
FUZZ ?= 5000
# Which benchmarks run, and how often: `make bench BENCH="digests --rounds 9"`.
BENCH ?=
# Where `make sites` puts its pictures, and of which themes it takes them.
PICTURES ?= build/sites
THEMES ?=
# What builds the image, and what it is called.
ENGINE ?= docker
IMAGE ?= localhost/registries-site
IMAGE_VERSION = $(shell git describe --tags --exact-match 2> /dev/null || git rev-parse --short HEAD | sed 's/^/0+g/')
# `make screenshots SCREENSHOTS=--check` only says whether docs/images shows what the pages look like.
SCREENSHOTS ?=
# What `make test-newest` and `make matrix` run: whatever Django, REST framework and the site's
# libraries decide.
NEWEST ?= tests/api tests/test_admin.py tests/models \
	tests/site/test_served.py tests/site/test_signin.py tests/site/test_tokens.py tests/site/test_cache.py

PIP := bin/python -m pip install --quiet --disable-pip-version-check
# One lock for every Python and platform; with what builds the package, so that nothing is fetched
# that the lock does not name.
LOCK = printf 'hatchling\nhatch-vcs\neditables\n' | $(BIN)/uv pip compile --quiet $(UPGRADE) --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock' pyproject.toml -

.DEFAULT_GOAL := help
.PHONY: help run install lock upgrade test test-slow test-newest matrix test-postgres test-mariadb fuzz \
	mutate bench lint types types-foreign format docs docs-site messages screenshots sites install-sites image image-test release audit wheel clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# DEBUG is for this machine alone: bound to another address, the site runs as in production.
run: export PYTHONUNBUFFERED = 1
run: export DJANGO_DEBUG ?= $(if $(filter 127.0.0.1 localhost,$(BIND)),1,0)
run: $(VENV)/.site ## start the site on http://127.0.0.1:8000/, with its checks (BIND=, PORT=)
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py ensure_admin
	@$(BIN)/python manage.py run_checks --parent $$$$ & \
		exec $(BIN)/python manage.py runserver $(BIND):$(PORT)

# Each time, so that whatever else is in .venv becomes what the lock names.
install: $(BIN)/python ## install or upgrade the site in .venv, to be run by a server of your own
	@rm -f $(VENV)/.site
	@$(MAKE) --no-print-directory $(VENV)/.site

lock: $(VENV)/.lock ## write requirements/ anew after a change of pyproject.toml
	$(LOCK) --extra site --output-file requirements/site.txt
	$(LOCK) --extra site --extra test \
		--constraint requirements/site.txt --output-file requirements/test.txt
	$(LOCK) --extra sites \
		--constraint requirements/test.txt --output-file requirements/sites.txt
	$(LOCK) --extra docs-site \
		--constraint requirements/test.txt --output-file requirements/docs-site.txt
	$(LOCK) --extra release \
		--constraint requirements/test.txt --output-file requirements/release.txt

upgrade: UPGRADE := --upgrade
upgrade: lock ## the same, with the newest version of everything, and install them
	@$(MAKE) --no-print-directory $(VENV)/.test

# Each test process imports what another has compiled, also where the environment asks for no such files.
test test-slow test-newest test-postgres test-mariadb fuzz: export PYTHONDONTWRITEBYTECODE :=

test: $(VENV)/.test ## run the tests but the slow ones (TESTS=, for some of them, slow or not)
	$(BIN)/python -m pytest $(PARALLEL) $(or $(TESTS),-m "not slow")

test-slow: $(VENV)/.test ## run the others: in Chromium, with real servers and clients, in several processes
	$(BIN)/python -m pytest $(PARALLEL) -m slow

test-newest: ## try the newest version of everything in .venv-newest (NEWEST=, for other tests)
	rm -rf $(VENV)-newest
	$(PYTHON) -m venv $(VENV)-newest
	$(VENV)-newest/$(PIP) --upgrade --editable '.[site,test]'
	$(VENV)-newest/bin/python -m pytest $(PARALLEL) $(NEWEST)

# For nox to find those of pyenv; it skips what is not there.
matrix types-foreign: export PYENV_VERSION = $(shell pyenv versions --bare 2> /dev/null | grep -E '^3\.1[1-9]' | paste -s -d :)
matrix: $(VENV)/.nox ## the same tests with each Python and Django of noxfile.py that this machine has
	$(BIN)/nox --session matrix -- $(PARALLEL) $(NEWEST)

test-postgres: $(VENV)/.test ## run the tests that use the database on PostgreSQL, but for the browser's
	tests/with-postgres $(BIN)/python -m pytest $(PARALLEL) -m django_db --ignore=tests/browser $(TESTS)

test-mariadb: $(VENV)/.mariadb ## run the tests that use the database on MariaDB, but for the browser's
	tests/with-mariadb $(BIN)/python -m pytest $(PARALLEL) -m django_db --ignore=tests/browser $(TESTS)

fuzz: $(VENV)/.test ## try many more odd inputs than the tests do (FUZZ=, for how many)
	FUZZ_EXAMPLES=$(FUZZ) $(BIN)/python -m pytest $(PARALLEL) tests/fuzz

mutate: $(VENV)/.mutate ## break the code on purpose, to find what no test notices
	$(BIN)/mutmut run
	$(BIN)/mutmut results

bench: $(VENV)/.bench ## print how fast it is, beside others (BENCH=, for some of them)
	@$(BIN)/python -m tests.bench $(BENCH)

lint: $(VENV)/.test ## look for faults in style and in who imports whom
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.test ## check the types
	$(BIN)/python -m mypy

types-foreign: $(VENV)/.nox ## check the types that other sites see, with mypy and pyright
	$(BIN)/nox --session types

format: $(VENV)/.test ## write the code in the project's style
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

docs: $(VENV)/.test ## write the pages of docs/ that are made from the code
	$(BIN)/python -m tests.pages

# In build/docs-site/index.html, which needs no server. A link that leads nowhere is an error.
docs-site: docs screenshots $(VENV)/.docs-site ## build the documentation's site, its pictures included
	$(BIN)/python -m sphinx --quiet --fresh-env --nitpicky --fail-on-warning --keep-going \
		--doctree-dir build/doctrees docs build/docs-site

messages: $(VENV)/.test ## collect the texts to translate, and compile the translations (needs gettext)
	$(BIN)/django-admin makemessages $(LANGUAGES:%=-l %) --no-obsolete --add-location file $(NO_TEXTS:%=-i %)
	$(BIN)/django-admin compilemessages $(LANGUAGES:%=-l %) $(NO_TEXTS:%=-i %)

sites: $(VENV)-sites/.done ## photograph the admin in other people's themes (THEMES=, PICTURES= for the folder)
	$(BIN)/python -m tests.existing.pictures --folder $(PICTURES) $(THEMES)

install-sites: $(VENV)-sites/.done ## install what the sites of tests/existing have, for `make test-slow`

image: ## build the container image of the site (ENGINE=podman, IMAGE= for its name)
	$(ENGINE) build --tag $(IMAGE) --build-arg VERSION="$(IMAGE_VERSION)" \
		--build-arg REVISION="$$(git rev-parse HEAD)" .

image-test: $(VENV)/.test ## build and try it without an engine (as root, on Debian; see tests/image/run)
	PYTHON=$(BIN)/python tests/image/run

release: $(VENV)/.release ## build a release in dist/: sdist, wheel, SBOM, licences, checksums
	.ci/release $(VENV)

# --strict: without advisories there is nothing to compare with, and that is no success.
audit: $(VENV)/.release ## look for known vulnerabilities of the libraries (asks the index of packages)
	$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements/site.txt || \
		{ echo "If a dependency was not found, the index has no advisories: nothing was audited."; exit 1; }

wheel: $(VENV)/.test ## build the app's wheel in dist/
	$(BIN)/python -m build --no-isolation --wheel

screenshots: $(VENV)/.test ## take the pictures of docs/images anew, where they look different
	$(BIN)/python -m tests.browser.screenshots $(SCREENSHOTS)

clean: ## take away what was made, but for the site's data in var/
	rm -rf $(VENV) $(VENV)-newest $(VENV)-sites .nox build dist mutants staticfiles .*_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What is installed: again when the lock or pyproject.toml changes.
$(BIN)/python:
	@# Without ensurepip, half a venv would stay behind and look finished.
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.site: pyproject.toml requirements/site.txt | $(BIN)/python
	$(VENV)/$(PIP) --require-hashes --requirement requirements/site.txt
	$(VENV)/$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: pyproject.toml requirements/test.txt | $(BIN)/python
	$(VENV)/$(PIP) --require-hashes --requirement requirements/test.txt
	$(VENV)/$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.site

# What is in .venv is lent: a .pth file adds its folder, and not what is editable in it.
$(VENV)-sites/.done: $(VENV)/.test requirements/sites.txt
	rm -rf $(VENV)-sites
	$(BIN)/python -m venv $(VENV)-sites
	$(BIN)/python -c 'import sysconfig as s; print(s.get_path("purelib"))' \
		> "$$($(VENV)-sites/bin/python -c 'import sysconfig as s; print(s.get_path("purelib"))')/lent.pth"
	$(VENV)-sites/$(PIP) --require-hashes --requirement requirements/sites.txt
	@touch $@

$(VENV)/.mariadb: $(VENV)/.test
	$(VENV)/$(PIP) --editable '.[mysql]'
	@touch $@

$(VENV)/.mutate: $(VENV)/.test
	$(VENV)/$(PIP) --editable '.[mutate]'
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	$(VENV)/$(PIP) --editable '.[bench]'
	@touch $@

$(VENV)/.docs-site: $(VENV)/.test requirements/docs-site.txt
	$(VENV)/$(PIP) --require-hashes --requirement requirements/docs-site.txt
	@touch $@

$(VENV)/.release: $(VENV)/.test requirements/release.txt
	$(VENV)/$(PIP) --require-hashes --requirement requirements/release.txt
	@touch $@

$(VENV)/.nox: | $(BIN)/python
	$(VENV)/$(PIP) 'nox[uv]>=2025.2'
	@touch $@

$(VENV)/.lock: | $(BIN)/python
	$(VENV)/$(PIP) 'uv>=0.9'
	@touch $@
