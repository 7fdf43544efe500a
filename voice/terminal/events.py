"""Terminal output of events."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from voice.journal.lines import Line
from voice.journal.reasons import why
from voice.journal.wording import KIND_NAMES, MEANING_NAMES, clock, detail_in, name_of
from voice.language import language
from voice.net.loading import Net

HIDDEN = ("over", "session_began", "session_ended")
"""Event types omitted from live output."""

STYLES = {
    "called": "cyan",
    "answered": "green",
    "closed": "red",
    "not_understood": "yellow",
    "called_in": "magenta",
    "relayed": "yellow",
    "remarked": "dim",
    "device": "bold red",
    "announced": "blue",
    "transcribed": "dim italic",
}


def print_line(console: Console, line: Line, net: Net) -> None:
    """One event per line: time, kind, unit, meaning, answer time, words."""
    english = language() == "en"
    name = net.name_of(line["unit"])
    kind = name_of(KIND_NAMES, line["type"], english)
    meaning = name_of(MEANING_NAMES, line["meaning"], english)
    latency = f"{line['latency_s']:.1f}{' s' if english else '秒'}" if line["latency_s"] is not None else ""
    head = f"{line['seq'] or '':>5} {clock(line['wall'], net.settings.zone)} {line['t']:8.1f}s  "
    style = "red" if line["meaning"] == "silent" else STYLES.get(line["type"], "")
    text = Text(head, "dim")
    text.append(f"{kind}  ", f"bold {style}" if style else "bold")
    written = f"≈“{line['dictated']}”" if line["dictated"] else ""
    words = [line["text"], written] if line["type"] != "closed" else []
    if line["type"] == "transcribed" and line["over"]:  # it follows its over with a delay
        words.insert(0, f"({line['over'][1]:.1f}s)")
    parts = [
        f"[{line['channel']}]" if line["channel"] else "",
        name,
        meaning,
        latency,
        *words,
        detail_in(line["detail"], net.name_of, english),
    ]
    text.append("  ".join(p for p in parts if p), style)
    if line["review"]:
        reason = why(line["reasons"] or (), line["confidence"], net.name_of, english)
        text.append("  ⚑please review" if english else "  ⚑请复核", "bold yellow")
        text.append(f": {reason}" if reason else "", "yellow")
    console.print(text)
