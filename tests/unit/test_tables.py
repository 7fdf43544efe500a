"""One table per family: what is declared in one place is known everywhere, in both languages."""

from __future__ import annotations

import inspect
import pkgutil
import subprocess
import sys
from dataclasses import fields
from importlib import import_module

import pytest

from voice.cli.app import COMMANDS, Command, app
from voice.cli.help import line_in
from voice.console import pages
from voice.console.pages import PAGES
from voice.console.pages.frame import Page
from voice.console.texts import TEXTS
from voice.grammar.meanings import ANSWERS, MEANINGS, TABLE, WRITTEN
from voice.journal import wording
from voice.journal.codec import KINDS
from voice.net.loading import Net
from voice.net.settings import VoiceSettings
from voice.radio.ptt import CARRIERS, DRIVERS, Ptt
from voice.speech import voices
from voice.speech.voices import ENGINES
from voice.talk import by_hand, facts
from voice.talk.facts import Doubtful, Fact


def declared() -> set[type[Fact]]:
    subjects = [import_module(f"voice.talk.facts.{m.name}") for m in pkgutil.iter_modules(facts.__path__)]
    return {
        c for room in (*subjects, by_hand) for c in vars(room).values() if isinstance(c, type) and issubclass(c, Fact)
    } - {Fact, Doubtful, by_hand.ByHand}


def test_every_fact_has_a_kind_of_its_own_and_two_names() -> None:
    assert declared() == set(KINDS.values())
    for cls in declared():
        assert "KIND" in vars(cls) and all(cls.NAMES), cls
        assert KINDS[cls.KIND] is cls
        assert wording.KIND_NAMES[cls.KIND] == cls.NAMES
        assert not {"KIND", "NAMES"} & {f.name for f in fields(cls)}


def test_every_meaning_has_two_names_and_answers_have_a_rank_of_their_own() -> None:
    assert len(MEANINGS) == len(TABLE)
    for m in TABLE:
        assert m.chinese and m.english, m
    ranks = [m.rank for m in TABLE if m.rank]
    assert len(ranks) == len(set(ranks)) == len(ANSWERS)
    assert ANSWERS[0] == "situation", "what is urgent counts before a 收到 in the same over"


def test_the_sample_net_says_nothing_that_is_not_in_the_table(net: Net) -> None:
    used = {t.meaning for t in net.lexicon.templates}
    assert used and used <= set(WRITTEN)


@pytest.mark.parametrize("kind", DRIVERS)
def test_every_driver_is_where_the_table_says(kind: str) -> None:
    module, _, name = DRIVERS[kind].made_by.partition(":")
    cls = getattr(import_module(f"voice.radio.ptt.{module}"), name)
    for method in ("key", "unkey", "busy", "close"):
        assert callable(getattr(cls, method)) and hasattr(Ptt, method)
    assert set(DRIVERS[kind].carriers) <= set(CARRIERS)


def test_every_voice_engine_says_what_it_lacks() -> None:
    for module in pkgutil.iter_modules(voices.__path__):
        lacks = getattr(import_module(f"voice.speech.voices.{module.name}"), "lacks", None)
        assert lacks is None or lacks in [e.lacks for e in ENGINES.values()], module
    for name, engine in ENGINES.items():
        assert isinstance(engine.lacks(), str) and callable(engine.open)
        assert VoiceSettings(engine=name).engine == name


def test_every_page_stands_in_the_table_and_says_its_name_in_two_languages() -> None:
    for module in pkgutil.iter_modules(pages.__path__):
        for found in vars(import_module(f"voice.console.pages.{module.name}")).values():
            if isinstance(found, type) and issubclass(found, Page) and found.name:
                assert found in PAGES
    for page in PAGES:
        assert page.name and len(page.titles) == 2 and all(page.titles), page
        assert page.icon or page.bare or page.name == "setup", page  # the others are in the header
    assert len({p.path() for p in PAGES}) == len(PAGES) and PAGES[0].path() == "/"


def test_every_text_has_two_languages() -> None:
    for page in PAGES:
        assert not set(page.texts) & set(TEXTS), page
    for key, pair in TEXTS.items() | {item for page in PAGES for item in page.texts.items()}:
        assert len(pair) == 2 and all(pair), key
        assert pair[0].count("{") == pair[1].count("{"), key


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_all_commands_shows_what_each_says_of_itself(name: str) -> None:
    command = app.commands[name]
    assert isinstance(command, Command)
    own = command.loaded()
    assert own.help is not None and line_in(command.help or "", "en") == inspect.cleandoc(own.help).split("\n\n")[0]


def test_help_imports_no_command() -> None:
    told = "import sys; from voice.cli.app import app; app.main(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, encoding="utf-8")
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {f"voice.cli.{module}" for module, _ in COMMANDS.values()}
    assert not loaded & {"numpy", "sqlalchemy", "pydantic", "vosk"}
