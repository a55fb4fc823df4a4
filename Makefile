# `make demo` plays the World Cup market, `make test` proves the rules. Both set everything up first.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
export MPLCONFIGDIR ?= $(CURDIR)/.venv/matplotlib
# The tests start the program some dozens of times: it is compiled once.
unexport PYTHONDONTWRITEBYTECODE

# One more than there are cores: tests that wait for a real process, browser or server leave theirs to another.
WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))
OPS ?= 1000000
KILLS ?= 50
FREEZES ?= 25
DB ?= sqlite
SEED ?= 1
SEEDS ?= $(SEED)
MINUTES ?= 2
PEOPLE ?= 60
MARKETS ?= 1
MIX ?= 0

.PHONY: setup demo test audit bench soak sim crash cluster load dist clean

setup: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Outcry needs Python 3.11 or newer with venv (on Debian: apt install python3 python3-venv)."; exit 1; }
	@echo "Setting up .venv (about a minute the first time) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,postgres]'
	@touch $@

demo: setup
	@$(BIN)/outcry demo --open $(ARGS)

# The types are checked while the tests run, and told as soon as they have been. A worker that has nothing left takes
# over tests of another, so that both end together.
test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@echo "$(BIN)/mypy, beside $(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)"
	@(types=$$($(BIN)/mypy 2>&1); status=$$?; echo; echo "mypy: $$types"; exit $$status) & mypy=$$!; \
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS); tests=$$?; \
	wait $$mypy; types=$$?; exit $$((tests ? tests : types))

# The long runs: not in CI, `make test` has a small portion of each.
bench: setup
	$(BIN)/python -m tests.bench.engine_bench $(if $(JSON),--json $(JSON))
	@for part in commands tick loop announcer idle floor platforms; do \
		echo && echo "== $$part" && $(BIN)/python -m tests.bench.$${part}_bench $(if $(JSON),--json $(basename $(JSON))-$$part.json) || exit 1; done

soak: setup
	$(BIN)/python -m tests.simulation.soak --ops $(OPS)

crash: setup
	$(BIN)/python -m tests.simulation.crash --kills $(KILLS) --db $(DB)

cluster: setup
	$(BIN)/python -m tests.simulation.cluster --processes $(or $(PROCESSES),2) --kills $(KILLS) --freezes $(FREEZES) --seed $(SEED) \
		$(if $(CUTS),--cuts $(CUTS)) $(if $(STOPS),--stops $(STOPS)) $(if $(TAKEOVER),--takeover $(TAKEOVER)) \
		$(if $(ROLLING),--rolling $(ROLLING)) $(if $(JSON),--json $(JSON))

sim: setup
	$(BIN)/python -m tests.simulation.sim $(SEEDS)

load: setup
	$(BIN)/python -m tests.simulation.load --minutes $(MINUTES) --people $(PEOPLE) --markets $(MARKETS) --db $(DB) --mix $(MIX) \
		$(if $(filter-out 1,$(PROCESSES)),--processes $(PROCESSES)) \
		$(if $(FSYNC_MS),--fsync-ms $(FSYNC_MS)) $(if $(CHARTS),--charts $(CHARTS)) $(if $(PROFILE),--profile $(PROFILE)) \
		$(if $(AGAINST),--against $(AGAINST)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(JSON),--json $(JSON))

# Known weaknesses of what constraints.txt pins, by pip-audit in an environment of its own: 0 none, 1 some, 2 nothing was
# checked, since its database or pip-audit itself could not be had. Needs the internet, so it is not part of `make test`.
AUDIT_SERVICE ?= osv
audit:
	@there=$$(mktemp -d) && trap 'rm -rf "$$there"' EXIT && \
	nothing() { echo "audit: $$1: nothing was checked"; exit 2; } && \
	{ $(PYTHON) -m venv "$$there/venv" && "$$there/venv/bin/pip" install --quiet --disable-pip-version-check pip-audit; } || \
		nothing "pip-audit could not be installed" && \
	{ "$$there/venv/bin/pip-audit" --strict --requirement constraints.txt --no-deps --disable-pip --progress-spinner off --timeout 15 \
		--vulnerability-service $(AUDIT_SERVICE) --format columns --output "$$there/report" 2> "$$there/errors"; status=$$?; } && \
	if [ $$status -gt 1 ] || grep -qiE 'Traceback|could not be audited|not found|connection|timed? ?out|resolve|unreachable|proxy' "$$there/errors"; then \
		tail -n 1 "$$there/errors"; nothing "the vulnerability service ($(AUDIT_SERVICE)) is not reachable or does not know all of them"; fi && \
	cat "$$there/errors" "$$there/report" 2>/dev/null; exit $$status

# The wheel, and the proof that it needs nothing else: installed into a fresh environment, used in an empty folder.
dist: setup
	@rm -rf dist && $(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	@there=$$(mktemp -d) && trap 'rm -rf "$$there"' EXIT && here=$$PWD && \
	$(PYTHON) -m venv "$$there/venv" && \
	"$$there/venv/bin/pip" install --quiet --disable-pip-version-check -c constraints.txt dist/outcry-*.whl && \
	cd "$$there" && export PATH="$$there/venv/bin:$$PATH" && unset PYTHONPATH && \
	outcry --version && outcry lint "$$here/bot/scenarios/example.toml" && outcry create "$$here/bot/scenarios/example.toml" && \
	outcry demo --headless --minutes 0.5 --out played && outcry verify --db sqlite:///played/outcry.db && \
	ls "$$here"/dist/*.whl

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis outcry-demo dist
