# make demo, make demo-live, make test. Each sets itself up in .venv.
PYTHON ?= python3
VENV := .venv
EXTRAS ?= dev
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
HUYING := $(BIN)/huying

.PHONY: demo demo-live console test clean
.DEFAULT_GOAL := demo

demo: $(VENV)/light
	@mkdir -p out
	@rm -rf out/morning-roll.sqlite*
	$(HUYING) simulate grammars/sample/morning-roll.yaml -o out/morning-roll.flac
	$(HUYING) replay out/morning-roll.flac --journal out/morning-roll.sqlite --sheet out/morning-roll.html \
	    --expect out/morning-roll.labels.json
	$(HUYING) journal roll out/morning-roll.sqlite
	@echo "The sheet to print: out/morning-roll.html — open it in a browser. 打印用的点名表。"
	@echo "The console on this log: make console — then open http://127.0.0.1:8080 控制台。"

# The console on the log that make demo has made; Ctrl-C ends it.
console: $(VENV)/console
	@test -f out/morning-roll.sqlite || $(MAKE) demo
	$(HUYING) serve --journal out/morning-roll.sqlite

# An automatic roll-call of eight units, played by this machine, over the sound server if there is one; two units
# are absent (exit status 3 says so).
demo-live: $(VENV)/light
	$(HUYING) bench-net --units 8 --absent 2 --second 1 --slow 1 --sound auto || test $$? = 3

test: $(VENV)/$(EXTRAS)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile

$(VENV)/bin-made:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/light: $(VENV)/bin-made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/$(EXTRAS): $(VENV)/bin-made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$(EXTRAS)]'
	touch $@ $(VENV)/light

$(VENV)/console: $(VENV)/light
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[console]'
	touch $@

clean:
	rm -rf $(VENV) out
