"""``huying alert``, ``rollcall``, ``poll``, ``watch``, ``say``: requests left for the running station."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import typer

from voice.errors import HuyingError
from voice.net.loading import Net, load_net
from voice.places import requests_folder, sample_net
from voice.station.requests import Order, Request, Wish, leave, with_neighbours
from voice.talk.commands import code_of_the_day, code_words


def give(net: Path | None, folder: Path | None, wish: Wish) -> None:
    """Leave it, and say where."""
    path, _ = leave(folder or requests_folder(), load_net(net or sample_net()), wish)
    typer.echo(str(path))


def alert(
    net: Path | None,
    folder: Path | None,
    text: str,
    to: list[str],
    near: list[str],
    repeat: int,
    need_ack: bool,
    emergency: bool,
) -> None:
    """Leave an alert, and say whom it goes to."""
    loaded = load_net(net or sample_net())
    request = Request(text, _whom(loaded, to, near), repeat, need_ack, emergency)
    path, units = leave(folder or requests_folder(), loaded, request)
    typer.echo(f"{path}: to {len(units)} units: {'、'.join(loaded.name_of(u) for u in units)}")


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


def poll(net: Path | None, folder: Path | None, question: str, to: list[str], near: list[str], until: str) -> None:
    """Leave the order to ask one unit after the other."""
    loaded = load_net(net or sample_net())
    give(net, folder, Order("start", _whom(loaded, to, near), 1, question, until))


def _whom(net: Net, to: list[str], near: list[str]) -> tuple[str, ...]:
    return (*to, *with_neighbours(net, tuple(near)))
