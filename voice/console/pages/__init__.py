"""The pages, in NiceGUI, a file each."""

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
from voice.console.texts import text

ALL: tuple[type[Page], ...] = (Watch, Review, Rolls, Log, Roster, Devices, Setup, Wall)


def mount(desk: Desk, access: Access) -> None:
    """Register the routes; the first page is at ``/``."""
    for kind in ALL:
        page = kind(desk, access)
        path = "/" if kind is Watch else f"/{page.name}"
        ui.page(path, title=f"呼应 · {text(page.name, False)}")(page.framed())
