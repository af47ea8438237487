# Every target is one command; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: setup browser docs up down status logs demo calibrate calibrations labels preview scan what-if train check test test-unit coverage test-integration test-e2e test-chaos test-compose \
	bench bench-detection chaos soak fuzz help

python := test -x .venv/bin/python || { echo "Run 'make setup' first." >&2; exit 1; }; . deploy/native/env; python
stage := deploy/native/stage

setup: ## Install all that the platform needs and verify it (may be run again)
	@deploy/native/setup

up: ## Start the platform, or SERVICES="kafka rabbitmq", and wait until it is ready
	@$(python) -m deploy.native up $(SERVICES)

down: ## Stop the platform; data are kept, unless PURGE=1
	@$(python) -m deploy.native down $(if $(filter 1,$(PURGE)),--purge)

status: ## Show name, state, health, port, pid, uptime and memory of every service
	@$(python) -m deploy.native status

logs: ## Show the last log lines of every service, or follow S=name
	@$(python) -m deploy.native logs $(S)

demo: setup up ## From a fresh clone to detected anomalies; RECORDING=FILE replays a recording instead
	@$(python) -m deploy.native.demo $(if $(RECORDING),"$(RECORDING)")

calibrate: ## Fit the score to a RECORDING of MISSION_FILE, nominal but for what LABELS=FILE says, or to simulated telemetry without one
	@$(python) -m $(if $(RECORDING),recordings.calibrate "$(RECORDING)" --mission "$(MISSION_FILE)" $(if $(LABELS),--labels "$(LABELS)"),training.calibrate)

calibrations: ## What the platform learned by itself: ARGS="list | show|pin|rollback SATELLITE SUBSYSTEM [VERSION]"
	@$(python) -m housekeeping.calibrations $(or $(ARGS),list)

labels: ## What operators said of alarms, as labels for calibrate: [SATELLITE=ID FROM=TIME TO=TIME] >labels.csv
	@$(python) -m operation_server.labels $(addprefix --satellite=,$(SATELLITE)) $(addprefix --from=,$(FROM)) $(addprefix --to=,$(TO))

check: ## Lint, types, architecture and shell scripts
	@$(stage) check 3 deploy/native/check

test: setup check test-unit up test-integration test-e2e test-chaos ## Everything: checks, unit, integration, end-to-end tests, faults
	@if [ -z "$$(git status --porcelain)" ]; then git rev-parse HEAD >.native/tested; fi # a release asks for it

coverage: ## Python's unit tests, and which lines and branches of four packages they run
	@$(stage) unit 5 pytest -n logical --cov --cov-report=json:.native/coverage.json --cov-report= tests/unit
	@$(python) -m deploy.coverage_table .native/coverage.json

test-unit: coverage ## Unit tests, console included: no server needed
	@$(stage) console-unit 3 npm --prefix frontend test

test-integration: up ## Tests that each use one real server
	@$(stage) integration 15 python -m pytest tests/integration

docs: ## Build the documentation site, .native/docs/index.html, which the platform serves at /docs/ after its next start
	@deploy/native/setup documentation

browser: ## Install the browser for the console's tests
	@deploy/native/setup browser

test-e2e: up browser ## From a published message to a visible row, on the running platform
	@$(stage) end-to-end 18 python -m pytest tests/e2e

test-chaos: up ## A few faults under load, chosen from those that once caused a loss
	@$(stage) chaos 8 python -m tests.chaos.run --short

test-compose: setup down ## The platform under Docker Compose, with images built from packages
	@tests/compose/engine .native/compose
	@tests/compose/build-stand-ins .native/compose
	@$(stage) compose 20 python -m pytest --capture=sys tests/compose

fuzz: up ## 100,000 messages, 10,000 tasks, windows and mission files, 10,000 requests
	@export FUZZ_MESSAGES=50000 FUZZ_TASKS=10000; $(python) -m pytest -q tests/unit/fuzz
	@export FUZZ_ROWS=5000; $(python) -m pytest -q tests/integration/postgres/test_round_trips.py
	@export SCHEMATHESIS_CASES=10000; $(python) -m pytest -q tests/integration/api/test_contract.py

soak: up ## A steady load, checking that memory, descriptors, connections and disk do not grow: MINUTES=30
	@$(python) -m tests.chaos.soak --minutes $(or $(MINUTES),30)

chaos: up ## Faults under load and a ledger: MINUTES=60 SEED=7 ONLY="kill pause:kafka" (the same command continues)
	@$(python) -m tests.chaos.run --minutes $(or $(MINUTES),8) --seed $(or $(SEED),1) \
		$(if $(MINUTES)$(ONLY),,--short) $(addprefix --only=,$(ONLY)) $(if $(COMPOSE),--compose "$(COMPOSE)")

bench: up ## Print throughput and latency figures
	@$(python) -m benchmarks.platform.run $(BENCH)

preview: ## Alerts per day of RECORDING=FILE under MISSION_FILE, before (AGAINST=FILE) and after a change
	@$(python) -m recordings.preview \
		"$(or $(RECORDING),$(error make preview RECORDING=FILE MISSION_FILE=NEW.yaml [AGAINST=OLD.yaml]))" \
		--mission "$(or $(MISSION_FILE),missions/default.yaml)" $(if $(AGAINST),--against "$(AGAINST)")

what-if: ## Alarms over DAYS=7 of what is stored, before and after a change: of limits (MISSION_FILE=NEW.yaml AGAINST=OLD.yaml), or of the score's THRESHOLD=.8
ifdef THRESHOLD
	@$(python) -m operation_server.what_if --days "$(or $(DAYS),7)" --threshold "$(THRESHOLD)"
else
	@$(python) -m alarm_server what-if --days "$(or $(DAYS),7)" \
		"$(or $(MISSION_FILE),$(error make what-if MISSION_FILE=NEW.yaml AGAINST=OLD.yaml [DAYS=7], or THRESHOLD=.8))" \
		--against "$(or $(AGAINST),$(error make what-if MISSION_FILE=NEW.yaml AGAINST=OLD.yaml [DAYS=7], or THRESHOLD=.8))"
endif

scan: ## Parts of RECORDING=FILE that differ from the rest; MISSION_FILE describes the recording
	@$(python) -m recordings.scan "$(or $(RECORDING),$(error make scan RECORDING=FILE MISSION_FILE=MISSION.yaml))" \
		--mission "$(or $(MISSION_FILE),missions/default.yaml)"

train: ## Train, export and evaluate MODEL=lstm_timeseries (needs the extra `training`: uv sync --extra training)
	@$(python) -m training.train --model "$(or $(MODEL),lstm_timeseries)"

bench-detection: ## Score detection: ARGS="--suite field | choice|bands|nasa|nasa-causal|tsb|tsb-causal|opssat --data DIR [--json FILE]"
	@$(python) -m benchmarks.detection.run $(ARGS)

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{ printf "  make %-18s %s\n", $$1, $$2 }'
