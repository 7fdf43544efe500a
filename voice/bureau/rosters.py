"""A net folder for the bureau: units of all stations, so that board and sheets show their names."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voice.net.roster_table import COLUMNS

SETTINGS = """# The bureau's net: roster.csv is written by “huying hub” from the stations' rosters.
# 分局的网: roster.csv 由 huying hub 按各站名册写成, 请勿手改。
name = "{bureau}"
[control]
call_sign = "指挥中心"
"""


def write_bureau_net(folder: Path, bureau: str, rosters: Mapping[str, Mapping[str, Any]]) -> int:
    """Write the joined roster atomically, and settings if there are none; returns the number of units.

    A unit's id is ``station/id`` as in the joined journal, its name is prefixed with the station's, its group is the
    station.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "net.toml").is_file():
        (folder / "net.toml").write_text(SETTINGS.format(bureau=bureau.replace('"', "")), "utf-8")
    rows = []
    for station, roster in rosters.items():
        for unit in roster.get("units", ()):
            name = f"{station} {unit.get('name', '')}".strip()
            rows.append(
                {
                    **{c: str(unit.get(c, "")) for c in COLUMNS},
                    "id": f"{station}/{unit.get('id', '')}",
                    "name": name,
                    "call_signs": f"{station}{unit.get('name', '')}",
                    "group": station,
                    "neighbours": "",
                    "ani": "",
                }
            )
    part = folder / f"roster.{os.getpid()}.part"
    with part.open("w", encoding="utf-8-sig", newline="") as f:
        writer = csv.writer(f)
        writer.writerow(COLUMNS.values())
        writer.writerows([r[c] for c in COLUMNS] for r in rows)
    part.replace(folder / "roster.csv")
    return len(rows)
