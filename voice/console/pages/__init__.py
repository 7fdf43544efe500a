"""The pages, in NiceGUI, one file each."""

from __future__ import annotations

from nicegui import ui

from voice.console.access import Access
from voice.console.desk import Desk
from voice.console.pages.devices import Devices
from voice.console.pages.frame import Page
from voice.console.pages.log import Log
from voice.console.pages.review import Review
from voice.console.pages.rolls import Rolls
from voice.console.pages.roster import Roster
from voice.console.pages.setup import Setup
from voice.console.pages.watch import Wall, Watch

PAGES: tuple[type[Page], ...] = (Watch, Review, Rolls, Log, Roster, Devices, Setup, Wall)
"""In header order; each page declares its name, titles, icon and address."""


def mount(desk: Desk, access: Access) -> None:
    """Register the routes."""
    for kind in PAGES:
        ui.page(kind.path(), title=f"呼应 · {kind.titles[0]}")(kind(desk, access).framed(PAGES))
