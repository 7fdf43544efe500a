"""``huying alert``, ``rollcall``, ``poll``, ``watch``, ``say``: requests left for the running station."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import typer

from voice.errors import HuyingError
from voice.net.loading import Net, load_net
from voice.places import requests_folder, sample_net, stations_folder
from voice.station.requests import Order, Request, Wish, checked, leave, with_neighbours
from voice.station.status import running, status_file
from voice.talk.commands import code_of_the_day, code_words

NOBODY = 3
"""Exit status where no station runs that could carry an order out."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose station an order is for: as named, or the one that runs."""

    net: Path | None
    folder: Path | None
    journal: str | None

    def loaded(self) -> Net:
        """Its net."""
        return load_net(self.net or sample_net())

    def found(self) -> Path:
        """The folder of its requests. Raises HuyingError where several stations run and none is named; NoStation where
        none does, or none that transmits."""
        if self.folder or self.journal:
            folder = self.folder or requests_folder(self.journal or "")
            status = status_file(folder).read()
            if status is None:
                raise NoStation(f"no station runs that looks into {folder}")
        else:
            here = running(stations_folder())
            if not here:
                raise NoStation("no station runs on this machine; start one with “huying listen --output …”")
            if len(here) > 1:
                named = ", ".join(s.journal for _, s in here)
                raise HuyingError(f"{len(here)} stations run ({named}); say which with --journal")
            folder, status = here[0]
        if not status.transmits:
            raise NoStation(
                f"the station of {status.journal} only listens: start it with --output, so that it can speak"
            )
        return folder


class NoStation(HuyingError):
    """Nobody is there to carry an order out."""


def give(place: Place, wish: Wish) -> int:
    """Leave it, and say where; exit status."""
    return _left(place, place.loaded(), wish, lambda units: "")


def alert(place: Place, text: str, to: list[str], near: list[str], repeat: int, need_ack: bool, emergency: bool) -> int:
    """Leave an alert, and say whom it goes to; exit status."""
    loaded = place.loaded()
    request = Request(text, _whom(loaded, to, near), repeat, need_ack, emergency)
    named = lambda units: f": to {len(units)} units: {'、'.join(loaded.name_of(u) for u in units)}"  # noqa: E731
    return _left(place, loaded, request, named)


def _left(place: Place, net: Net, wish: Wish, told: Callable[[tuple[str, ...]], str]) -> int:
    checked(net, wish)  # what cannot be read out is wrong whether a station runs or not
    try:
        folder = place.found()
    except NoStation as e:
        typer.echo(f"not carried out 未执行: {e}", err=True)
        return NOBODY
    path, units = leave(folder, net, wish)
    typer.echo(f"{path}{told(units)}")
    return 0


def codes(net: Path | None, days: int) -> None:
    """A line a day."""
    loaded = load_net(net or sample_net())
    if not loaded.settings.codes:
        told = 'write commands = "code" and a code_key into [station] of net.toml'
        raise HuyingError(f"this net asks for no code of the day; {told}")
    words = code_words(loaded)
    today = datetime.now(loaded.settings.zone).date()
    for k in range(days):
        day = today + timedelta(days=k)
        typer.echo(f"{day:%Y-%m-%d}  {code_of_the_day(words, loaded.settings.station.code_key, day)}")


def poll(place: Place, question: str, to: list[str], near: list[str], until: str) -> int:
    """Leave the order to ask one unit after the other; exit status."""
    return give(place, Order("start", _whom(place.loaded(), to, near), 1, question, until))


def _whom(net: Net, to: list[str], near: list[str]) -> tuple[str, ...]:
    return (*to, *with_neighbours(net, tuple(near)))
