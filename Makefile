# make demo, make demo-espeak, make demo-live, make fast, make test, make fuzz. Each sets itself up in .venv.
PYTHON ?= python3
VENV := .venv
EXTRAS ?= dev
COVERAGE := 79
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
HUYING := $(BIN)/huying
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# A make that began elsewhere may have set where Python looks for modules.
unexport PYTHONPATH
.PHONY: demo demo-espeak figures demo-live console fast fuzz lint test unit clean
.DEFAULT_GOAL := demo

# A roll-call of twenty units by neural voices, as people talk (docs/morning-roll.opus, made by “huying simulate
# grammars/sample/morning-roll.yaml --voices natural”, with what was really said in docs/morning-roll.labels.json): what
# the ear gets wrong is listed.
demo: $(VENV)/light
	@mkdir -p out
	@rm -rf out/morning-roll.sqlite*
	$(HUYING) replay docs/morning-roll.opus --journal out/morning-roll.sqlite --sheet out/morning-roll.html \
	    --expect docs/morning-roll.labels.json || { test $$? = 1 && \
	    echo "Lines that begin with missing, extra or differs are mistakes of the ear. 漏记、多记、不同是听错的地方。"; }
	$(HUYING) journal roll out/morning-roll.sqlite
	@echo "The sheet to print: out/morning-roll.html — open it in a browser. 打印用的点名表。"
	@echo "The console on this log: make console — then open http://127.0.0.1:8080 控制台。"

# The same roll-call by espeak-ng, made here and logged without a mistake.
demo-espeak: $(VENV)/light
	@mkdir -p out
	@rm -rf out/morning-espeak.sqlite*
	$(HUYING) simulate grammars/sample/morning-roll.yaml --voices espeak -o out/morning-espeak.flac
	$(HUYING) replay out/morning-espeak.flac --journal out/morning-espeak.sqlite --sheet out/morning-espeak.html \
	    --expect out/morning-espeak.labels.json

# The figures of the model card and of README, measured anew with the committed model on speakers held out (an hour):
# make figures SPEECH=folder with the zips KOKORO=folder of the natural voices
figures: $(VENV)/train
	@test -d "$(SPEECH)" -a -d "$(KOKORO)" || { echo "make figures SPEECH=folder KOKORO=folder"; exit 2; }
	$(BIN)/python -m models.recipe prepare --speech $(SPEECH) --data out/figures
	$(BIN)/python -m models.recipe natural --speech $(SPEECH) --kokoro $(KOKORO) --count 0 --data out/figures
	$(BIN)/python -m models.recipe pieces --data out/figures
	$(BIN)/python -m models.recipe evaluate --data out/figures

# The console on the log that make demo has made; Ctrl-C ends it.
console: $(VENV)/console
	@test -f out/morning-roll.sqlite || $(MAKE) demo
	$(HUYING) serve --journal out/morning-roll.sqlite

# An automatic roll-call of eight units, played by this machine, over the sound server if there is one; two units
# are absent (exit status 3 says so).
demo-live: $(VENV)/light
	$(HUYING) bench-net --units 8 --absent 2 --second 1 --slow 1 --sound auto || test $$? = 3

# On each commit, in about a minute: style, types, rooms, spelling, unit tests.
fast: lint
	$(BIN)/pytest tests/unit -n auto

lint: $(VENV)/$(EXTRAS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell voice models/recipe tests docs *.md
	$(BIN)/vulture
	$(BIN)/mypy

# The whole. Unit tests hold a floor of coverage on what decides, logs and understands; what takes long and covers nothing
# else is not measured (no_cover). Types are looked at beside them. System tests wait for more than half of their time,
# for sound, servers and browsers: five at once for two cores.
test: $(VENV)/$(EXTRAS)
	$(MAKE) -j 2 lint unit
	$(BIN)/pytest tests/system -n 5 --dist loadfile --no-loadscope-reorder

unit: $(VENV)/$(EXTRAS)
	$(BIN)/pytest tests/unit -n 2 --cov --cov-report=term:skip-covered --cov-fail-under=$(COVERAGE)

# Every parser against nonsense, SECONDS for each, other inputs every time.
SECONDS ?= 60
fuzz: $(VENV)/$(EXTRAS)
	HUYING_FUZZ_S=$(SECONDS) $(BIN)/pytest tests/unit/test_fuzz.py -q -s

$(VENV)/bin-made:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/light: $(VENV)/bin-made pyproject.toml
	$(PIP) -e .
	touch $@

# Any extras, also several: .venv/console, .venv/dev,train. For training, a PyTorch of a known version comes first.
$(VENV)/%: $(VENV)/bin-made pyproject.toml
	$(if $(findstring train,$*),$(PIP) 'torch==2.13.0')
	$(PIP) -e '.[$*]'
	touch $@ $(VENV)/light

clean:
	rm -rf $(VENV) out
