"""Roll sheets, incidents and exports."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi import Request as HttpRequest
from fastapi.responses import FileResponse

from voice.console.api.common import (
    HIGHEST,
    WallTime,
    by,
    gives,
    refusing,
)
from voice.console.desk import Desk
from voice.journal.export import Reader, export
from voice.journal.incidents import incidents
from voice.journal.lines import lines
from voice.journal.rolls import columns, only, unit_figures
from voice.journal.settled import settled_in
from voice.journal.sheets import write_html, write_xlsx
from voice.net.roster_table import roster_file


def routes(desk: Desk) -> APIRouter:
    """Roll sheets, incidents and exports."""
    api = APIRouter()
    feed = desk.feed

    @api.get("/rolls")
    def rolls(since: WallTime = None, until: WallTime = None) -> dict[str, Any]:
        """Attendance by unit, roll-calls, and every exchange."""
        sheet = refusing(desk.sheet)(since, until)
        return {
            "units": [
                {
                    "unit": r.unit,
                    "name": desk.net.name_of(r.unit),
                    "calls": r.calls,
                    "answered": r.answered,
                    "late": r.late,
                    "relayed": r.relayed,
                    "silent": r.silent,
                    "unclear": r.unclear,
                    "median_s": r.median_s,
                }
                for r in unit_figures(sheet)
            ],
            "rolls": [
                {
                    "seq": c.occasion.seq,
                    "began": c.began,
                    "kind": c.occasion.kind,
                    "words": c.occasion.words,
                    **c.attendance.counts(),
                    "standings": dict(c.attendance.standings),
                }
                for c in columns(sheet)
            ],
            "sessions": [
                {
                    "began": s.began,
                    "source": s.source,
                    "calls": [
                        {
                            "unit": c.unit,
                            "wall": c.wall,
                            "result": c.result,
                            "meaning": c.meaning,
                            "latency_s": c.latency_s,
                        }
                        for c in s.calls
                    ],
                }
                for s in sheet
            ],
        }

    @api.get("/incidents")
    def all_incidents(since: WallTime = None, until: WallTime = None) -> list[dict[str, Any]]:
        """Incidents, with the times at which units set out and arrived."""
        found = incidents(feed.journal.events(since=refusing(desk.utc)(since), until=refusing(desk.utc)(until)))
        return [
            {
                "seq": i.seq,
                "wall": i.wall,
                "unit": i.unit,
                "text": i.words,
                "dictated": i.guess,
                "on_the_way": i.on_the_way,
                "arrived": i.arrived,
            }
            for i in found
        ]

    @api.get("/exports/{name}", **gives("*/*"))
    def exports(
        name: Literal[
            "roll.html", "roll.xlsx", "events.csv", "events.jsonl", "events.xlsx", "roster.csv", "roster.xlsx"
        ],
        request: HttpRequest,
        since: WallTime = None,
        until: WallTime = None,
        roll: Annotated[int, Query(ge=0, le=HIGHEST)] = 0,
        language: Literal["zh", "en"] = "zh",
        view: bool = False,
    ) -> FileResponse:
        """Roll sheet, events or roster as a file. ``roll``: only the roll-call that began with this event;
        ``language``: language of the sheet; ``view``: displayed by the browser instead of downloaded."""
        from starlette.background import BackgroundTask

        folder = Path(tempfile.mkdtemp(prefix="huying-export-"))
        path = folder / name
        try:
            if name.startswith("roster"):
                path.write_bytes(refusing(roster_file)(desk.roster.path, path.suffix))
            elif name.startswith("roll"):
                sheet = refusing(desk.sheet)(since, until)
                heading = desk.heading(by(request), language == "en")
                write = write_html if name.endswith("html") else write_xlsx
                refusing(write)(path, only(sheet, roll) if roll else sheet, heading)
            else:
                begin, end = refusing(desk.utc)(since), refusing(desk.utc)(until)
                found = lines(feed.journal.events(since=begin, until=end), settled_in(feed.journal))
                reader = Reader(desk.net.name_of, desk.net.settings.zone, language == "en")
                export(path, path.suffix[1:], found, reader)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shown = "inline" if view and name == "roll.html" else "attachment"
        gone = BackgroundTask(shutil.rmtree, folder, True)
        return FileResponse(path, filename=name, content_disposition_type=shown, background=gone)

    return api
