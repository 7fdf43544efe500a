"""Screen of a station started from a terminal."""

from __future__ import annotations

import sys

import typer

from voice.journal.event import Event
from voice.journal.lines import LineMaker
from voice.net.loading import Net
from voice.talk.facts import Fact
from voice.terminal.events import HIDDEN, print_line
from voice.terminal.output import screen, told


class Terminal:
    """A ``voice.station.runtime.Screen``."""

    def __init__(self, net: Net) -> None:
        self.net, self.out = net, screen()
        self._maker = LineMaker()

    def event(self, event: Event, fact: Fact) -> None:
        shown = self._maker.line(fact, event)
        if shown["type"] not in HIDDEN:
            print_line(self.out, shown, self.net)

    def tell(self, text: str) -> None:
        self.out.print(f"      ! {told(text)}", style="bold magenta")

    def note(self, text: str, urgent: bool = False) -> None:
        self.out.print(text, style="yellow" if urgent else "dim")

    def ask(self, question: str) -> bool | None:
        return typer.confirm(question, default=True) if sys.stdin.isatty() else None
