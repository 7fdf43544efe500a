"""设备: what the station stands on."""

from __future__ import annotations

from itertools import islice

from nicegui import ui

from voice.console.pages.frame import Page
from voice.journal.verify import verify


class Devices(Page):
    """A few lines, and the check of the hash chain."""

    name = "devices"

    def build(self) -> None:
        """What the station stands on."""
        import shutil
        from pathlib import Path

        board = self.feed.board
        free = shutil.disk_usage(Path.cwd()).free / 1e9
        for label, value in (
            (self.t("model"), self.net.settings.recognition.model), (self.t("disk"), f"{free:.1f} GB"),
            (self.t("events"), f"{board.seq}"), (self.t("requests"), str(self.desk.requests)),
            ("", self.t("listening" if board.listening else "not listening") + f" {board.source}"),
        ):  # fmt: skip
            with ui.row().classes("gap-3 text-lg"):
                ui.label(label).classes("font-bold w-40")
                ui.label(value)
        told = ui.label().classes("text-lg")

        async def check() -> None:
            from nicegui import run

            told.set_text("…")
            faults = await run.io_bound(lambda: [str(f) for f in islice(verify(self.feed.journal), 20)])
            told.set_text("; ".join(faults or []) or f"{self.t('whole')}: {self.feed.journal.head}")

        ui.button(f"{self.t('chain')}: {self.t('verify')}", icon="verified", on_click=check).props("no-caps")
